"""What the embedded world's data sets share: pictures that are drawn, not read."""

from __future__ import annotations

from jpegproof.data.world import World
from jpegproof.jpeg.codec import Pixels

NOTES = (
    "These pictures are generated (the embedded world): the numbers show how the cures behave, "
    "not what JPEG costs on photographs.",
)
"""What must stand beside every result on them."""


class GeneratedPictures:
    """The pictures of a world; what is true of them is a subclass's affair.

    Args:
        world: draws them.
        key: a text that changes whenever what is drawn does.
    """

    notes = NOTES

    def __init__(self, world: World, key: str) -> None:
        self._world = world
        self._key = key

    def __len__(self) -> int:
        return len(self._world)

    def name(self, index: int) -> str:
        """Such as ``test/000017``."""
        return f"{self._world.split}/{index:06d}"

    def size_in_bytes(self, index: int) -> int:
        """The size of the pixels: nothing is read."""
        del index
        return self._world.settings.height * self._world.settings.width * 3

    def identity(self, index: int) -> str:
        """What the generator draws the picture from."""
        return f"{self._key} {index}"

    def facts(self, index: int) -> None:
        """None: there is no file that could say anything of itself."""
        del index

    def pixels(self, index: int) -> Pixels:
        """The generated picture."""
        return self._world.picture(index)
