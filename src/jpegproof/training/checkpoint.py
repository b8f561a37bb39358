"""Where a training stands: written whole or not at all, read without running code."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from jpegproof.exceptions import StoreError


def save_checkpoint(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a checkpoint beside and renames it, so that a kill leaves the one before.

    Raises:
        StoreError: the file cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            torch.save(dict(content), file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, RuntimeError) as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise StoreError(f"{path}: cannot be written: {error}; the checkpoint before it is kept") from error


def load_checkpoint(path: Path, recipe: Mapping[str, Any]) -> dict[str, Any] | None:
    """Reads a checkpoint of the same training; None where there is none, or it is another training's or damaged."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        return None
    # A damaged file costs the steps since the start, which is no reason to stop.
    except Exception:
        return None
    return content if isinstance(content, dict) and content.get("recipe") == dict(recipe) else None
