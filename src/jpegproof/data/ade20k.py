"""ADE20K as its scene parsing challenge lays it out: 150 classes, ``images`` beside ``annotations``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from jpegproof.data.files import folder_at
from jpegproof.data.label_code import LabelCode
from jpegproof.data.label_maps import LabelMapPictures, label_map_folders
from jpegproof.data.odgt import read_odgt
from jpegproof.exceptions import DataError

_PICTURES, _LABELS = "images", "annotations"


def ade20k_pictures(
    path: Path | str, listed: Path | None = None, classes: Sequence[str] | None = None, void: Sequence[str | int] = ()
) -> LabelMapPictures:
    """Opens ADE20K, or a data set laid out like it.

    In its label files 0 says that nothing is known, and a class's number is one higher.

    Args:
        path: the folder of ``images`` and ``annotations`` where these hold one split, or a picture folder such as
            ``images/validation``; with a list the folder that its paths begin in, or ``ADEChallengeData2016`` in it.
        listed: an ``.odgt`` file of the official code: its pictures, in its order.
        classes: names of the values from 1 on; ADE20K's own unless given.
        void: further names or values that say that nothing is known.

    Raises:
        DataError: it is not in this layout, or the list has mistakes.
    """
    folder = folder_at(path)
    code = LabelCode.of(ade20k_classes() if classes is None else classes, [0, *void], first=1)
    if listed is not None:
        return _listed_pictures(folder, listed, code)
    found = split_folders(folder)
    if not found:
        raise DataError(
            f"{folder}: holds no pictures in ADE20K's layout, images/SPLIT beside annotations/SPLIT; for two folders "
            "of your own name the label maps with labels (and the classes with classes)"
        )
    if len(found) > 1:
        names = ", ".join(pictures.name for pictures, _ in found)
        raise DataError(f"{folder}: holds several splits ({names}); name one of them, such as {found[-1][0]}")
    return label_map_folders(*found[0], code)


@cache
def ade20k_classes() -> tuple[str, ...]:
    """The 150 classes in the order of the published models' outputs, each by its first name.

    Source: CSAILVision/semantic-segmentation-pytorch, ``data/object150_info.csv``.
    """
    text = files("jpegproof.data").joinpath("ade20k_classes.txt").read_text(encoding="ascii")
    return tuple(text.splitlines())


def split_folders(folder: Path) -> list[tuple[Path, Path]]:
    """Folders of pictures and of label maps that belong together, in or above a folder; empty where there are none."""
    above = folder.absolute().parent
    if above.name == _PICTURES and (above.parent / _LABELS / folder.absolute().name).is_dir():
        return [(folder, above.parent / _LABELS / folder.absolute().name)]
    splits = sorted(path for path in (folder / _PICTURES).glob("*") if path.is_dir() and not path.name.startswith("."))
    return [(path, folder / _LABELS / path.name) for path in splits if (folder / _LABELS / path.name).is_dir()]


def looks_like_ade20k(folder: Path) -> bool:
    """Whether a folder is laid out like ADE20K and its label files are called as there."""
    return any(next(labels.glob("ADE_*.png"), None) is not None for _, labels in split_folders(folder))


def _listed_pictures(folder: Path, listed: Path, code: LabelCode) -> LabelMapPictures:
    items = read_odgt(listed.expanduser())
    first = items[0].picture
    # The official lists begin at the folder that ADEChallengeData2016 lies in.
    roots = [root for root in (folder, folder.absolute().parent) if any((root / i.picture).is_file() for i in items)]
    if not roots:
        raise DataError(f"{listed}: none of its {len(items):,} pictures is there, such as {first}; looked in {folder}")
    root = roots[0]
    return LabelMapPictures(root, [root / item.picture for item in items], [root / item.label for item in items], code)
