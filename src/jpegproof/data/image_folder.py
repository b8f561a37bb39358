"""ImageFolder: one folder a class, pictures below it; ImageNet's own class order where the folders are its wnids."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from itertools import chain
from pathlib import Path

import numpy as np

from jpegproof.data.files import PictureFiles, folder_at, no_pictures, pictures_below
from jpegproof.data.many_paths import ManyPaths
from jpegproof.exceptions import DataError, nearest


class ImageFolder(PictureFiles):
    """Pictures in one folder per class; the label is the class's place among the classes in sorted order.

    Args:
        path: the folder that holds the class folders.
        classes: the whole list of classes in label order, where only some of them may be present; None takes the
            class folders present, sorted, as torchvision's ImageFolder does.

    Raises:
        DataError: no class folder, no picture, or a class folder that is not in `classes`.
    """

    task = "classification"
    notes: tuple[str, ...] = ()

    def __init__(self, path: Path | str, classes: tuple[str, ...] | None = None) -> None:
        root = folder_at(path)
        folders = class_folders(root)
        if not folders:
            raise DataError(f"{root}: holds no class folders; an ImageFolder has one folder of pictures per class")
        self.class_names: tuple[str, ...] | None = classes or tuple(folder.name for folder in folders)
        number = {name: label for label, name in enumerate(self.class_names)}
        unknown = [folder.name for folder in folders if folder.name not in number]
        if unknown:
            raise DataError(_unknown_classes(root, unknown, self.class_names))
        found = [pictures_below(folder) for folder in folders]
        if not any(found):
            raise no_pictures(root)
        super().__init__(root, ManyPaths(root, chain.from_iterable(found)))
        labels = [number[folder.name] for folder in folders]
        self._labels = np.repeat(np.array(labels, dtype=np.int32), [len(pictures) for pictures in found])

    def target(self, index: int) -> int:
        """The class number of the picture's folder."""
        return int(self._labels[index])


def imagenet_folder(path: Path | str) -> ImageFolder:
    """An ImageFolder whose class folders are ImageNet-1k wnids, labelled by their place among all 1000.

    Raises:
        DataError: as `ImageFolder`; also where a class folder is none of ImageNet's.
    """
    return ImageFolder(path, classes=imagenet_wnids())


@cache
def imagenet_wnids() -> tuple[str, ...]:
    """The 1000 WordNet ids of ImageNet-1k in sorted order, which is the order of the published models' outputs."""
    text = files("jpegproof.data").joinpath("imagenet_wnids.txt").read_text(encoding="ascii")
    return tuple(text.split())


def class_folders(root: Path) -> list[Path]:
    """The folders directly below a folder, sorted by name; hidden ones and jpegproof's own results are left out."""
    return sorted(
        entry
        for entry in root.iterdir()
        if entry.is_dir()
        and not entry.name.startswith(".")
        and not ((entry / "predictions").is_dir() and (entry / "plan.json").is_file())
    )


def _unknown_classes(root: Path, unknown: list[str], classes: tuple[str, ...]) -> str:
    shown = ", ".join(repr(name) for name in unknown[:5]) + (
        f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
    )
    whole = "ImageNet-1k's 1000 wnids" if classes == imagenet_wnids() else f"the {len(classes)} classes"
    return (
        f"{root}: class folder {shown} is not among {whole}.{nearest(unknown[0], classes)} "
        "Rename or move it, or name the layout yourself (--layout image_folder numbers the folders as they are)."
    )
