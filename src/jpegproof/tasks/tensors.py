"""A task that is not known: whatever floating tensors a network answers with, compared as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
import torch
from torch import Tensor

from jpegproof.exceptions import ModelError
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.dense_distance import dense_distance
from jpegproof.tasks.detector import Dense
from jpegproof.tasks.frozen_norms import learn_with_frozen_norms
from jpegproof.tasks.named_tensors import about_the_picture, named_tensors
from jpegproof.tasks.protocol import ClassNames
from jpegproof.tasks.tensors_columns import (
    OWN_TENSORS_SCHEMA,
    TENSORS_SCHEMA,
    own_tensor_columns,
    own_tensors_of,
)

#: Of a larger tensor so many elements are kept to measure the distance by, evenly spaced: 256 kB a picture.
KEPT_ELEMENTS = 65_536

#: With the answers to so many other pictures an original's is compared, to know how far answers lie apart anyway.
OTHERS = 4

Named = Mapping[str, Tensor]


class Tensors:
    """Answers of a form that only the network knows: an embedding, a depth map, key points, several at once.

    A network takes a (1, 3, H, W) float32 picture and answers with a tensor, or with a mapping, dataclass, tuple or
    list of answers, however deep. Compared are the floating tensors whose first dimension is the picture. Each picture
    goes through the network alone, so that an answer's form does not depend on its neighbours.

    The distance of two answers is the mean over their tensors of the mean absolute difference in units of the standard
    deviation of the tensor's elements on the original, so that none drowns another whatever their units are. A tensor
    of a single number, which has no deviation, counts in its own unit.

    Stored per picture: the distance to the answer on the original, of larger tensors from `KEPT_ELEMENTS` evenly spaced
    elements; beside the answers on the originals, how far those of other pictures lie from each.
    """

    name = "tensors"
    version = 1
    batch_size = 8
    schema = TENSORS_SCHEMA
    reference_schema = OWN_TENSORS_SCHEMA

    def answer(self, network: torch.nn.Module, batch: Batch) -> list[Named]:
        """The tensors of each picture, flat, of each `KEPT_ELEMENTS` elements at most.

        Raises:
            ModelError: as `observe`.
        """
        return [{name: _kept(tensor) for name, tensor in found.items()} for found in self.observe(network, batch)]

    def observe(self, network: torch.nn.Module, batch: Batch, like: Sequence[Named] | None = None) -> list[Named]:
        """The tensors of each picture by name, float32, without the dimension of the pictures.

        Raises:
            ModelError: there is none to compare; or gradients are asked for, and none carries any.
        """
        del like  # two answers of one network are comparable as they are
        return [_asked(network, image) for image in batch.inputs]

    def distance(self, first: Sequence[Named], second: Sequence[Named]) -> Tensor:
        """The distance per picture: (N,); `second` is on the originals.

        Raises:
            ModelError: the two answers to a picture do not have the same form.
        """
        return torch.stack([_distance(one, other) for one, other in zip(first, second, strict=True)])

    def learning(self, network: torch.nn.Module) -> None:
        """See `Task.learning`."""
        learn_with_frozen_norms(network)

    def supervised_loss(self, network: torch.nn.Module, batch: Batch, targets: Sequence[Any]) -> Tensor:
        """There is none: nobody knows what would be right.

        Raises:
            ModelError: always.
        """
        raise ModelError(
            "what the model's tensors should be is not known, so it cannot learn from labels; self_distilled and "
            "task_targeted need none"
        )

    def check(self, answer: Sequence[Named], class_names: ClassNames | None) -> None:
        """See `Task.check`: no labels are compared with."""

    def join(self, answers: Sequence[Sequence[Named]]) -> list[Named]:
        """See `Task.join`."""
        return [found for answer in answers for found in answer]

    def select(self, answer: Sequence[Named], rows: Sequence[int]) -> list[Named]:
        """See `Task.select`."""
        return [answer[row] for row in rows]

    def record(
        self, answer: Sequence[Named], targets: Sequence[Any], reference: Sequence[Named]
    ) -> tuple[Mapping[str, Sequence[Any]], list[str | None]]:
        """See `Task.record`; an answer of another form than that on the original has no distance."""
        del targets
        distances = [
            float(_distance(one, other)) if _same_form(one, other) else None
            for one, other in zip(answer, reference, strict=True)
        ]
        return {"distance": distances}, [
            None if _finite(found) else "the model's answer is not finite" for found in answer
        ]

    def keep(self, answer: Sequence[Named], targets: Sequence[Any]) -> Mapping[str, Sequence[Any]]:
        """See `Task.keep`: the answers themselves, and how far those of the next `OTHERS` pictures lie from each."""
        del targets
        return own_tensor_columns(answer, [_apart(answer, row) for row in range(len(answer))])

    def restore(self, kept: pa.Table, device: torch.device) -> list[Named]:
        """See `Task.restore`."""
        return list(own_tensors_of(kept, device))


def _asked(network: torch.nn.Module, image: Tensor) -> dict[str, Tensor]:
    answer = dict(named_tensors(network(image[None])))
    found = about_the_picture(answer)
    if not found:
        told = ", ".join(f"{name} {tuple(tensor.shape)} {tensor.dtype}" for name, tensor in answer.items())
        raise ModelError(
            "nothing that the model answers with can be compared: floating tensors are needed whose first dimension is "
            f"that of the pictures, here 1; there is {told or 'no tensor'}"
        )
    if torch.is_grad_enabled() and image.requires_grad and not any(item.requires_grad for item in found.values()):
        raise ModelError(
            "what the model answers with carries no gradient to the picture, so nothing can be trained through it; "
            "look for no_grad, detach or numpy on the way"
        )
    return found


def _distance(answer: Named, original: Named) -> Tensor:
    return dense_distance(Dense(answer), Dense(original), weighting="spread")


def _kept(tensor: Tensor) -> Tensor:
    flat = tensor.detach().flatten()
    if len(flat) <= KEPT_ELEMENTS:
        return flat
    return flat[torch.arange(KEPT_ELEMENTS, device=flat.device) * len(flat) // KEPT_ELEMENTS]


def _same_form(one: Named, other: Named) -> bool:
    return {name: tensor.shape for name, tensor in one.items()} == {
        name: tensor.shape for name, tensor in other.items()
    }


def _finite(answer: Named) -> bool:
    return all(bool(torch.isfinite(tensor).all()) for tensor in answer.values())


def _apart(answers: Sequence[Named], row: int) -> float | None:
    """The mean distance from one picture's answer of those to the pictures that follow it, the first after the last."""
    following = (answers[(row + step) % len(answers)] for step in range(1, len(answers)))
    alike = list(islice((item for item in following if _same_form(item, answers[row]) and _finite(item)), OTHERS))
    return float(torch.stack([_distance(found, answers[row]) for found in alike]).mean()) if alike else None
