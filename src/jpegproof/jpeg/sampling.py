"""How chroma is sampled: the common ways by name."""

from __future__ import annotations

#: Luma samples per chroma sample, down and across.
FACTORS: dict[str, tuple[int, int]] = {
    "4:4:4": (1, 1),
    "4:2:2": (1, 2),
    "4:2:0": (2, 2),
    "4:4:0": (2, 1),
    "4:1:1": (1, 4),
    "4:1:0": (2, 4),
}
