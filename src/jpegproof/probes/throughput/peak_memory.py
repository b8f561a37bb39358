"""The most memory that was held at once, from a moment on."""

from __future__ import annotations

import contextlib
import gc
import sys
from pathlib import Path

import torch

_PROCESS = Path("/proc/self")


class PeakMemory:
    """Watches memory from now on: torch's on a GPU, the whole process's resident memory otherwise.

    On Linux the kernel's high-water mark is set back first, so that what was needed only to load weights does not
    count. Where that cannot be done the mark is that of the process's whole life, which is why each measurement gets a
    process of its own.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(device)
        else:
            with contextlib.suppress(OSError):
                (_PROCESS / "clear_refs").write_text("5")  # see proc_pid_clear_refs(5)

    def size_in_bytes(self) -> int | None:
        """The most that was held since then; None where the system does not tell."""
        if self._device.type == "cuda":
            return int(torch.cuda.max_memory_allocated(self._device))
        with contextlib.suppress(OSError):
            for line in (_PROCESS / "status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return 1024 * int(line.split()[1])
        return _most_resident()


def _most_resident() -> int | None:
    """The process's high-water mark where there is no ``/proc``; None on Windows."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
