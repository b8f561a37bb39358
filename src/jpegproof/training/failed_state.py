"""The state in which a training stopped because its loss was no number any more, for somebody to look at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jpegproof.exceptions import StoreError
from jpegproof.training.checkpoint import save_checkpoint


def failed_path(checkpoint: Path) -> Path:
    """Where the state lies: beside the checkpoint, which is kept as it is."""
    return checkpoint.with_suffix(".failed.pt")


def keep_failed_state(checkpoint: Path | None, content: Mapping[str, Any]) -> str:
    """Writes the state, and says in a sentence where it is; that it cannot be written must not hide why it failed.

    Args:
        checkpoint: of the training; None where it keeps none.
        content: what `torch.load(..., weights_only=True)` reads again.
    """
    if checkpoint is None:
        return ""
    path = failed_path(checkpoint)
    try:
        save_checkpoint(path, content)
    except StoreError as error:
        return f". Its state could not be kept: {error}"
    return f". The weights, the optimiser and the names of the step's pictures are in {path}; docs/fit.md reads it"
