"""Where a COCO data set keeps its annotations and its pictures."""

from __future__ import annotations

from pathlib import Path

from jpegproof.data.coco_annotations import CocoAnnotations, looks_like_annotations
from jpegproof.exceptions import DataError

_PREFIX = "instances_"


def annotation_files(folder: Path) -> list[Path]:
    """The annotations files that may belong to a folder; the first kind of which there are any.

    Beside the pictures or their folder: any JSON in instances format. Below: ``annotations/instances_*.json`` with a
    folder of that name beside ``annotations`` (or below ``images``). Above, where the folder is such a one:
    ``../annotations/instances_FOLDER.json``.
    """
    files = sorted(path for path in folder.glob("*.json") if path.is_file() and not path.name.startswith("."))
    beside = [path for path in files if looks_like_annotations(path)]
    below = sorted((folder / "annotations").glob(f"{_PREFIX}*.json"))
    with_pictures = [path for path in below if _split_folders(folder, path)]
    above = folder.absolute().parent / "annotations" / f"{_PREFIX}{folder.absolute().name}.json"
    return beside or with_pictures or below or [path for path in [above] if path.is_file()]


def annotations_in(folder: Path) -> Path:
    """The one annotations file that belongs to a folder.

    Raises:
        DataError: there is none, or there are several.
    """
    files = annotation_files(folder)
    if not files:
        raise DataError(
            f"{folder}: holds no pictures with annotations in COCO's instances format; put the JSON file beside the "
            f"folder images, or into annotations/ as {_PREFIX}NAME.json beside the picture folder NAME, or name it "
            "with annotations"
        )
    if len(files) > 1:
        names = ", ".join(path.relative_to(folder).as_posix() for path in files)
        splits = [split for path in files for split in _split_folders(folder, path)]
        instead = f"; open one picture folder, such as {splits[-1]}, or" if splits else ";"
        raise DataError(f"{folder}: has several annotations files, {names}{instead} name one with annotations")
    return files[0]


def picture_folder(folder: Path, annotations: Path, content: CocoAnnotations) -> Path:
    """The folder that the pictures' file names start from: the first that holds any of them.

    Raises:
        DataError: none of the pictures is found.
    """
    places = [*_split_folders(folder, annotations), folder / "images", folder]
    for place in places:
        if any((place / name).is_file() for name in content.file_names()):
            return place
    looked = ", ".join(str(place) for place in places if place.is_dir())
    raise DataError(
        f"{annotations}: none of its {len(content):,} pictures is there, such as "
        f"{content.file_name(0)}; looked in {looked}"
    )


def _split_folders(folder: Path, annotations: Path) -> list[Path]:
    name = annotations.stem.removeprefix(_PREFIX)
    return [place for place in (folder / "images" / name, folder / name) if place.is_dir()]
