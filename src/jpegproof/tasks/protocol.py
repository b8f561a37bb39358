"""The protocol that every task fulfils, so that studies and training need to know none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

import pyarrow as pa
import torch

Observation = TypeVar("Observation")

#: What the data set says is true of a picture; None where there is no label. Its type is the task's own affair.
Target = Any


class Task(Protocol[Observation]):
    """What a model is asked, and what is kept of its answers.

    An observation is the model's answer to a batch, in the form in which answers can be compared and, in training,
    differentiated.

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

    def observe(self, network: torch.nn.Module, inputs: torch.Tensor, like: Observation | None = None) -> Observation:
        """Asks the model; `like` carries what two answers must share to be comparable (a detector's proposals)."""
        ...

    def distance(self, first: Observation, second: Observation) -> torch.Tensor:
        """The label-free distance of two answers: (N,), one per picture, differentiable."""
        ...

    def supervised_loss(self, answer: Observation, targets: Sequence[Target]) -> torch.Tensor:
        """The task's own training loss against what is true: (N,), one per picture, differentiable."""
        ...

    def check(self, answer: Observation, class_names: Sequence[str] | None) -> None:
        """Raises ModelError where the model's answers cannot be about the data set's classes."""
        ...

    def join(self, answers: Sequence[Observation]) -> Observation:
        """One answer from those to consecutive batches (one or more)."""
        ...

    def select(self, answer: Observation, rows: Sequence[int]) -> Observation:
        """The part of an answer that is about the given pictures, in the given order."""
        ...

    def record(
        self, answer: Observation, targets: Sequence[Target], reference: Observation
    ) -> tuple[Mapping[str, Sequence[Any]], list[str | None]]:
        """What is stored of an answer: columns by `schema`'s names, and per picture why it cannot be used, or None."""
        ...

    def keep(self, answer: Observation) -> Mapping[str, Sequence[Any]]:
        """What is stored of an answer on the originals so that later answers can be compared with it."""
        ...

    def restore(self, kept: pa.Table, device: torch.device) -> Observation:
        """The answer on the originals, back from what `keep` stored."""
        ...
