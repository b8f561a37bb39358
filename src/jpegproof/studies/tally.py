"""What work was done and how long it took: counted where it is done, summed where it is reported."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

#: The stages of a study, in the order in which a picture meets them.
STAGES = ("read", "encode", "decode", "correct", "prepare", "infer", "store")


@dataclass(slots=True)
class Tally:
    """Counts of pictures through each stage, and seconds in it.

    ``read`` counts source pictures decoded, ``encode`` and ``decode`` JPEGs made and decoded, ``correct`` pictures
    through a corrector that does something, ``prepare`` model inputs made, ``infer`` pictures through a model,
    ``store`` prediction files written.
    """

    counts: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))

    @contextmanager
    def stage(self, name: str, count: int) -> Iterator[None]:
        """Counts `count` things through a stage and times the block."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - begun
        self.counts[name] += count

    def __add__(self, other: Tally) -> Tally:
        seconds = {stage: self.seconds[stage] + other.seconds[stage] for stage in STAGES}
        return Tally(self.counts + other.counts, seconds)

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """Plain data, stages in order."""
        return {
            "counts": {stage: self.counts[stage] for stage in STAGES},
            "seconds": {stage: round(self.seconds[stage], 6) for stage in STAGES},
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Mapping[str, Any]]) -> Tally:
        """The inverse of `as_dict`."""
        return cls(Counter(content["counts"]), {stage: float(content["seconds"][stage]) for stage in STAGES})
