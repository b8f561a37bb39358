"""Doing one thing in a process of its own: nothing that went before changes its time or its memory."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from jpegproof.exceptions import MeasurementError

_Given = TypeVar("_Given")
_Found = TypeVar("_Found")

#: What a fresh process needs. Where the system can, one process imports it once and each new one is forked off that.
_PRELOADED = ["jpegproof.probes.throughput.trial"]


def in_own_process(work: Callable[[_Given], _Found], given: _Given) -> _Found:
    """Does something in a process that has done nothing else, and ends it.

    Args:
        work: a function of a module.
        given: its argument; it and the answer must be picklable.

    Raises:
        MeasurementError: the process was ended from outside, as the system does where memory runs out.
        JpegproofError: whatever `work` raises.
    """
    can_fork = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if can_fork else "spawn")
    if can_fork:
        context.set_forkserver_preload(_PRELOADED)
    others = set(multiprocessing.active_children())  # the caller's own
    pool = ProcessPoolExecutor(1, mp_context=context, initializer=_ignore_interrupts)
    try:
        return pool.submit(work, given).result()
    except BrokenProcessPool as error:
        raise MeasurementError("its process was ended from outside; most likely memory ran out") from error
    finally:
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        pool.shutdown(wait=False, cancel_futures=True)


def _ignore_interrupts() -> None:
    """Ctrl-C reaches the whole group; the parent decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
