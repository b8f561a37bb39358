"""Data sets by layout: named by the user, or told from the folder itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jpegproof.data.ade20k import ade20k_pictures, looks_like_ade20k
from jpegproof.data.coco import CocoPictures
from jpegproof.data.coco_places import annotation_files
from jpegproof.data.files import folder_at, is_picture_name, pictures_below
from jpegproof.data.folder import UnlabelledFolder
from jpegproof.data.image_folder import ImageFolder, class_folders, imagenet_folder, imagenet_wnids
from jpegproof.data.picture_set import PictureSet
from jpegproof.data.real_fake_folder import RealFakeFolder, looks_real_fake
from jpegproof.data.webdataset import WebDatasetPictures, looks_like_webdataset
from jpegproof.exceptions import DataError, UnknownNameError, nearest

_SPLITS = frozenset(["train", "training", "val", "valid", "validation", "test", "testing"])

LAYOUTS: dict[str, Callable[[Path], PictureSet]] = {
    "imagenet": imagenet_folder,
    "image_folder": ImageFolder,
    "coco": CocoPictures,
    "ade20k": ade20k_pictures,
    "real_fake": RealFakeFolder,
    "webdataset": WebDatasetPictures,
    "folder": UnlabelledFolder,
}


def open_pictures(path: Path, layout: str = "auto") -> PictureSet:
    """Opens the data set in a folder.

    Args:
        path: the folder.
        layout: ``imagenet``, ``image_folder``, ``coco``, ``ade20k``, ``real_fake``, ``webdataset``, ``folder``, or
            ``auto`` to tell from the folder: annotations in COCO's format belong to it, then ``coco``; label maps
            called as ADE20K's belong to it, then ``ade20k``; folders ``0_real`` or ``1_fake``, or ``real`` and
            ``fake``, then ``real_fake``; most class folders are ImageNet wnids, then ``imagenet``; class folders, then
            ``image_folder``; no pictures but tars, then ``webdataset``; pictures beside them or no class folders, then
            ``folder``.

    Raises:
        DataError: the folder is missing, empty or not in the layout.
        UnknownNameError: no such layout.
    """
    if layout == "auto":
        layout = _layout_of(folder_at(path))
    if layout not in LAYOUTS:
        raise UnknownNameError(
            f"data layout {layout!r} is not known.{nearest(layout, LAYOUTS)} Known: auto, {', '.join(LAYOUTS)}."
        )
    return LAYOUTS[layout](path)


def _layout_of(root: Path) -> str:
    if annotation_files(root):
        return "coco"
    if looks_like_ade20k(root):
        return "ade20k"
    if looks_real_fake(root):
        return "real_fake"
    names = [folder.name for folder in class_folders(root) if pictures_below(folder)]
    if not names and looks_like_webdataset(root):
        return "webdataset"
    if not names or any(is_picture_name(path.name) for path in root.iterdir() if path.is_file()):
        return "folder"
    if set(map(str.lower, names)) <= _SPLITS:
        raise DataError(
            f"{root}: its folders {', '.join(names)} look like splits rather than classes; name one of them, such as "
            f"{root / names[-1]} (or --layout image_folder if they are classes, folder if there are no labels)"
        )
    # One foreign folder among wnids is a mistake to be told of, not a reason to number all classes anew.
    known = len(set(names) & set(imagenet_wnids()))
    return "imagenet" if known * 2 > len(names) else "image_folder"
