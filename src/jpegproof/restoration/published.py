"""Published numbers of other restorers, as data, to stand beside measured ones."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jpegproof.exceptions import UnknownNameError

#: Data sets with published numbers: the beginning of their folder's name, and how many pictures they have.
_SETS = {"live1": 29, "classic5": 5}


@dataclass(frozen=True, slots=True)
class Published:
    """One published number.

    Attributes:
        dataset: ``live1`` or ``classic5``.
        plane: ``colour`` or ``luma``.
        quality: libjpeg quality.
        method: the restorer's name in its paper; ``JPEG`` for none.
        metric: ``psnr``, ``psnr_b``, ``ssim_gaussian`` or ``ssim_box``: the kind that the table's own evaluation uses.
        value: decibels, or -1 to 1.
        source: paper and table.
    """

    dataset: str
    plane: str
    quality: int
    method: str
    metric: str
    value: float
    source: str


@cache
def published_rows() -> tuple[Published, ...]:
    """Every published number that the package knows."""
    text = files("jpegproof.restoration").joinpath("published.csv").read_text(encoding="utf-8")
    return tuple(
        Published(
            row["dataset"],
            row["plane"],
            int(row["quality"]),
            row["method"],
            row["metric"],
            float(row["value"]),
            row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def published_for(name: str, pictures: int) -> list[Published]:
    """The published numbers of a data set.

    Args:
        name: the name of its folder, such as ``LIVE1`` or ``live1_color``.
        pictures: how many pictures it has.

    Raises:
        UnknownNameError: nothing is published of such a set, or it is not the whole set.
    """
    found = next((known for known in _SETS if name.lower().replace("-", "").startswith(known)), None)
    if found is None:
        raise UnknownNameError(
            f"nothing is published of {name!r}; there are numbers for folders named {' or '.join(_SETS)}"
        )
    if pictures != _SETS[found]:
        raise UnknownNameError(
            f"published numbers of {found} are means over its {_SETS[found]} pictures, and here are {pictures}"
        )
    return [row for row in published_rows() if row.dataset == found]
