"""Which files of proposals a model's arguments name, told without reading any."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jpegproof.exceptions import ModelError


def proposal_files(arguments: Mapping[str, Any]) -> list[Path]:
    """The files of proposals that a network's arguments name.

    Raises:
        ModelError: they are neither a file nor a list of files.
    """
    said = arguments.get("proposals", [])
    files = [said] if isinstance(said, str) else said
    if not isinstance(files, list | tuple) or not all(isinstance(file, str) for file in files):
        raise ModelError(f"proposals: {said!r}; name a file, or a list of files")
    return [Path(file).expanduser() for file in files]
