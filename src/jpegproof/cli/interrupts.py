"""Ctrl-C: the first one has the work end in order, a second one ends the program at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from jpegproof.cli.exit_codes import INTERRUPTED


@contextmanager
def two_interrupts() -> Iterator[None]:
    """Raises KeyboardInterrupt at the first Ctrl-C, after which a second one ends the program, whatever it is at.

    In other threads, and where somebody else handles Ctrl-C, it changes nothing.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _first)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is _first:  # else the program is ending, to its last thread
            signal.signal(signal.SIGINT, before)


def _first(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, _second)
    raise KeyboardInterrupt


def _second(number: int, frame: FrameType | None) -> None:
    """Does not wait for workers and clusters to end; they notice by themselves. Finished files are whole."""
    os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, b"\njpegproof: stopped at once\n")
    os._exit(INTERRUPTED)
