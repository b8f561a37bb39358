"""Forensics: is a picture real, or was it made by a network?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pyarrow as pa
import torch

from jpegproof.exceptions import ModelError
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.fake_detector import CLASS_NAMES, FAKE, REAL, FakeDetector
from jpegproof.tasks.forensics_columns import (
    FORENSICS_SCHEMA,
    PATCH_LOGITS_SCHEMA,
    forensics_columns,
    patch_logit_columns,
    patch_logits_of,
)
from jpegproof.tasks.protocol import ClassNames, numbered

PatchLogits = list[torch.Tensor]


class Forensics:
    """Tells fake pictures from real ones; answer and observation are one (h, w) map of logits of fake a picture.

    A label is 0 for a real picture and 1 for a fake one. What is stored per picture is said at `FORENSICS_SCHEMA`;
    beside the answers on the originals, these themselves.
    """

    name = "forensics"
    version = 1
    batch_size = 32
    schema = FORENSICS_SCHEMA
    reference_schema = PATCH_LOGITS_SCHEMA

    def answer(self, network: torch.nn.Module, batch: Batch) -> PatchLogits:
        """The logits, as `observe`."""
        return self.observe(network, batch)

    def observe(
        self, network: torch.nn.Module, batch: Batch, like: Sequence[torch.Tensor] | None = None
    ) -> PatchLogits:
        """The logits of each picture's patches, (h, w) float32 each.

        Raises:
            ModelError: the network answers with anything else.
        """
        del like  # two maps of logits are comparable as they are
        found = cast(FakeDetector, network).patch_logits(list(batch.inputs))
        right = [isinstance(item, torch.Tensor) and item.ndim == 2 and item.numel() > 0 for item in found]
        if len(found) != len(batch) or not all(right):
            told = [tuple(item.shape) if isinstance(item, torch.Tensor) else type(item).__name__ for item in found]
            raise ModelError(
                f"a detector of fakes must answer {len(batch)} pictures with a (rows, columns) map of logits for each; "
                f"this one answered with {', '.join(map(str, told)) or 'nothing'}"
            )
        return [item.float() for item in found]

    def distance(self, first: Sequence[torch.Tensor], second: Sequence[torch.Tensor]) -> torch.Tensor:
        """Mean absolute difference of the logits, per picture: (N,). Source: the paper's L1 loss of task targeting.

        Raises:
            ModelError: a picture has patches elsewhere in the one than in the other.
        """
        _same_patches(first, second)
        return torch.stack([(one - other).abs().mean() for one, other in zip(first, second, strict=True)])

    def supervised_loss(self, network: torch.nn.Module, batch: Batch, targets: Sequence[int | None]) -> torch.Tensor:
        """Binary cross-entropy of every patch with its picture's label, in nats: (), the mean over the pictures.

        Of a network with one logit that is Wang's loss, of one with two classes a patch Chai's.

        Raises:
            ModelError: a picture has no label, or another one than 0 (real) and 1 (fake).
        """
        if any(target not in (REAL, FAKE) for target in targets):
            raise ModelError(
                f"fine-tuning a detector of fakes needs a label for each picture, {REAL} real or {FAKE} fake; without "
                "labels use self_distilled or task_targeted"
            )
        losses = [
            torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(target or 0)))
            for logits, target in zip(self.observe(network, batch), targets, strict=True)
        ]
        return torch.stack(losses).mean()

    def learning(self, network: torch.nn.Module) -> None:
        """See `Task.learning`."""
        network.train()

    def check(self, answer: PatchLogits, class_names: ClassNames | None) -> None:
        """See `Task.check`.

        Raises:
            ModelError: the data set's labels are not 0 real, 1 fake, so that they would be read the wrong way.
        """
        del answer  # whatever the network, it tells these two apart
        if class_names is not None and numbered(class_names) != dict(enumerate(CLASS_NAMES)):
            said = ", ".join(f"{number} {name}" for number, name in numbered(class_names).items())
            raise ModelError(
                f"a detector of fakes is measured on labels {REAL} (real) and {FAKE} (fake); the data set has {said}"
            )

    def join(self, answers: Sequence[PatchLogits]) -> PatchLogits:
        """See `Task.join`."""
        return [logits for answer in answers for logits in answer]

    def select(self, answer: PatchLogits, rows: Sequence[int]) -> PatchLogits:
        """See `Task.select`."""
        return [answer[row] for row in rows]

    def record(
        self, answer: PatchLogits, targets: Sequence[int | None], reference: PatchLogits
    ) -> tuple[Mapping[str, Sequence[Any]], list[str | None]]:
        """See `Task.record`."""
        # A picture that was resized or cropped on its way has other patches, which cannot be compared one by one.
        alike = [logits.shape == own.shape for logits, own in zip(answer, reference, strict=True)]
        distances = [
            float((logits - own).abs().mean()) if same else None
            for logits, own, same in zip(answer, reference, alike, strict=True)
        ]
        finite = [bool(torch.isfinite(logits).all()) for logits in answer]
        known = [torch.nan_to_num(logits) for logits in answer]
        faults = [None if fine else "the model's answer is not finite" for fine in finite]
        return forensics_columns(known, targets, reference, distances), faults

    def keep(self, answer: PatchLogits, targets: Sequence[int | None]) -> Mapping[str, Sequence[Any]]:
        """See `Task.keep`: the logits themselves."""
        del targets  # stored with each answer
        return patch_logit_columns(answer)

    def restore(self, kept: pa.Table, device: torch.device) -> PatchLogits:
        """See `Task.restore`."""
        return patch_logits_of(kept, device)


def _same_patches(first: Sequence[torch.Tensor], second: Sequence[torch.Tensor]) -> None:
    for one, other in zip(first, second, strict=True):
        if one.shape != other.shape:
            (rows, columns), (high, wide) = one.shape, other.shape
            raise ModelError(
                f"the detector of fakes answered with {rows} x {columns} patches, and on the original with "
                f"{high} x {wide}, so they cannot be compared; a corrector that changes the size of pictures needs a "
                "preparation that resizes or crops to one size"
            )
