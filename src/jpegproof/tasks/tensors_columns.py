"""Stored columns of a task that is not known: distances, their measure, and the answers on the originals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

#: ``distance`` is null where the answer has another form than that on the original.
TENSORS_SCHEMA = pa.schema([("distance", pa.float32())])

#: Beside the answers on the originals: ``apart``, the mean distance of those of other pictures of the shard, null where
#: there is none of the same form; and the answers, their elements one tensor after the other.
OWN_TENSORS_SCHEMA = pa.schema(
    [
        ("apart", pa.float32()),
        ("tensors", pa.list_(pa.string())),
        ("counts", pa.list_(pa.int32())),
        ("elements", pa.list_(pa.float32())),
    ]
)


def own_tensor_columns(answers: Sequence[Mapping[str, Tensor]], apart: Sequence[float | None]) -> dict[str, list[Any]]:
    """The columns of `OWN_TENSORS_SCHEMA`, one row a picture."""
    return {
        "apart": list(apart),
        "tensors": [list(answer) for answer in answers],
        "counts": [[tensor.numel() for tensor in answer.values()] for answer in answers],
        "elements": [
            np.concatenate([tensor.detach().cpu().numpy() for tensor in answer.values()]) for answer in answers
        ],
    }


def own_tensors_of(table: pa.Table, device: torch.device) -> list[dict[str, Tensor]]:
    """The answers on the originals, back from `own_tensor_columns`."""
    answers = []
    for names, counts, elements in zip(
        *(table.column(name).to_pylist() for name in ("tensors", "counts", "elements")), strict=True
    ):
        parts = torch.tensor(elements, dtype=torch.float32, device=device).split(counts)
        answers.append(dict(zip(names, parts, strict=True)))
    return answers
