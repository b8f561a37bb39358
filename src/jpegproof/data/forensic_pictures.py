"""What all data sets of real and fake pictures share."""

from __future__ import annotations

from typing import Protocol

from jpegproof.data.picture_set import PictureSet
from jpegproof.jpeg.file_facts import FileFacts

FORENSICS = "forensics"
REAL, FAKE = 0, 1
REAL_FAKE: tuple[str, ...] = ("real", "fake")
"""Name of each class by its number."""


class ForensicPictures(PictureSet, Protocol):
    """Real and fake pictures, the target of each `REAL` or `FAKE`.

    Attributes:
        own_notes: the notes without what the files' headers give away, which is another matter once they are equalised.
    """

    @property
    def own_notes(self) -> tuple[str, ...]: ...

    def target(self, index: int) -> int:
        """`REAL` or `FAKE`."""
        ...

    def facts(self, index: int) -> FileFacts | None:
        """What the picture's file says of itself; None where there is none, or it cannot be told."""
        ...
