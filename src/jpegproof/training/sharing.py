"""How a step's batch is shared out: among processes, and in each of them among parts that fit into memory.

A batch is cut into processes times `accumulate` parts of neighbouring pictures, as even as they go. What is learned
depends on the batch, not on who computed which part of it; the recipe and the artifact's name know nothing of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from jpegproof.exceptions import JpegproofError
from jpegproof.training.ranks import ALONE, Ranks


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who computes a step's batch, and in how many parts.

    Attributes:
        ranks: the processes.
        accumulate: parts that each process computes one after the other, adding up their gradients.
    """

    ranks: Ranks = ALONE
    accumulate: int = 1

    def check(self, batch: int) -> None:
        """Raises JpegproofError where a batch of so many pictures cannot be shared out so."""
        count = self.ranks.count
        if batch < 1:
            raise JpegproofError(f"batch: {batch} pictures make no step; give 1 or more")
        if batch < count:
            raise JpegproofError(
                f"a batch of {batch} cannot be shared out among {count} processes: one would have no picture; start "
                f"{batch} at most, or give a larger batch"
            )
        most = self.most_parts(batch)
        if not 1 <= self.accumulate <= most:
            share = f"of {batch}" if count == 1 else f"of {batch}, shared out among {count} processes,"
            raise JpegproofError(
                f"accumulate: {self.accumulate} makes no sense; a batch {share} can be computed in 1 to {most} parts"
            )

    def most_parts(self, batch: int) -> int:
        """In how many parts a process may compute its share: of one picture each."""
        return -(-batch // self.ranks.count)

    def own(self, batch: int) -> tuple[int, int]:
        """(first, last + 1) of this process's places of a batch, however many parts they are computed in."""
        return cut(batch, self.ranks.count)[self.ranks.rank]

    def own_parts(self, batch: int, accumulate: int) -> list[tuple[int, int]]:
        """(first, last + 1) of the places of each part that this process computes, in order; none is empty."""
        parts = cut(batch, self.ranks.count * accumulate)
        mine = parts[self.ranks.rank * accumulate : (self.ranks.rank + 1) * accumulate]
        return [(first, last) for first, last in mine if last > first]


#: One process that computes whole batches.
WHOLE = Sharing()


def cut(batch: int, parts: int) -> list[tuple[int, int]]:
    """(first, last + 1) of so many parts of a batch; cut finer, parts are cut where they were and in between."""
    edges = [batch * part // parts for part in range(parts + 1)]
    return list(pairwise(edges))
