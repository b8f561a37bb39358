"""A network that answers with class scores for every pixel, seen through the protocol of a segmenter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from jpegproof.exceptions import ModelError
from jpegproof.models.detectors.adapter import Adapter
from jpegproof.models.segmenters.label_loss import label_loss, labels_at
from jpegproof.models.segmenters.score_maps import class_map
from jpegproof.models.segmenters.stacks import stacks

#: What an auxiliary head's loss counts for beside the main one, as in torchvision's reference training.
AUXILIARY_SHARE = 0.5

_STYLE = (
    "class scores (N, K, h, w) before softmax, of two classes or more: as a tensor, as a dictionary's 'out' (and "
    "'aux') or as an answer's .logits"
)


class OwnSegmenter(Adapter):
    """A segmentation network of torchvision, segmentation-models-pytorch, Hugging Face or one's own.

    Images of one size go through it together. The losses are the cross-entropy of its scores, and of its auxiliary
    head's where it has one.

    Args:
        network: called with (N, 3, H, W), which shows whole pictures, it answers with class scores (N, K, h, w) before
            softmax, at any resolution: a tensor; a mapping with ``out`` and perhaps ``aux``, or with ``logits``; or an
            object with ``logits``.
    """

    def class_maps(self, images: Sequence[Tensor], sizes: Sequence[tuple[int, int]]) -> list[Tensor]:
        """See `Segmenter`: the scores are resized to the stored picture's size, and the greatest is taken.

        Raises:
            ModelError: the network answers in another style.
        """
        return [class_map([scores], size) for scores, size in zip(self.logits(images), sizes, strict=True)]

    def logits(self, images: Sequence[Tensor]) -> list[Tensor]:
        """See `Segmenter`.

        Raises:
            ModelError: the network answers in another style.
        """
        found: dict[int, Tensor] = {}
        for places, pixels in stacks(images):
            found |= zip(places, self._scores(pixels)["cross_entropy"], strict=True)
        return [found[place] for place in range(len(images))]

    def losses(self, images: Sequence[Tensor], targets: Sequence[Tensor]) -> Mapping[str, Tensor]:
        """See `Segmenter`: ``cross_entropy``, and ``auxiliary`` (counted `AUXILIARY_SHARE`) where it has that head.

        Labels are brought to the resolution of the scores; see `labels_at`.

        Raises:
            ModelError: the network answers in another style; a label is no class of it.
        """
        heads: dict[str, list[tuple[Tensor, Tensor]]] = {}
        for places, pixels in stacks(images):
            for name, scores in self._scores(pixels).items():
                wanted = [labels_at(targets[place], pixels.shape[-2:], scores.shape[-2:]) for place in places]
                heads.setdefault(name, []).append((scores, torch.stack(wanted).to(scores.device)))
        losses = {name: label_loss(pairs) for name, pairs in heads.items()}
        if "auxiliary" in losses:
            losses["auxiliary"] = AUXILIARY_SHARE * losses["auxiliary"]
        return losses

    def _scores(self, pixels: Tensor) -> dict[str, Tensor]:
        """The heads' scores by the name of their loss."""
        answer: Any = self.network(pixels)
        if isinstance(answer, Mapping):
            heads = {"cross_entropy": answer.get("out", answer.get("logits")), "auxiliary": answer.get("aux")}
        else:
            heads = {"cross_entropy": answer if isinstance(answer, Tensor) else getattr(answer, "logits", None)}
        scores: dict[str, Any] = {
            name: value for name, value in heads.items() if value is not None or name == "cross_entropy"
        }
        for value in scores.values():
            if not isinstance(value, Tensor) or value.ndim != 4 or len(value) != len(pixels) or value.shape[1] < 2:
                name = type(self.network).__name__
                raise ModelError(f"the segmenter {name} must answer with {_STYLE}; it answered with {_told(answer)}")
        return scores


def _told(answer: Any) -> str:
    kind = f"a {type(answer).__name__}"
    if isinstance(answer, Tensor):
        return f"{kind} {tuple(answer.shape)}"
    if isinstance(answer, Mapping):
        shapes = {key: tuple(value.shape) if isinstance(value, Tensor) else "-" for key, value in answer.items()}
        return f"{kind} of {shapes}"
    logits = getattr(answer, "logits", None)
    return f"{kind} with logits {tuple(logits.shape)}" if isinstance(logits, Tensor) else kind
