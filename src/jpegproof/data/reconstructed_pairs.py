"""Real pictures, each followed by its reconstruction: a forensic data set made from any pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Protocol

from jpegproof.data.forensic_pictures import FAKE, FORENSICS, REAL_FAKE
from jpegproof.data.format_note import format_notes
from jpegproof.data.generated_pictures import GeneratedPictures
from jpegproof.data.reconstruction import Reconstruction
from jpegproof.data.world import WORLD_VERSION, World
from jpegproof.data.world_objects import GATHERINGS
from jpegproof.exceptions import DataError
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.file_facts import FileFacts
from jpegproof.tasks.protocol import ClassNames

PAIR = 2

NOTE = (
    "The fakes are the real pictures as one small autoencoder gives them back: results say nothing of pictures made in "
    "other ways."
)


class RealPictures(Protocol):
    """Pictures of which the real half is made; see `PictureSet` and `PictureFiles`."""

    @property
    def notes(self) -> tuple[str, ...]: ...

    def __len__(self) -> int: ...

    def name(self, index: int) -> str: ...

    def size_in_bytes(self, index: int) -> int: ...

    def identity(self, index: int) -> str: ...

    def facts(self, index: int) -> FileFacts | None: ...

    def pixels(self, index: int) -> Pixels: ...


class ReconstructedPairs:
    """Picture 2k is the k-th real one, picture 2k + 1 its reconstruction: both 8-bit, of one size, in no file.

    Args:
        real: the real pictures.
        reconstruct: makes the fakes; anything with a ``digest`` that changes when what it makes does.
    """

    task = FORENSICS
    class_names: ClassNames | None = REAL_FAKE
    together = PAIR

    def __init__(self, real: RealPictures, reconstruct: Reconstruction | None = None) -> None:
        self._real = real
        self._made = reconstruct or Reconstruction()
        # The reconstruction is asked for right after its picture, which need not be drawn or decoded again.
        self._pixels: Callable[[int], Pixels] = lru_cache(maxsize=1)(real.pixels)

    @property
    def own_notes(self) -> tuple[str, ...]:
        """Those of the real pictures, and what the fakes are."""
        return (*self._real.notes, NOTE)

    @property
    def notes(self) -> tuple[str, ...]:
        """Also what the files of the real pictures give away, of which the fakes have none."""
        return (*self.own_notes, *self._format_notes)

    def __len__(self) -> int:
        return PAIR * len(self._real)

    def name(self, index: int) -> str:
        """The real picture's, such as ``test/000017``, and ``-real`` or ``-fake``."""
        return f"{self._real.name(index // PAIR)}-{REAL_FAKE[index % PAIR]}"

    def target(self, index: int) -> int:
        """`REAL` or `FAKE`."""
        return index % PAIR

    def size_in_bytes(self, index: int) -> int:
        """The real picture's."""
        return self._real.size_in_bytes(index // PAIR)

    def identity(self, index: int) -> str:
        """The real picture's own; of a fake also the digest of what makes it."""
        made = f" reconstructed {self._made.digest}" if index % PAIR == FAKE else ""
        return self.scene_identity(index) + made

    def scene_identity(self, index: int) -> str:
        """The real picture's identity, for both of a pair."""
        return self._real.identity(index // PAIR)

    def facts(self, index: int) -> FileFacts | None:
        """Those of the real picture's file; a fake was never saved, which is as if it had been saved losslessly."""
        facts = self._real.facts(index // PAIR)
        if facts is None or index % PAIR != FAKE:
            return facts
        kept = facts.format if facts.lossless else "none"
        # No network gives exact grey back, nor so few colours.
        return replace(facts, format=kept, colours="colour", lossless=True, quality=None, tables="", subsampling="")

    def pixels(self, index: int) -> Pixels:
        """The real picture, or its reconstruction; see `Reconstruction` and the real pictures' own ``pixels``."""
        real = self._pixels(index // PAIR)
        return self._made(real) if index % PAIR == FAKE else real

    @cached_property
    def _format_notes(self) -> tuple[str, ...]:
        return format_notes(self)


def world_pairs(split: str, size: int) -> ReconstructedPairs:
    """The pictures of `WorldObjects`, each followed by its reconstruction.

    Args:
        split: of the world; the autoencoder has learned from ``train``.
        size: how many pictures, real and fake together.

    Raises:
        DataError: the size is odd.
    """
    if size % PAIR:
        raise DataError(f"world: {size} pictures cannot be pairs of a real one and its fake; ask for an even number")
    world = World(split, size // PAIR, GATHERINGS)
    return ReconstructedPairs(GeneratedPictures(world, f"world {WORLD_VERSION} {split} {world.settings}"))
