"""The benchmark's numbers as tables: one for each plane and quality, a line for each corrector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jpegproof.restoration.planes import PLANES, Plane
from jpegproof.restoration.published import Published
from jpegproof.restoration.rows import GAIN, JPEG, Number
from jpegproof.restoration.scores import METRICS, metric_name

#: How the metrics are headed, in the order of `METRICS`.
HEADS = ("PSNR, dB", "PSNR-B, dB", "SSIM 11x11 Gaussian", "SSIM 8x8 box")


@dataclass(frozen=True, slots=True)
class Cell:
    """One metric of a line.

    Attributes:
        text: its mean, empty where there is none.
        gain: the paired difference to the JPEG with its interval, empty for the JPEG and for published numbers.
    """

    text: str
    gain: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A corrector, the JPEG itself, or a published restorer.

    Attributes:
        label: its name.
        cells: one for each of `HEADS`.
    """

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Everything about a plane at a quality.

    Attributes:
        title: data set, plane, compression and number of pictures.
        plane: ``colour`` or ``luma``.
        quality: libjpeg quality.
        lines: the JPEG first, then measured correctors, then published ones.
    """

    title: str
    plane: Plane
    quality: int
    lines: tuple[Line, ...]


def tables_of(numbers: Sequence[Number], published: Sequence[Published] = ()) -> list[Table]:
    """The tables of a data set, colour before luma, coarse before fine.

    Args:
        numbers: of one data set.
        published: numbers to stand below the measured ones.
    """
    tables = []
    for plane in PLANES:
        named = [number for number in numbers if number.metric.startswith(metric_name(plane, ""))]
        for quality in sorted({number.quality for number in named}):
            here = [number for number in named if number.quality == quality]
            beside = [row for row in published if (row.plane, row.quality) == (plane, quality)]
            lines = [*_measured_lines(plane, here), *_published_lines(beside)]
            tables.append(Table(_title(plane, here), plane, quality, tuple(lines)))
    return tables


def _title(plane: Plane, numbers: Sequence[Number]) -> str:
    first, count = numbers[0], max(number.n for number in numbers)
    how = f"JPEG {first.subsampling}" if plane == "colour" else "grey JPEG"
    return f"{first.dataset}: {plane}, {how}, quality {first.quality} ({count} picture{'s' * (count != 1)})"


def _measured_lines(plane: Plane, numbers: Sequence[Number]) -> Iterator[Line]:
    by_name = {(number.corrector, number.metric): number for number in numbers}
    for corrector in dict.fromkeys(number.corrector for number in numbers):
        cells = []
        for metric in METRICS:
            name = metric_name(plane, metric)
            value, gain = by_name[corrector, name].value, by_name.get((corrector, name + GAIN))
            cells.append(Cell(_plain(metric, value), "" if gain is None else _gain(metric, gain)))
        yield Line("JPEG" if corrector == JPEG else corrector, tuple(cells))


def _published_lines(rows: Sequence[Published]) -> Iterator[Line]:
    for method in dict.fromkeys(row.method for row in rows):
        values = {row.metric: row.value for row in rows if row.method == method}
        yield Line(f"{method} (published)", tuple(Cell(_plain(metric, values.get(metric))) for metric in METRICS))


def _decimals(metric: str) -> int:
    return 3 if metric.startswith("ssim") else 2


def _plain(metric: str, value: float | None) -> str:
    return "" if value is None else f"{value:.{_decimals(metric)}f}"


def _gain(metric: str, number: Number) -> str:
    if number.value is None:
        return ""
    decimals = _decimals(metric)
    if number.ci_low is None or number.ci_high is None:
        return f"{number.value:+.{decimals}f}"
    return f"{number.value:+.{decimals}f} [{number.ci_low:.{decimals}f}, {number.ci_high:.{decimals}f}]"
