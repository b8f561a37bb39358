"""The processes that train one thing together, and what they tell each other."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor

from jpegproof.exceptions import JpegproofError

T = TypeVar("T")

#: How long one process waits for the others. Long, since one that is slower than the rest is no failure; one that
#: ends is noticed at once, by its closed connection or by the launcher.
PATIENCE = timedelta(hours=2)

#: Tensors travel together, up to so many numbers at once: one message for each would cost more than what is in it.
_MOST_AT_ONCE = 2**24

_NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among those that train together; alone unless a launcher started several.

    Every method but the properties is called by all processes, in the same order. Alone they do nothing.

    Attributes:
        rank: of this process, from 0; process 0 writes all files.
        count: of the processes.
        local_rank: of this process among those of its machine, from 0: its GPU.
        local_count: processes of this machine.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    local_count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes the files and says how it goes."""
        return self.rank == 0

    def sums(self, values: Sequence[float]) -> list[float]:
        """The sums of some numbers over the processes."""
        if self.count == 1:
            return list(values)
        told = torch.tensor(values, dtype=torch.float64)
        with self._hearing_others():
            torch.distributed.all_reduce(told)
        return told.tolist()

    def gather(self, value: T) -> list[T]:
        """What each process gave, the first one's first."""
        if self.count == 1:
            return [value]
        heard: list[Any] = [None] * self.count
        with self._hearing_others():
            torch.distributed.all_gather_object(heard, value)
        return heard

    def from_first(self, value: T) -> T:
        """What process 0 gave; what the others gave is not looked at."""
        if self.count == 1:
            return value
        heard: list[Any] = [value if self.leads else None]
        with self._hearing_others():
            torch.distributed.broadcast_object_list(heard, src=0)
        return heard[0]

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replaces tensors by their sums over the processes: to the bit the same ones everywhere."""
        self._exchange(tensors, torch.distributed.all_reduce)

    def copy_first(self, tensors: Sequence[Tensor]) -> None:
        """Replaces tensors by those of process 0."""
        self._exchange(tensors, lambda flat: torch.distributed.broadcast(flat, src=0))

    def _exchange(self, tensors: Sequence[Tensor], exchange: Any) -> None:
        if self.count == 1:
            return
        with torch.no_grad(), self._hearing_others():
            for bucket in _buckets(tensors):
                flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
                exchange(flat)
                for tensor, part in zip(bucket, flat.split([tensor.numel() for tensor in bucket]), strict=True):
                    tensor.copy_(part.view(tensor.shape))

    @contextmanager
    def _hearing_others(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            reason = (str(error).splitlines() or [""])[0]
            raise JpegproofError(
                f"process {self.rank} of {self.count}: another process of this training has ended, and the one that "
                f"failed first says why ({reason}); what is finished is kept, the same command goes on from there"
            ) from error


ALONE = Ranks()


def launched_ranks(environment: Mapping[str, str] | None = None) -> Ranks:
    """This process among those that torchrun, or another launcher that sets the same variables, started.

    Args:
        environment: variables; this process's own unless given.

    Raises:
        JpegproofError: there are several processes, but it is not said which of them this is or where they meet.
    """
    said = os.environ if environment is None else environment
    try:
        count = int(said.get("WORLD_SIZE", "1"))
        if count <= 1:
            return ALONE
        missing = [name for name in _NEEDED if not said.get(name)]
        if missing:
            raise JpegproofError(
                f"WORLD_SIZE says that {count} processes train together, but {', '.join(missing)} is not set; start "
                "them with torchrun, or unset WORLD_SIZE to train in this process alone"
            )
        ranks = Ranks(
            int(said["RANK"]), count, int(said.get("LOCAL_RANK", "0")), int(said.get("LOCAL_WORLD_SIZE", "1"))
        )
    except ValueError as error:
        raise JpegproofError(
            f"the launcher's variables (RANK, WORLD_SIZE, LOCAL_RANK) must be whole numbers: {error}"
        ) from error
    if not 0 <= ranks.rank < count:
        raise JpegproofError(f"RANK is {ranks.rank}, but the {count} processes are numbered from 0 to {count - 1}")
    return ranks


@contextmanager
def joined(ranks: Ranks, device: torch.device) -> Iterator[None]:
    """Meets the other processes, and parts from them at the end.

    Args:
        ranks: this one and how many there are; alone nobody is met.
        device: where networks run. Gradients travel by NCCL between GPUs, all else by gloo.

    Raises:
        JpegproofError: they cannot be met.
    """
    if ranks.count == 1:
        yield
        return
    if not torch.distributed.is_available():
        raise JpegproofError("this build of PyTorch cannot train in several processes; start one process")
    if torch.distributed.is_initialized():
        raise JpegproofError(
            "this process has joined a group of its own already (torch.distributed.init_process_group); leave that to "
            "jpegproof"
        )
    try:
        backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
        torch.distributed.init_process_group(
            backend, "env://", timeout=PATIENCE, world_size=ranks.count, rank=ranks.rank
        )
    except (RuntimeError, ValueError, OSError) as error:
        where = f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}"
        reason = (str(error).splitlines() or [""])[0]
        raise JpegproofError(
            f"process {ranks.rank} of {ranks.count} did not meet the others at {where}: {reason}"
        ) from error
    try:
        yield
    finally:
        torch.distributed.destroy_process_group()


def _buckets(tensors: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Tensors of one kind at a time, in an order that is the same in every process."""
    kinds: dict[tuple[torch.dtype, torch.device], list[Tensor]] = {}
    for tensor in tensors:
        kinds.setdefault((tensor.dtype, tensor.device), []).append(tensor)
    for kind in kinds.values():
        bucket: list[Tensor] = []
        numbers = 0
        for tensor in kind:
            if bucket and numbers + tensor.numel() > _MOST_AT_ONCE:
                yield bucket
                bucket, numbers = [], 0
            bucket.append(tensor)
            numbers += tensor.numel()
        yield bucket
