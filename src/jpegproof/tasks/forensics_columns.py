"""Stored columns of forensics, there and back: one row a picture, its patches counted by their logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

#: ``label`` is null where there is none. ``score`` is the mean over the patches of the probability of being fake.
#: ``patches`` is how many there are, ``patches_fake`` how many are said to be fake, ``patches_kept`` how many are said
#: to be what they are said to be on the original; null, as ``distance``, where the patches are others. ``levels`` and
#: ``level_counts`` say how many patches have logits of each level (`level_of`): the levels that occur, rising.
FORENSICS_SCHEMA = pa.schema(
    [
        ("label", pa.int32()),
        ("score", pa.float32()),
        ("patches", pa.int32()),
        ("patches_fake", pa.int32()),
        ("patches_kept", pa.int32()),
        ("levels", pa.list_(pa.int16())),
        ("level_counts", pa.list_(pa.int32())),
        ("distance", pa.float32()),
    ]
)
PATCH_LOGITS_SCHEMA = pa.schema([("rows", pa.int32()), ("columns", pa.int32()), ("logits", pa.list_(pa.float32()))])

#: Levels a unit of the inverse hyperbolic sine of a logit, which is the logit itself near 0, and 128 levels a factor of
#: e far from it: a thousand patches of a picture fall on a few hundred levels, and lose next to nothing of their order.
LEVELS_PER_UNIT = 128


def level_of(logits: torch.Tensor) -> NDArray[np.int16]:
    """The level of each logit, rising with it; that of 0 is 0. Infinite logits have those of the largest numbers."""
    wide = torch.asinh(logits.detach().cpu().double().clamp(-1e38, 1e38)) * LEVELS_PER_UNIT
    return wide.round().to(torch.int16).numpy()


def forensics_columns(
    answer: Sequence[torch.Tensor],
    labels: Sequence[int | None],
    before: Sequence[torch.Tensor],
    distances: Sequence[float | None],
) -> dict[str, list[Any]]:
    """The columns of `FORENSICS_SCHEMA`, one row a picture.

    Args:
        answer: (h, w) logits of the patches.
        labels: 0 real, 1 fake; None where it is not known.
        before: the logits on the original.
        distances: to these; None where the shapes differ.
    """
    counted = [np.unique(level_of(logits), return_counts=True) for logits in answer]
    return {
        "label": list(labels),
        "score": [float(logits.sigmoid().mean()) for logits in answer],
        "patches": [logits.numel() for logits in answer],
        "patches_fake": [int((logits > 0).sum()) for logits in answer],
        "patches_kept": [_kept(logits, own) for logits, own in zip(answer, before, strict=True)],
        "levels": [levels for levels, _ in counted],
        "level_counts": [counts.astype(np.int32) for _, counts in counted],
        "distance": list(distances),
    }


def _kept(logits: torch.Tensor, own: torch.Tensor) -> int | None:
    return int(((logits > 0) == (own > 0)).sum()) if logits.shape == own.shape else None


def patch_logit_columns(answer: Sequence[torch.Tensor]) -> dict[str, list[Any]]:
    """The columns of `PATCH_LOGITS_SCHEMA`, one row a picture."""
    return {
        "rows": [logits.shape[0] for logits in answer],
        "columns": [logits.shape[1] for logits in answer],
        "logits": [logits.flatten().cpu().numpy() for logits in answer],
    }


def patch_logits_of(table: pa.Table, device: torch.device) -> list[torch.Tensor]:
    """The answers on the originals, back from `patch_logit_columns`."""
    shapes = zip(table.column("rows").to_pylist(), table.column("columns").to_pylist(), strict=True)
    lists = table.column("logits").combine_chunks()
    return [
        torch.from_numpy(values.values.to_numpy().reshape(shape).copy()).to(device)
        for values, shape in zip(lists, shapes, strict=True)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class LevelCounts:
    """How many patches of each picture have logits of each level, an entry for each picture and level that it has.

    Attributes:
        pictures: (E,) each entry's picture.
        levels: (E,) int16 each entry's level.
        counts: (E,) int32 patches.
    """

    pictures: NDArray[np.int32]
    levels: NDArray[np.int16]
    counts: NDArray[np.int32]

    @classmethod
    def of(cls, table: pa.Table) -> Self:
        """From stored columns, one row a picture; a skipped picture has no entries."""
        usable = table.column("levels").is_valid().to_numpy()
        used = table.filter(pa.array(usable))
        lists = [used.column(name).combine_chunks() for name in ("levels", "level_counts")]
        pictures = np.repeat(np.flatnonzero(usable).astype(np.int32), lists[0].value_lengths().to_numpy())
        return cls(pictures, *(item.flatten().to_numpy() for item in lists))
