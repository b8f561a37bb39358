"""What the numbers were measured on: the names of processor and GPU."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import torch


def machine_facts(device: str) -> dict[str, str]:
    """Names by kind: ``processor`` and ``cores``, and ``gpu`` where the device is one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    facts = {"processor": _processor(), "cores": str(cores)}
    if torch.device(device).type == "cuda":
        facts["gpu"] = torch.cuda.get_device_name(device)
    return facts


def processor_load() -> float | None:
    """How many cores others have kept busy over the last minute; None where the system does not tell."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None


def _processor() -> str:
    """The processor's name as Linux tells it, or as Python knows it elsewhere."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, colon, value = line.partition(":")
            if colon and name.strip() == "model name":
                return value.strip()
    except (OSError, UnicodeDecodeError):
        pass
    return platform.processor() or platform.machine()
