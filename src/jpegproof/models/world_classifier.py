"""Small classifiers for the embedded world: a residual one that is shipped with weights, and an unlike sibling."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from jpegproof.data.world import CLASS_NAMES


def _step(inputs: int, outputs: int, stride: int = 1, groups: int = 1, size: int = 3) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False),
            norm=nn.BatchNorm2d(outputs),
            act=nn.ReLU(inplace=True),
        )
    )


class _Residual(nn.Module):
    """x + step(x); shape and channels stay."""

    def __init__(self, step: nn.Module) -> None:
        super().__init__()
        self.step = step

    def forward(self, x: Tensor) -> Tensor:
        return x + self.step(x)


class _Classifier(nn.Module):
    """Features, the mean over the picture, one linear layer."""

    def __init__(self, features: nn.Sequential, channels: int, classes: int) -> None:
        super().__init__()
        self.features = features
        self.head = nn.Linear(channels, classes)

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) float, RGB normalised by mean 0.5 and deviation 0.5 -> (N, classes) logits.

        Any H and W from 16 up; the shipped weights were trained on 96 x 96.
        """
        return self.head(self.features(pictures).mean(dim=(2, 3)))


class WorldClassifier(_Classifier):
    """A plain residual network: a stem, then three halvings with one residual convolution each.

    At width 16: 0.17 million parameters and 15 million multiply-adds for a 96 x 96 picture.

    Args:
        classes: length of the answer.
        width: channels of the stem.
    """

    def __init__(self, classes: int = len(CLASS_NAMES), width: int = 16) -> None:
        widths = [3 * width // 2, 3 * width, 6 * width]
        steps: list[nn.Module] = [_step(3, width, stride=2)]
        inputs = width
        for outputs in widths:
            steps += [_step(inputs, outputs, stride=2), _Residual(_step(outputs, outputs))]
            inputs = outputs
        super().__init__(nn.Sequential(*steps), inputs, classes)


class WorldMobile(_Classifier):
    """A depthwise-separable network after MobileNetV2: thin residual paths between wide depthwise layers.

    At width 16: 0.11 million parameters and 10 million multiply-adds for a 96 x 96 picture.

    Args:
        classes: length of the answer.
        width: channels of the stem.

    Source: M. Sandler et al., MobileNetV2: inverted residuals and linear bottlenecks, CVPR 2018 (the block; the
    layout is ours).
    """

    def __init__(self, classes: int = len(CLASS_NAMES), width: int = 16) -> None:
        inputs = 3 * width // 2
        steps: list[nn.Module] = [
            _step(3, width, stride=2),
            _step(width, width, stride=2, groups=width),
            _step(width, inputs, size=1),
        ]
        for outputs, stride, expand in (
            (3 * width // 2, 1, 3),
            (2 * width, 2, 3),
            (2 * width, 1, 3),
            (4 * width, 2, 4),
            (4 * width, 1, 4),
            (4 * width, 1, 4),
        ):
            block = _inverted(inputs, outputs, stride, expand)
            steps.append(_Residual(block) if stride == 1 else block)
            inputs = outputs
        steps.append(_step(inputs, 8 * width, size=1))
        super().__init__(nn.Sequential(*steps), 8 * width, classes)


def _inverted(inputs: int, outputs: int, stride: int, expand: int) -> nn.Sequential:
    hidden = inputs * expand
    return nn.Sequential(
        OrderedDict(
            expand=_step(inputs, hidden, size=1),
            depthwise=_step(hidden, hidden, stride, groups=hidden),
            project=nn.Conv2d(hidden, outputs, 1, bias=False),
            norm=nn.BatchNorm2d(outputs),
        )
    )


def world_classifier(width: int = 16) -> WorldClassifier:
    """A ``WorldClassifier`` for the world's ten classes, not trained.

    Args:
        width: channels of the stem; 16 for the shipped weights.
    """
    return WorldClassifier(width=width)


def world_mobile(width: int = 16) -> WorldMobile:
    """A ``WorldMobile`` for the world's ten classes, not trained.

    Args:
        width: channels of the stem; 16 for the shipped weights.
    """
    return WorldMobile(width=width)
