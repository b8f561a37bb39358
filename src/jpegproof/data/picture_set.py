"""The protocol of a data set: pictures by number, each with a name, a target and an identity."""

from __future__ import annotations

from typing import Protocol

from jpegproof.jpeg.codec import Pixels
from jpegproof.tasks.protocol import ClassNames, Target


class PictureSet(Protocol):
    """Pictures in a fixed order.

    Attributes:
        task: the task whose targets the set holds; empty where it has no labels and serves any task.
        notes: sentences that must stand beside every result on this set.
        class_names: what the labels mean, by number or by category id; None where there are none.
    """

    @property
    def task(self) -> str: ...

    @property
    def notes(self) -> tuple[str, ...]: ...

    @property
    def class_names(self) -> ClassNames | None: ...

    def __len__(self) -> int: ...

    def name(self, index: int) -> str:
        """The picture's name, unique within the set; a relative path with forward slashes where it is a file."""
        ...

    def target(self, index: int) -> Target:
        """What is true of the picture; None without labels."""
        ...

    def size_in_bytes(self, index: int) -> int:
        """Roughly how much there is to read: only for cutting the work into even pieces."""
        ...

    def identity(self, index: int) -> str:
        """A text that changes whenever the picture's content changes, and with nothing else."""
        ...

    def pixels(self, index: int) -> Pixels:
        """The picture: (H, W, 3) uint8 RGB.

        Raises:
            UnusablePictureError: it cannot be decoded.
        """
        ...
