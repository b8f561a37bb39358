"""Small detectors of fake pictures for the embedded world: one looks at the whole picture, one at patches of it."""

from __future__ import annotations

from torch import Tensor, nn

from jpegproof.models.world_classifier import WorldClassifier


def world_fake_detector() -> nn.Module:
    """Looks at the picture as a whole: (N, 3, H, W), normalised by mean and deviation 0.5 -> (N, 1) logits of fake.

    The world classifier's architecture with a single answer, as Wang et al. gave ResNet-50 one.
    """
    return WorldClassifier(classes=1)


class PatchFakeDetector(nn.Module):
    """A few convolutions with a small receptive field, and an answer at each place.

    Source of the idea: L. Chai, D. Bau, S.-N. Lim, P. Isola, What makes fake images detectable?, ECCV 2020: a network
    that is cut off early sees texture and no content. The architecture is ours.

    Args:
        width: channels of the first convolution; twice as many follow, and twice as many again.
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _step(3, width, stride=1), _step(width, 2 * width, stride=2), _step(2 * width, 4 * width, stride=2)
        )
        self.head = nn.Conv2d(4 * width, 1, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W), normalised by mean and deviation 0.5 -> (N, 1, h, w) logits of fake.

        A logit for every fourth row and column; each sees 9 x 9 pixels.
        """
        return self.head(self.features(pictures))


def world_patch_fake_detector() -> nn.Module:
    """Looks at patches of 9 x 9 pixels; see `PatchFakeDetector`."""
    return PatchFakeDetector()


def _step(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )
