"""Every file below a folder, each once: the pictures that a study takes, and why it leaves the others out."""

from __future__ import annotations

from pathlib import Path

from jpegproof.data.files import is_picture_name, walked

HIDDEN, OWN_RESULTS, NO_PICTURE_NAME = "hidden", "in jpegproof's own results", "its name is no picture's"


def every_file(folder: Path) -> list[tuple[Path, str]]:
    """Every file below a folder with the reason why a study leaves it out, sorted by path.

    The reason is empty for exactly the files of `pictures_below`. Linked folders are followed, each folder once.

    Raises:
        DataError: a folder cannot be read.
    """
    seen: set[str] = set()
    files, left_out = walked(folder, seen)
    found = [(path, _reason(path)) for path in files]
    while left_out:
        # What lies in a left-out folder may be linked to from one that is not, so these come first.
        place = left_out.pop()
        files, deeper = walked(place, seen)
        found += [(path, HIDDEN if place.name.startswith(".") else OWN_RESULTS) for path in files]
        left_out += deeper
    return sorted(found)


def _reason(path: Path) -> str:
    if path.name.startswith("."):
        return HIDDEN
    return "" if is_picture_name(path.name) else NO_PICTURE_NAME
