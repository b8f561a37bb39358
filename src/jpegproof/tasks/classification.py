"""Classification: one label a picture, answered with logits over the classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from jpegproof.exceptions import ModelError
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.protocol import ClassNames

TOP = 5


class Classification:
    """Logits over classes; an observation is the (N, C) float32 tensor of logits.

    Stored per picture: the best five classes (fewer where the model knows fewer), the true label and its
    log-probability in nats, and the distance to the logits on the original.
    """

    name = "classification"
    version = 1
    batch_size = 64
    schema = pa.schema(
        [
            ("top", pa.list_(pa.int32())),
            ("label", pa.int32()),
            ("label_log_probability", pa.float32()),
            ("distance", pa.float32()),
        ]
    )
    reference_schema = pa.schema([("logits", pa.list_(pa.float32()))])

    def answer(self, network: torch.nn.Module, batch: Batch) -> torch.Tensor:
        """The logits, as `observe`."""
        return self.observe(network, batch)

    def observe(self, network: torch.nn.Module, batch: Batch, like: torch.Tensor | None = None) -> torch.Tensor:
        """The logits of a batch: (N, C) float32.

        A frozen network answers each picture for itself, so that pictures of different sizes go through it in groups of
        one size; one that learns has batch norm, to which a batch is more than its pictures.

        Raises:
            ModelError: the network answers with anything but one row of class scores per picture; it is in training
                mode and the sizes differ.
        """
        del like  # two vectors of logits are comparable as they are
        if network.training:
            return _logits(network, batch.stacked())
        places: dict[torch.Size, list[int]] = {}
        for place, item in enumerate(batch.inputs):
            places.setdefault(item.shape, []).append(place)
        answers = [_logits(network, torch.stack([batch.inputs[place] for place in group])) for group in places.values()]
        if len(answers) == 1:
            return answers[0]
        order = torch.tensor([place for group in places.values() for place in group])
        return torch.cat(answers)[order.argsort().to(answers[0].device)]

    def distance(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Mean absolute difference of the logits, per picture: (N,). Source: the paper's L1 loss of task targeting."""
        return (first - second).abs().mean(dim=1)

    def learning(self, network: torch.nn.Module) -> None:
        """See `Task.learning`."""
        network.train()

    def supervised_loss(self, network: torch.nn.Module, batch: Batch, targets: Sequence[int | None]) -> torch.Tensor:
        """Cross-entropy of the logits with the labels, in nats: (), the mean over the pictures.

        Raises:
            ModelError: a picture has no label, or one that the model does not know.
        """
        answer = self.observe(network, batch)
        if any(target is None or not 0 <= target < answer.shape[1] for target in targets):
            raise ModelError(
                f"fine-tuning needs a label from 0 to {answer.shape[1] - 1} for each picture; without labels use "
                "self_distilled or task_targeted"
            )
        labels = torch.tensor([int(target or 0) for target in targets], device=answer.device)
        return torch.nn.functional.cross_entropy(answer, labels)

    def check(self, answer: torch.Tensor, class_names: ClassNames | None) -> None:
        """See `Task.check`.

        Raises:
            ModelError: the data set numbers its classes, and the model answers with another number of them.
        """
        if class_names is not None and len(class_names) != answer.shape[1]:
            raise ModelError(
                f"the data set has {len(class_names)} classes but the model answers with {answer.shape[1]}, so its "
                "labels cannot be compared. If only some of the model's classes are present, list them all in label "
                "order (classes: FILE in a study); to measure without labels use --layout folder"
            )

    def join(self, answers: Sequence[torch.Tensor]) -> torch.Tensor:
        """See `Task.join`.

        Raises:
            ModelError: the model answers with a varying number of classes.
        """
        _check_widths({answer.shape[1] for answer in answers})
        return torch.cat(list(answers))

    def select(self, answer: torch.Tensor, rows: Sequence[int]) -> torch.Tensor:
        """See `Task.select`."""
        return answer[list(rows)]

    def record(
        self, answer: torch.Tensor, targets: Sequence[int | None], reference: torch.Tensor
    ) -> tuple[Mapping[str, Sequence[Any]], list[str | None]]:
        """See `Task.record`; labels are class numbers that `check` has found to fit.

        Raises:
            ModelError: the model answers with a varying number of classes.
        """
        _check_widths({answer.shape[1], reference.shape[1]})
        # Stable, so that equal scores come in class order on every machine.
        top = torch.sort(answer, dim=1, descending=True, stable=True).indices[:, :TOP].cpu().numpy()
        log_probability = torch.log_softmax(answer, dim=1).cpu().numpy()
        finite = torch.isfinite(answer).all(dim=1).tolist()
        columns = {
            "top": list(top.astype(np.int32)),
            "label": list(targets),
            "label_log_probability": [
                None if label is None else log_probability[row, label] for row, label in enumerate(targets)
            ],
            "distance": self.distance(answer, reference).cpu().numpy(),
        }
        return columns, [None if fine else "the model's answer is not finite" for fine in finite]

    def keep(self, answer: torch.Tensor, targets: Sequence[int | None]) -> Mapping[str, Sequence[Any]]:
        """See `Task.keep`: the logits themselves."""
        del targets  # stored with each answer
        return {"logits": list(answer.cpu().numpy())}

    def restore(self, kept: pa.Table, device: torch.device) -> torch.Tensor:
        """See `Task.restore`."""
        rows = kept.column("logits").combine_chunks()
        return torch.from_numpy(rows.flatten().to_numpy().reshape(len(rows), -1).copy()).to(device)


def _check_widths(widths: set[int]) -> None:
    if len(widths) > 1:
        several = " and ".join(str(width) for width in sorted(widths))
        raise ModelError(f"the model answers with a varying number of classes ({several}); a classifier has one number")


def _logits(network: torch.nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    answer = network(inputs)
    if hasattr(answer, "logits"):  # the habit of Hugging Face models and of Inception in training
        answer = answer.logits
    if not isinstance(answer, torch.Tensor) or answer.ndim != 2 or len(answer) != len(inputs) or answer.shape[1] < 2:
        got = f"shape {tuple(answer.shape)}" if isinstance(answer, torch.Tensor) else type(answer).__name__
        raise ModelError(
            f"a classifier must answer {len(inputs)} pictures with logits of shape ({len(inputs)}, classes); "
            f"this one answered with {got}"
        )
    return answer.float()
