"""A network that tells fake pictures from real ones, seen through the protocol of a detector of fakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from jpegproof.exceptions import ModelError
from jpegproof.models.detectors.adapter import Adapter
from jpegproof.models.segmenters.stacks import stacks

_STYLE = (
    "logits of fake, (N,) or (N, 1) of whole pictures or (N, 1, h, w) of patches, or with the logits of two classes, "
    "(N, 2) or (N, 2, h, w), as a tensor or an answer's .logits"
)


class OwnFakeDetector(Adapter):
    """A classifier or patch classifier of torchvision, timm, Hugging Face or one's own.

    Images of one size go through it together.

    Args:
        network: called with (N, 3, H, W), it answers with logits of fake: (N,) or (N, 1), one a picture, or
            (N, 1, h, w), one a patch; or with the logits of two classes, (N, 2) or (N, 2, h, w), and then says by its
            attribute ``fake_class``, 0 or 1, which of them is fake. Either order is in use, and the wrong one would
            turn every verdict round without a sign.
    """

    def patch_logits(self, images: Sequence[Tensor]) -> list[Tensor]:
        """See `FakeDetector`.

        Raises:
            ModelError: the network answers in another style, or does not say which of two classes is fake.
        """
        found: dict[int, Tensor] = {}
        for places, pixels in stacks(images):
            found |= zip(places, self._logits(pixels), strict=True)
        return [found[place] for place in range(len(images))]

    def _logits(self, pixels: Tensor) -> Tensor:
        """(N, h, w) logits of fake."""
        answer: Any = self.network(pixels)
        scores = answer if isinstance(answer, Tensor) else getattr(answer, "logits", None)
        name = type(self.network).__name__
        if isinstance(scores, Tensor) and scores.shape[:1] == pixels.shape[:1]:
            by_class = scores[:, None] if scores.ndim == 1 else scores
            by_patch = by_class[:, :, None, None] if by_class.ndim == 2 else by_class
            if by_patch.ndim == 4 and by_patch.shape[1] == 1 and by_patch.numel() > 0:
                return by_patch[:, 0]
            if by_patch.ndim == 4 and by_patch.shape[1] == 2 and by_patch.numel() > 0:
                fake = _fake_class(self.network)
                return by_patch[:, fake] - by_patch[:, 1 - fake]
        shape = f" of shape {tuple(scores.shape)}" if isinstance(scores, Tensor) else ""
        raise ModelError(
            f"the detector of fakes {name} must answer {len(pixels)} pictures with {_STYLE}; it answered with a "
            f"{type(answer).__name__}{shape}"
        )


def _fake_class(network: nn.Module) -> int:
    said = getattr(network, "fake_class", None)
    if isinstance(said, bool) or said not in (0, 1):
        name = type(network).__name__
        raise ModelError(
            f"the detector of fakes {name} answers with two classes and must say which of them is fake; give the "
            f"network an attribute fake_class, 0 or 1{'' if said is None else f' (it has {said!r})'}"
        )
    return int(said)


def as_fake_detector(network: nn.Module) -> Any:
    """The network as a `jpegproof.tasks.fake_detector.FakeDetector`, which is a ``torch.nn.Module`` too.

    Args:
        network: one that fulfils the protocol already is answered as it is; any other is taken for an
            `OwnFakeDetector`.
    """
    return network if callable(getattr(network, "patch_logits", None)) else OwnFakeDetector(network)
