"""The embedded world as a data set."""

from __future__ import annotations

from jpegproof.data.world import WORLD_VERSION, World
from jpegproof.jpeg.codec import Pixels

NOTES = (
    "These pictures are generated (the embedded world): the numbers show how the cures behave, "
    "not what JPEG costs on photographs.",
)
"""What must stand beside every result on them."""


class WorldPictures:
    """Generated pictures with the class of their dominant object; see `jpegproof.data.world.World` for arguments."""

    task = "classification"
    notes = NOTES

    def __init__(self, split: str, size: int) -> None:
        self._world = World(split, size)
        settings = self._world.settings
        # Stored predictions are found by this text: it stays what it was when the size was all that could be set.
        self._key = f"world {WORLD_VERSION} {split} WorldSettings(height={settings.height}, width={settings.width})"
        self.class_names: tuple[str, ...] | None = tuple(World.classes)

    def __len__(self) -> int:
        return len(self._world)

    def name(self, index: int) -> str:
        """Such as ``test/000017``."""
        return f"{self._world.split}/{index:06d}"

    def target(self, index: int) -> int:
        """The class of the dominant object."""
        return self._world.label(index)

    def size_in_bytes(self, index: int) -> int:
        """The size of the pixels: nothing is read."""
        del index
        return self._world.settings.height * self._world.settings.width * 3

    def identity(self, index: int) -> str:
        """What the generator draws the picture from."""
        return f"{self._key} {index}"

    def pixels(self, index: int) -> Pixels:
        """The generated picture."""
        return self._world.picture(index)
