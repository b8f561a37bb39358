"""Folders that tests use and that do not live in the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def outside_folder(name: str, variable: str, content: str) -> Path:
    """The folder that an environment variable names, or ``../shared/NAME`` beside the repository.

    Skips the calling test, with the reason, where it is absent.

    Args:
        name: of the folder beside the repository.
        variable: of the environment.
        content: what it holds, for the reason.
    """
    folder = Path(os.environ.get(variable) or Path(__file__).parents[3] / "shared" / name)
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent: set {variable} to the folder of {content}")
    return folder
