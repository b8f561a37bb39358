"""COCO's layout: a folder of pictures, and one JSON file that says which objects are in each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from jpegproof.data.coco_annotations import read_annotations
from jpegproof.data.coco_places import annotations_in, picture_folder
from jpegproof.data.files import PictureFiles, folder_at
from jpegproof.data.many_paths import ManyPaths
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.tasks.masks import coco_masks
from jpegproof.tasks.objects import Objects
from jpegproof.tasks.protocol import ClassNames


class CocoPictures(PictureFiles):
    """The pictures that an annotations file lists, in the order of their ids, with their objects.

    A listed picture without a file is one that cannot be used, like a damaged one. Masks are there where all objects
    of the set have one; a note says so where only some have.

    Args:
        path: the folder; see `jpegproof.data.coco_places` for where the two parts may be.
        annotations: the JSON file; None looks for it.

    Attributes:
        categories: names by category id.

    Raises:
        DataError: no annotations, several, mistakes in them, or none of their pictures is there.
    """

    task = "detection"

    def __init__(self, path: Path | str, annotations: Path | str | None = None) -> None:
        folder = folder_at(path)
        file = annotations_in(folder) if annotations is None else Path(annotations).expanduser()
        content = read_annotations(file)
        root = picture_folder(folder, file, content)
        super().__init__(root, ManyPaths(root, (root / name for name in content.file_names())))
        self.categories = content.categories
        self.class_names: ClassNames | None = content.categories
        self._content = content
        masked, objects = content.masked_count, content.object_count
        self._masked = masked == objects > 0
        self.notes: tuple[str, ...] = ()
        if 0 < masked < objects:
            self.notes = (f"{objects - masked} of {objects} objects have no mask; boxes alone are used.",)

    def target(self, index: int) -> Objects:
        """The picture's objects, in the file's order; none where it lists none.

        Areas are as stated; where nothing is, those of the masks, or of the boxes without masks.

        Raises:
            MissingExtraError: there are masks, and pycocotools is not installed.
            DataError: the annotations file has changed, or cannot be read any more.
        """
        things, size = self._content.objects(index), self._content.size(index)
        boxes = np.array([thing.box for thing in things], dtype=np.float64).reshape(-1, 4)
        areas, masks = boxes[:, 2] * boxes[:, 3], None
        if self._masked:
            masks = tuple(_compressed(thing.segmentation, size) for thing in things)
            areas = [float(coco_masks().area({"size": list(size), "counts": mask})) for mask in masks]
        stated = [area if thing.area is None else thing.area for thing, area in zip(things, areas, strict=True)]
        return Objects(
            size,
            np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1),
            np.array([thing.category for thing in things], dtype=np.int64),
            np.array([thing.crowd for thing in things], dtype=bool),
            np.array(stated, dtype=np.float64),
            masks,
        )

    def pixels(self, index: int) -> Pixels:
        """The decoded file.

        Raises:
            UnusablePictureError: it is missing, damaged, or of another size than the annotations say.
        """
        pixels = super().pixels(index)
        height, width = self._content.size(index)
        if pixels.shape[:2] != (height, width):
            raise UnusablePictureError(
                f"is {pixels.shape[1]} x {pixels.shape[0]} pixels, but annotated as one of {width} x {height}"
            )
        return pixels


def _compressed(segmentation: Any, size: tuple[int, int]) -> bytes:
    """COCO's compressed run lengths of polygons or of run lengths."""
    if isinstance(segmentation, list):
        parts = coco_masks().frPyObjects(segmentation, *size)
        return bytes(coco_masks().merge(parts)["counts"])
    counts = segmentation["counts"]
    if isinstance(counts, str):
        return counts.encode("ascii")
    return bytes(coco_masks().frPyObjects(segmentation, *size)["counts"])
