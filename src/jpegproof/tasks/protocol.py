"""The protocol that every task fulfils, so that studies and training need to know none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

import pyarrow as pa
import torch

from jpegproof.tasks.batch import Batch

Answer = TypeVar("Answer")
Observation = TypeVar("Observation")

#: What the data set says is true of a picture; None where there is no label. Its type is the task's own affair.
Target = Any

#: What the labels of a data set mean, by number: a list from 0, or a mapping where numbers have gaps.
ClassNames = Sequence[str] | Mapping[int, str]


@runtime_checkable
class Spatial(Protocol):
    """A target that says where in the picture something is, and must be turned with it."""

    def describe(self) -> str:
        """A text that changes with anything in the target, for a fingerprint."""
        ...

    def mirrored(self) -> Self:
        """Of the picture mirrored left to right."""
        ...

    def upended(self) -> Self:
        """Of the picture mirrored top to bottom."""
        ...

    def transposed(self) -> Self:
        """Of the picture with rows and columns exchanged."""
        ...


def numbered(class_names: ClassNames) -> dict[int, str]:
    """What each label means, by its number."""
    return dict(class_names) if isinstance(class_names, Mapping) else dict(enumerate(class_names))


def plain_target(target: Target) -> Any:
    """A target as plain data, for a fingerprint."""
    if target is None or isinstance(target, int | str):
        return target  # at once, of very many pictures; to ask for a protocol takes long
    return target.describe() if isinstance(target, Spatial) else target


class Task(Protocol[Answer, Observation]):
    """What a model is asked, and what is kept of its answers.

    An answer is what the model says in use, in the source picture's terms; predictions are stored from it. An
    observation is what it computes on the way, in the form in which two can be compared and differentiated; trainings
    work with it. For a classifier both are its logits.

    Attributes:
        name: as in study files: ``classification``, ...
        version: raised whenever the stored columns change their meaning, so that old predictions are not taken for new.
        batch_size: how many pictures go through the model at once unless the user says otherwise.
        schema: the columns that `record` answers with.
        reference_schema: the further columns that `keep` answers with.
    """

    name: str
    version: int
    batch_size: int
    schema: pa.Schema
    reference_schema: pa.Schema

    def answer(self, network: torch.nn.Module, batch: Batch) -> Answer:
        """Asks the model, without gradients."""
        ...

    def observe(self, network: torch.nn.Module, batch: Batch, like: Observation | None = None) -> Observation:
        """Asks the model; `like` carries what two answers must share to be comparable (a detector's proposals)."""
        ...

    def distance(self, first: Observation, second: Observation) -> torch.Tensor:
        """The label-free distance of two observations: (N,), one per picture, differentiable."""
        ...

    def supervised_loss(self, network: torch.nn.Module, batch: Batch, targets: Sequence[Target]) -> torch.Tensor:
        """The task's own training loss against what is true: (), the mean over the pictures, differentiable."""
        ...

    def learning(self, network: torch.nn.Module) -> None:
        """Puts a network into the mode in which it learns this task."""
        ...

    def check(self, answer: Answer, class_names: ClassNames | None) -> None:
        """Raises ModelError where the model's answers cannot be about the data set's classes."""
        ...

    def join(self, answers: Sequence[Answer]) -> Answer:
        """One answer from those to consecutive batches (one or more)."""
        ...

    def select(self, answer: Answer, rows: Sequence[int]) -> Answer:
        """The part of an answer that is about the given pictures, in the given order."""
        ...

    def record(
        self, answer: Answer, targets: Sequence[Target], reference: Answer
    ) -> tuple[Mapping[str, Sequence[Any]], list[str | None]]:
        """What is stored of an answer: columns by `schema`'s names, and per picture why it cannot be used, or None."""
        ...

    def keep(self, answer: Answer, targets: Sequence[Target]) -> Mapping[str, Sequence[Any]]:
        """What is stored beside an answer on the originals, for later ones to be compared with."""
        ...

    def restore(self, kept: pa.Table, device: torch.device) -> Answer:
        """The answer on the originals, back from what `record` and `keep` stored."""
        ...
