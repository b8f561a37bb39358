"""The hands that do a study's work: on which device, how many, who directs them. The files are the same either way."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from PIL import Image

from jpegproof.exceptions import JpegproofError, UnknownNameError, nearest
from jpegproof.studies.cluster_address import check_address

ExecutorName = Literal["auto", "processes", "ray"]

#: Cores for each GPU of a cluster, unless said: coding and resizing pictures keeps so many busy.
CORES_PER_GPU = 4


@dataclass(frozen=True, slots=True)
class Hands:
    """How the work is shared out.

    Attributes:
        device: where networks run.
        workers: processes; 1 is this one. With Ray: actors, at most so many; 0 for as many as the cluster has room for.
        threads: of each worker.
        loaders: further threads of each worker, which read, compress and decode pictures ahead of its networks.
        executor: who directs them: ``processes`` of this machine, ``ray`` across machines, or ``auto``.
        address: of a running Ray cluster; None to start one on this machine.
    """

    device: str = "cpu"
    workers: int = 1
    threads: int = 1
    loaders: int = 0
    executor: ExecutorName = "auto"
    address: str | None = None

    @property
    def on_ray(self) -> bool:
        """Whether Ray directs the work: where it is asked for, or a cluster is named."""
        return self.executor == "ray" or (self.executor == "auto" and self.address is not None)


def find_hands(
    device: str = "auto",
    workers: int | None = None,
    threads: int | None = None,
    executor: str = "auto",
    address: str | None = None,
    loaders: int | None = None,
) -> Hands:
    """Decides how to use this machine, where the user has not.

    On a processor every core becomes a worker of one thread, since coding and resizing pictures use one core each; on
    a GPU one worker keeps the device and the cores serve it: there are as many loaders. With Ray the cluster's machines
    are used, each in the same way, and the device is looked for there.

    Raises:
        JpegproofError: the device is not there, a number is below 1, the executor is not known, or the address
            cannot be one.
    """
    if executor not in get_args(ExecutorName):
        known = ", ".join(get_args(ExecutorName))
        raise UnknownNameError(
            f"executor {executor!r} is not known.{nearest(executor, get_args(ExecutorName))} Known: {known}."
        )
    if executor == "processes" and address is not None:
        raise JpegproofError(f"address {address}: is of a Ray cluster, and the executor is processes; leave one out")
    if address is not None:
        check_address(address)
    for what, number in (("workers", workers), ("threads", threads)):
        if number is not None and number < 1:
            raise JpegproofError(f"{number} {what} cannot do anything; use 1 or more")
    if loaders is not None and loaders < 0:
        raise JpegproofError(f"{loaders} loaders: use 0 or more")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    on_ray = executor == "ray" or address is not None
    try:
        on_processor = torch.device(device).type == "cpu"
        if not on_ray:
            torch.zeros(1, device=device).tolist()  # meta, on which nothing can be computed, fails here
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise JpegproofError(f"device {device!r} cannot be used: {str(error).splitlines()[0]}") from error
    if on_ray:
        threads = threads or (1 if on_processor else CORES_PER_GPU)
        loaders = loaders if loaders is not None else (0 if on_processor else threads)
        return Hands(device, workers or 0, threads, loaders, "ray", address)
    cores = usable_cores()
    workers = workers if workers is not None else (cores // (threads or 1) or 1 if on_processor else 1)
    threads = threads if threads is not None else max(cores // max(workers, 1), 1)
    loaders = loaders if loaders is not None else (0 if on_processor else threads)
    return Hands(device, workers, threads, loaders, "processes" if executor == "processes" else "auto")


def usable_cores() -> int:
    """The cores of this machine that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def quieten() -> None:
    """Keeps Pillow from warning about pictures that the intake judges itself."""
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
    warnings.filterwarnings("ignore", module="PIL")


@contextmanager
def loader_threads(count: int) -> Iterator[ThreadPoolExecutor | None]:
    """Threads that work ahead of the networks; None for none."""
    if count == 0:
        yield None
        return
    loaders = ThreadPoolExecutor(count, thread_name_prefix="loader")
    try:
        yield loaders
    finally:
        loaders.shutdown(cancel_futures=True)


@contextmanager
def limited_threads(count: int) -> Iterator[ThreadPoolExecutor | None]:
    """Torch with so many threads, and a pool of as many for what Python's lock does not stop; None for one."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with warnings.catch_warnings():
            quieten()
            if count == 1:
                yield None
            else:
                with ThreadPoolExecutor(count) as pool:
                    yield pool
    finally:
        torch.set_num_threads(before)
