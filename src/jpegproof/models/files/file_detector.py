"""A detector in a file that takes a tensor of pictures, in the form in which detectors of one's own are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from jpegproof.exceptions import ModelError
from jpegproof.models.detectors.adapter import Adapter

_WANTED = ("boxes", "labels", "scores")


class FileDetector(Adapter):
    """Takes a list of one picture and answers with torchvision's dictionary.

    Args:
        network: takes (1, 3, H, W) and answers with boxes (N, 4) xyxy in pixels of the picture, labels (N,) and scores
            (N,), perhaps with masks: by these names, or as the three tensors of these kinds in any order. A first
            dimension of one picture may stand before each.
        name: of the file, for messages.
    """

    def __init__(self, network: torch.nn.Module, name: str) -> None:
        super().__init__(network)
        self._name = name

    def forward(self, pictures: Sequence[Tensor]) -> list[dict[str, Tensor]]:
        """See the class.

        Raises:
            ModelError: the answer is of another form.
        """
        answer: Any = self.network(torch.stack(list(pictures)))
        if isinstance(answer, list | tuple) and len(answer) == 1:
            (answer,) = answer
        found = answer if isinstance(answer, Mapping) and set(_WANTED) <= set(answer) else _by_kind(answer)
        if found is None:
            raise ModelError(
                f"{self._name}: a detector in a file must answer with boxes (N, 4), labels (N,) of whole numbers and "
                "scores (N,); this one needs what comes after it: build it in a Python file, FILE.py:FUNCTION"
            )
        sides = {"boxes": 2, "labels": 1, "scores": 1, "masks": 4}
        kept = {key: found[key] for key in sides if key in found}
        return [{key: item[0] if item.ndim == sides[key] + 1 else item for key, item in kept.items()}]


def _by_kind(answer: Any) -> dict[str, Tensor] | None:
    """The three told apart by their form; None where they cannot be."""
    parts = (
        list(answer.values())
        if isinstance(answer, Mapping)
        else list(answer)
        if isinstance(answer, list | tuple)
        else []
    )
    tensors = [part for part in parts if isinstance(part, Tensor)]
    floats = [item for item in tensors if item.is_floating_point()]
    boxes = [item for item in floats if item.ndim >= 2 and item.shape[-1] == 4]
    scores = [item for item in floats if not any(item is box for box in boxes)]
    labels = [item for item in tensors if not item.is_floating_point()]
    if not len(boxes) == len(scores) == len(labels) == 1:
        return None
    return {"boxes": boxes[0], "labels": labels[0].long(), "scores": scores[0]}
