"""The embedded world as a data set."""

from __future__ import annotations

from jpegproof.data.generated_pictures import GeneratedPictures
from jpegproof.data.world import WORLD_VERSION, World


class WorldPictures(GeneratedPictures):
    """Generated pictures with the class of their dominant object; see `jpegproof.data.world.World` for arguments."""

    task = "classification"

    def __init__(self, split: str, size: int) -> None:
        world = World(split, size)
        settings = world.settings
        # Stored predictions are found by this text: it stays what it was when the size was all that could be set.
        key = f"world {WORLD_VERSION} {split} WorldSettings(height={settings.height}, width={settings.width})"
        super().__init__(world, key)
        self.class_names: tuple[str, ...] | None = tuple(World.classes)

    def target(self, index: int) -> int:
        """The class of the dominant object."""
        return self._world.label(index)
