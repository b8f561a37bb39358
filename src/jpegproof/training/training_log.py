"""Who is told the numbers of a training while it runs, to be drawn as curves."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from jpegproof.exceptions import StoreError, missing_extra


class TrainingLog(Protocol):
    """Hears of the numbers of a training."""

    def begin(self, step: int) -> None:
        """So many steps are done already; whatever was told of later ones is not true any more."""
        ...

    def add(self, name: str, step: int, value: float) -> None:
        """A number after so many steps: ``loss``, ``learning_rate`` or ``held_back_loss``."""
        ...


class TensorBoardLog:
    """Writes event files that TensorBoard draws.

    A training that was killed went on past its last checkpoint; once it is gone on with, TensorBoard leaves out what
    the killed one said of the steps that are done again, so that each step has one point.

    Args:
        folder: of the event files; one training a folder.

    Raises:
        MissingExtraError: TensorBoard is not installed.
        StoreError: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        require_tensorboard()
        self._folder = folder
        self._writer: Any = None

    def begin(self, step: int) -> None:
        """See `TrainingLog`."""
        from torch.utils.tensorboard import SummaryWriter

        try:
            self._writer = SummaryWriter(str(self._folder), purge_step=step + 1 if step else 0)
        except OSError as error:
            raise StoreError(f"{self._folder}: cannot be written: {error.strerror}") from error

    def add(self, name: str, step: int, value: float) -> None:
        """See `TrainingLog`."""
        self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Writes what is still in memory."""
        if self._writer is not None:
            self._writer.close()


def require_tensorboard() -> None:
    """Raises MissingExtraError where TensorBoard is not installed."""
    try:
        import tensorboard as tensorboard
    except ImportError as error:
        raise missing_extra("tensorboard", "tensorboard", "a TensorBoard log of the training") from error
