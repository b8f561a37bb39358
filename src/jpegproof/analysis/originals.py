"""What a sweep over qualities can and cannot know where the originals are JPEGs themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jpegproof.studies.original_files import OriginalFiles
from jpegproof.studies.plan import Plan

#: From this share of the pictures on a measured quality is named as one that is no news to them.
TOLD = 0.05


@dataclass(frozen=True, slots=True)
class OriginalRow:
    """Files of one format and one quality; a row of ``originals.csv``.

    Attributes:
        dataset: its name.
        format: Pillow's name of it.
        quality: of JPEGs, that of the last save; None of other formats.
        pictures: how many there are among those looked at.
    """

    dataset: str
    format: str
    quality: int | None
    pictures: int


@dataclass(frozen=True, slots=True)
class SweepRow:
    """How many originals were coarser than a measured quality already; a row of ``originals_sweep.csv``.

    Attributes:
        dataset: its name.
        quality: that is measured.
        coarser: how many originals are JPEGs of that quality or a lower one, so that saving them at it changes little.
        pictures: how many were looked at.
    """

    dataset: str
    quality: int
    coarser: int
    pictures: int

    @property
    def share(self) -> float:
        """In percent."""
        return 100 * self.coarser / self.pictures


def original_rows(plan: Plan) -> list[OriginalRow]:
    """The formats and qualities of each data set's files; nothing of those in no files."""
    rows = []
    for name, facts in plan.data.items():
        for kind, count in facts.files.formats.items():
            if kind != "JPEG":
                rows.append(OriginalRow(name, kind, None, count))
        rows += [OriginalRow(name, "JPEG", quality, count) for quality, count in facts.files.qualities.items()]
    return rows


def sweep_rows(plan: Plan) -> list[SweepRow]:
    """The measured qualities against those of the originals, of each data set that holds JPEGs."""
    return [
        SweepRow(name, quality, facts.files.at_most(quality), facts.files.pictures)
        for name, facts in plan.data.items()
        if facts.files.jpegs
        for quality in _measured(plan)
    ]


def original_notes(plan: Plan) -> Iterator[tuple[str, str]]:
    """What must be said of the sweep, by data set; nothing of sets without JPEGs."""
    for name, facts in plan.data.items():
        if facts.files.jpegs:
            yield name, _note(facts.files, [row for row in sweep_rows(plan) if row.dataset == name])


def _measured(plan: Plan) -> list[int]:
    found = {item.quality for item in plan.compressions if item.quality is not None and not (item.tables or item.chain)}
    return sorted(found)


def _note(files: OriginalFiles, rows: Sequence[SweepRow]) -> str:
    low, middle, high = _ranked(files)
    spread = f"quality {low}" if low == high else f"qualities {low} to {high}, half of them at most {middle}"
    first = (
        f"{files.jpegs:,} of {files.pictures:,} originals are JPEGs themselves, saved at {spread}. What that cost them "
        "is gone before the sweep begins: it tells what one more save costs, not what the first one did."
    )
    told = [row for row in rows if row.coarser >= TOLD * row.pictures]
    if not told:
        return f"{first} Nearly all were saved finer than any quality measured here."
    named = ", ".join(f"{row.quality} ({row.share:.0f} % of them)" for row in told)
    return (
        f"{first} A save at or above a picture's own quality changes it little, whatever saves of that quality cost: "
        f"this concerns quality {named}."
    )


def _ranked(files: OriginalFiles) -> tuple[int, int, int]:
    """The lowest, the middle and the highest quality."""
    ranked = sorted(files.qualities)
    half = next(quality for quality in ranked if 2 * files.at_most(quality) >= files.jpegs)
    return ranked[0], half, ranked[-1]
