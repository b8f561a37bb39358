"""What a network in a file says of its input, and how pictures are fed to one that takes a fixed number of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from jpegproof.exceptions import ModelError
from jpegproof.models.preparation import Preparation, ResizeCrop

#: The share of a resized picture's shorter side that classifiers keep: 224 of 256.
_KEPT = 224 / 256


@dataclass(frozen=True, slots=True)
class InputShape:
    """The shape of the one input.

    Attributes:
        batch: how many pictures it takes at once; None for any number.
        height, width: of the pictures, pixels; None for any.
        channels_last: whether it takes (N, H, W, 3) in place of (N, 3, H, W).
        single: whether it takes one picture without the dimension of pictures, as exported detectors do.
    """

    batch: int | None = None
    height: int | None = None
    width: int | None = None
    channels_last: bool = False
    single: bool = False

    @classmethod
    def of(cls, sides: list[int | None], name: str) -> InputShape:
        """From the four sides as the file says them, None for those that it leaves open.

        Raises:
            ModelError: it is no input for RGB pictures.
        """
        if len(sides) == 4 and sides[1] in (3, None) and not (sides[1] is None and sides[3] == 3):
            return cls(sides[0], sides[2], sides[3])
        if len(sides) == 3 and sides[0] in (3, None):
            return cls(None, sides[1], sides[2], single=True)
        if len(sides) == 4 and sides[3] == 3:
            return cls(sides[0], sides[1], sides[2], channels_last=True)
        said = ", ".join("any" if side is None else str(side) for side in sides)
        raise ModelError(f"{name}: its input is ({said}); RGB pictures (N, 3, H, W) are needed")

    def preparation(self, task: str) -> Preparation | None:
        """The usual preparation for inputs of a fixed size; None where the size is open.

        A classifier's pictures are resized to an eighth more than what is kept of them, and cropped; of other tasks the
        whole picture is resized.
        """
        if self.height is None or self.width is None:
            return None
        size = self.height, self.width
        if task == "classification":
            return ResizeCrop(round(max(size) / _KEPT), size)
        plain = task in ("detection", "instance_segmentation")
        return ResizeCrop(size, None, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)) if plain else ResizeCrop(size, None)

    def fed(self, ask: Callable[[Tensor], Any], pictures: Tensor, name: str) -> Any:
        """Asks about any number of pictures, as many at once as it takes, the last ones filled up with the last.

        Args:
            ask: takes so many pictures and answers with tensors whose first dimension is theirs.
            pictures: (N, 3, H, W).
            name: of the file, for messages.

        Raises:
            ModelError: it takes another size.
        """
        for side, wanted, given in zip(
            ("height", "width"), (self.height, self.width), pictures.shape[-2:], strict=True
        ):
            if wanted is not None and wanted != given:
                raise ModelError(
                    f"{name}: takes pictures of {side} {wanted} alone, and this one has {given}; leave --resize and "
                    "--crop out, or say what makes its size"
                )
        inputs = pictures.permute(0, 2, 3, 1) if self.channels_last else pictures
        if self.single:
            return _joined([_each([ask(picture)], lambda tensors: tensors[0][None]) for picture in inputs])
        if self.batch is None:
            return ask(inputs)
        answers = []
        for part in inputs.split(self.batch):
            missing = self.batch - len(part)
            filled = torch.cat([part, part[-1:].expand(missing, *part.shape[1:])]) if missing else part
            answers.append(_first(ask(filled), len(part)) if missing else ask(part))
        return _joined(answers)


def _first(answer: Any, count: int) -> Any:
    return _each([answer], lambda tensors: tensors[0][:count] if tensors[0].ndim else tensors[0])


def _joined(answers: list[Any]) -> Any:
    return answers[0] if len(answers) == 1 else _each(answers, torch.cat)


def _each(answers: list[Any], change: Callable[[list[Tensor]], Tensor]) -> Any:
    """Answers of one form as one, its tensors made from theirs."""
    first = answers[0]
    if isinstance(first, Tensor):
        return change(answers)
    if isinstance(first, Mapping):
        return {key: _each([answer[key] for answer in answers], change) for key in first}
    if isinstance(first, tuple | list):
        return [_each([answer[place] for answer in answers], change) for place in range(len(first))]
    return first
