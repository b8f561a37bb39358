"""Where the real photographs and weights are, which do not live in the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def real_folder() -> Path:
    """The folder of real pictures and weights: $JPEGPROOF_REAL, or ``../shared/real`` beside the repository.

    Skips the calling test, with the reason, where it is absent.
    """
    folder = Path(os.environ.get("JPEGPROOF_REAL") or Path(__file__).parents[3] / "shared" / "real")
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent: set JPEGPROOF_REAL to the folder of real photographs and weights")
    return folder
