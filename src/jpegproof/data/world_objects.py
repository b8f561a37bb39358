"""The embedded world as a data set of objects: boxes and masks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jpegproof.data.generated_pictures import GeneratedPictures
from jpegproof.data.world import CLASS_NAMES, GATHERING, WORLD_VERSION, Scene, World, WorldSettings
from jpegproof.tasks.masks import encode_mask
from jpegproof.tasks.objects import Objects
from jpegproof.tasks.protocol import ClassNames

GATHERINGS = WorldSettings(height=128, width=160, cast=GATHERING)
"""Pictures of three to seven objects, large enough to show them: what the shipped detectors learned from."""

CATEGORIES: Mapping[int, str] = dict(enumerate(CLASS_NAMES, start=1))
"""Name of each category, 1..10: the class's number in the world and one, as in its semantic maps."""


class WorldObjects(GeneratedPictures):
    """Generated pictures of several objects, with the box and the mask of each; see `jpegproof.data.world.World`.

    The pictures are not those of `WorldPictures`: they are larger (128 x 160 pixels) and hold more objects. An object
    is left out of the truth where fewer than 24 pixels or less than three tenths of it can be seen.
    """

    task = "instance_segmentation"
    class_names: ClassNames | None = CATEGORIES

    def __init__(self, split: str, size: int) -> None:
        world = World(split, size, GATHERINGS)
        super().__init__(world, f"world {WORLD_VERSION} {split} {world.settings}")

    def target(self, index: int) -> Objects:
        """Boxes, masks and areas of what can be seen of each object.

        Raises:
            MissingExtraError: pycocotools is not installed.
        """
        return objects_of(self._world.scene(index))


def objects_of(scene: Scene) -> Objects:
    """What is true of a scene, as the detection tasks want it.

    Raises:
        MissingExtraError: pycocotools is not installed.
    """
    height, width = scene.picture.shape[:2]
    return Objects(
        size=(height, width),
        boxes=scene.boxes.astype(np.float64),
        labels=scene.labels + 1,
        crowd=np.zeros(len(scene.instances), dtype=bool),
        areas=np.array([instance.area for instance in scene.instances], dtype=np.float64),
        masks=tuple(encode_mask(instance.mask) for instance in scene.instances),
    )
