"""Who trains: this process alone, or the processes that a launcher started, each with a device of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch

from jpegproof.exceptions import JpegproofError
from jpegproof.studies.engine import Hands, find_hands
from jpegproof.training.ranks import Ranks, joined, launched_ranks
from jpegproof.training.sharing import Sharing


@dataclass(frozen=True, slots=True)
class Launch:
    """This process's part in a training.

    Attributes:
        hands: its device and threads.
        sharing: how batches are shared out.
    """

    hands: Hands
    sharing: Sharing

    @property
    def ranks(self) -> Ranks:
        """This process among those that train together."""
        return self.sharing.ranks

    def check_same(self, name: str) -> None:
        """Raises JpegproofError where the processes would not train the same thing.

        Args:
            name: of what this one would train; it depends on all pictures, weights and options.
        """
        others = [rank for rank, other in enumerate(self.ranks.gather(name)) if other != name]
        if others:
            raise JpegproofError(
                f"process {self.ranks.rank} would train something else than process {others[0]}: their pictures, "
                "model files, options or versions of jpegproof differ; give every machine the same ones"
            )


@contextmanager
def launched(device: str, threads: int | None, accumulate: int, batch: int) -> Iterator[Launch]:
    """Finds out whether a launcher such as torchrun started several processes, and has them meet.

    Args:
        device: as `find_hands` takes it; several processes of one machine get a GPU each.
        threads: of each process; unless given, they share the cores of their machine.
        accumulate: in how many parts each process computes its share of a batch.
        batch: pictures a step, of all processes together.

    Raises:
        JpegproofError: the device is not there, the batch cannot be shared out so, or the others cannot be met.
    """
    ranks = launched_ranks()
    sharing = Sharing(ranks, accumulate)
    sharing.check(batch)
    if ranks.count > 1:
        device = _own_device(device, ranks)
    hands = replace(find_hands(device, ranks.local_count, threads), workers=1)
    with joined(ranks, torch.device(hands.device)):
        yield Launch(hands, sharing)


def _own_device(device: str, ranks: Ranks) -> str:
    """The GPU of this process, or the processor."""
    if device not in ("auto", "cuda", "cpu"):
        raise JpegproofError(
            f"device {device!r} cannot be shared by {ranks.count} processes; leave it out and each gets a GPU of its "
            "own, or give cpu"
        )
    if device == "cpu" or (device == "auto" and not torch.cuda.is_available()):
        return "cpu"
    there = torch.cuda.device_count()
    if ranks.local_rank >= there:
        raise JpegproofError(
            f"process {ranks.local_rank} of this machine has no GPU: there are {there}; start as many processes "
            "(--nproc-per-node), or train with --device cpu"
        )
    torch.cuda.set_device(ranks.local_rank)
    return f"cuda:{ranks.local_rank}"
