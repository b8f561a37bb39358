"""The embedded world: a procedural generator of pictures in which the truth about every pixel is known."""

from jpegproof.data.world.classes import CLASS_NAMES
from jpegproof.data.world.scene import BACKGROUND, Instance, Scene
from jpegproof.data.world.world import DEFAULT_LENGTHS, SPLITS, WORLD_VERSION, World, WorldSettings

__all__ = [
    "BACKGROUND",
    "CLASS_NAMES",
    "DEFAULT_LENGTHS",
    "SPLITS",
    "WORLD_VERSION",
    "Instance",
    "Scene",
    "World",
    "WorldSettings",
]
