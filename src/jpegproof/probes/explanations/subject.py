"""What is explained of a picture: one number of a network's answer, the same one for every version of the picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from jpegproof.exceptions import DataError, UnknownNameError, nearest
from jpegproof.models.model import Model
from jpegproof.probes.explanations.class_score import class_of_picture
from jpegproof.probes.explanations.detection_score import box_of_picture
from jpegproof.probes.explanations.layer import Parts
from jpegproof.probes.explanations.region_score import region_of_picture
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.protocol import ClassNames, numbered


class Subject(Protocol):
    """One number of a network's answer about one picture.

    Attributes:
        label: the class, by name where it has one.
        box: (4,) xyxy in pixels of the stored picture; None where no box is meant.
        region: (H, W) bool of the stored picture; None where no region is meant.
        classes: how many channels scores of classes have in this network; None where they are not told by that.
    """

    @property
    def label(self) -> str: ...
    @property
    def box(self) -> NDArray[np.float32] | None: ...
    @property
    def region(self) -> NDArray[np.bool_] | None: ...
    @property
    def classes(self) -> int | None: ...

    def score(self, network: nn.Module, batch: Batch) -> Tensor:
        """The number: (), differentiable. Asked of other versions of the same picture, and of cured networks.

        Raises:
            UnexplainableError: this version's answer has nothing to match.
        """
        ...

    def parts(self, network: nn.Module, batch: Batch) -> Parts:
        """Differentiable numbers about different places of the answer, to see which layers all of it depends on."""
        ...


_BY_TASK: Mapping[str, Callable[[Model, Batch, int | None, Mapping[int, str]], Subject]] = {
    "classification": class_of_picture,
    "semantic_segmentation": region_of_picture,
    "detection": box_of_picture,
    "instance_segmentation": box_of_picture,
}

#: The tasks whose models can be explained.
EXPLAINED_TASKS: Sequence[str] = tuple(_BY_TASK)


def refuse_unexplained(task: str) -> None:
    """Raises DataError where models of a task are not explained."""
    if task not in _BY_TASK:
        raise DataError(
            f"models of the task {task} are not explained; those of {', '.join(EXPLAINED_TASKS)} are. A detector of "
            "fakes has a map of its own: its patches' logits"
        )


def find_subject(model: Model, batch: Batch, class_names: ClassNames | None, wanted: int | None) -> Subject:
    """What is explained of one picture, from the model's answer about the original.

    Args:
        model: as it is, without a cure.
        batch: the one picture, as stored.
        class_names: of the data set, where the model's classes are its.
        wanted: the number of a class; None for the one that the answer itself puts first.

    Raises:
        UnexplainableError: the answer about this picture has nothing to explain.
        DataError: models of this task are not explained, or not for a class of one's choice.
        ModelError: the model does not answer as its task wants.
    """
    refuse_unexplained(model.task.name)
    return _BY_TASK[model.task.name](model, batch, wanted, {} if class_names is None else numbered(class_names))


def class_number(wanted: str, class_names: ClassNames | None) -> int:
    """A class that a user named, by its name in the data set or by its number.

    Raises:
        UnknownNameError: there is no such class.
    """
    names = {} if class_names is None else numbered(class_names)
    for number, name in names.items():
        if name == wanted:
            return number
    if wanted.isdecimal() and (not names or int(wanted) in names):
        return int(wanted)
    known = ", ".join(list(names.values())[:20]) + (", ..." if len(names) > 20 else "")
    raise UnknownNameError(
        f"class {wanted!r} is not among those of the data set.{nearest(wanted, names.values())} "
        + (f"Known: {known}" if names else "It names none: give a class by its number, from 0")
    )
