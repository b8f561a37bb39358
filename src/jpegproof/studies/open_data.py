"""The data sets that a study names."""

from __future__ import annotations

from pathlib import Path

from jpegproof.data.find import open_pictures
from jpegproof.data.image_folder import ImageFolder
from jpegproof.data.picture_set import PictureSet
from jpegproof.data.world_maps import WorldMaps
from jpegproof.data.world_objects import WorldObjects
from jpegproof.data.world_pictures import WorldPictures
from jpegproof.exceptions import DataError
from jpegproof.studies.spec import DataSpec, WorldSpec

_WORLDS = {"classification": WorldPictures, "detection": WorldObjects, "semantic_segmentation": WorldMaps}


def open_data(spec: DataSpec | WorldSpec) -> PictureSet:
    """The data set of a study file.

    Raises:
        DataError: it cannot be had, or its options do not go together.
    """
    if isinstance(spec, WorldSpec):
        return _WORLDS[spec.task](spec.world, spec.size)
    if spec.annotations is not None:
        if spec.layout not in ("auto", "coco"):
            raise DataError(f"{spec.path}: an annotations file goes with the layout coco, not {spec.layout}")
        from jpegproof.data.coco import CocoPictures

        return CocoPictures(spec.path, spec.annotations)
    if spec.classes is None:
        return open_pictures(spec.path, spec.layout)
    if spec.layout not in ("auto", "image_folder"):
        raise DataError(f"{spec.path}: a list of classes goes with the layout image_folder, not {spec.layout}")
    return ImageFolder(spec.path, classes=_class_list(spec.classes))


def _class_list(path: Path) -> tuple[str, ...]:
    try:
        # With or without the byte order mark that some editors put first.
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 text; save the list of class folders as UTF-8") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    names = tuple(line.strip() for line in text.splitlines() if line.strip())
    if len(set(names)) < len(names) or not names:
        raise DataError(f"{path}: must name each class folder once, one a line, in label order")
    return names
