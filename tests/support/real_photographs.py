"""Where the real photographs and weights are, which do not live in the repository."""

from __future__ import annotations

from pathlib import Path

from outside_folders import outside_folder


def real_folder() -> Path:
    """The folder of real pictures and weights: $JPEGPROOF_REAL, or ``../shared/real``; see `outside_folder`."""
    return outside_folder("real", "JPEGPROOF_REAL", "real photographs and weights")
