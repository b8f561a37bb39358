"""The embedded world: a procedural generator of pictures in which the truth about every pixel is known."""

from jpegproof.data.world.cast import GATHERING, PORTRAIT, Cast
from jpegproof.data.world.classes import CLASS_NAMES
from jpegproof.data.world.scene import BACKGROUND, Instance, Scene
from jpegproof.data.world.world import DEFAULT_LENGTHS, SPLITS, WORLD_VERSION, World, WorldSettings

__all__ = [
    "BACKGROUND",
    "CLASS_NAMES",
    "DEFAULT_LENGTHS",
    "GATHERING",
    "PORTRAIT",
    "SPLITS",
    "WORLD_VERSION",
    "Cast",
    "Instance",
    "Scene",
    "World",
    "WorldSettings",
]
