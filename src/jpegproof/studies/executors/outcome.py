"""What those who do a study's work tell of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from jpegproof.exceptions import JpegproofError
from jpegproof.studies.tally import Tally


@dataclass(frozen=True, slots=True)
class Begun:
    """Somebody has begun with the unit of a shard."""

    shard: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a unit.

    Attributes:
        shard: whose unit.
        cells: how many it was to make.
        tally: the work that it took.
        error: why it could not be finished; None where it is. What was finished of it is stored.
        notes: what the user should know.
    """

    shard: int
    cells: int
    tally: Tally = field(default_factory=Tally)
    error: JpegproofError | None = None
    notes: tuple[str, ...] = ()

    @property
    def failure(self) -> str | None:
        """The error in words."""
        return None if self.error is None else "; ".join([str(self.error), *getattr(self.error, "__notes__", [])])
