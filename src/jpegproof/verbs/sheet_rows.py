"""The rows of ``sheets.csv``: one for each column of each sheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jpegproof.analysis.chosen import Choice
from jpegproof.analysis.rows import write_rows
from jpegproof.probes.drawn import Drawn, DrawnPicture
from jpegproof.probes.shown import Look, ShownPicture
from jpegproof.reports.filenames import slugify
from jpegproof.safe_text import without_mark

#: The folder of the single pictures, in that of the sheets.
PICTURES = "pictures"

#: The ``mitigation`` of the row that says what is true.
TRUTH = "truth"


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One column of one sheet. One row of ``sheets/sheets.csv``.

    Attributes:
        sheet: the sheet's file name.
        rule: why the picture was chosen: ``largest_gain``, ``median``, ``least_gain``; ``named`` by the user.
        gain: how much better the choosing cure's score of the picture is than without a cure, in the metric's unit;
            None for a named one.
        metric: of this picture alone.
        mitigation: that of the edge; ``truth`` for what is true, which has neither quality nor value.
        quality: of the last save; None for the original.
        value: the metric, in percent, of a classifier's label in nats; None where the picture could not be used.
        fault: why it could not.
        chain: the delivery chain's save, as in ``results.csv``; empty without one.
        answer: what the model says, or what is true, in words.
        file: the picture as the model saw it with this drawn upon it, relative to the folder of ``sheets.csv``; empty
            where there is no picture.

    The other columns are those of `Result`.
    """

    sheet: str
    dataset: str
    picture: str
    rule: str
    gain: float | None
    model: str
    metric: str
    mitigation: str
    corrector: str
    quality: int | None
    value: float | None
    fault: str
    chain: str = ""
    answer: str = ""
    file: str = ""


def rows_of(
    sheet: str, data: str, picture: ShownPicture, drawn: DrawnPicture, choice: Choice
) -> list[tuple[SheetRow, Drawn | None]]:
    """The rows of one sheet, each with what its single picture shows; None where there is none.

    Args:
        sheet: the sheet's file name.
        data: the data set's name.
        picture: the scores.
        drawn: the same answers, drawn.
        choice: why this picture.
    """
    stem = sheet.removesuffix(".png")
    taken: set[str] = set()

    def file_of(name: str) -> str:
        wanted, count = slugify(f"{stem} {name}"), 1
        while (found := wanted if count == 1 else f"{wanted}-{count}") in taken:  # two correctors, one mitigation
            count += 1
        taken.add(found)
        return f"{PICTURES}/{found}.webp"

    def row(look: Look, said: Drawn | None, name: str) -> tuple[SheetRow, Drawn | None]:
        shown = said if said is not None or look.pixels is None else Drawn(look.pixels, look.shown)
        original = look is picture.original
        return SheetRow(
            sheet=sheet,
            dataset=data,
            picture=picture.name,
            rule=choice.rule,
            gain=choice.gain,
            model=picture.model,
            metric=picture.metric,
            mitigation=TRUTH if name == TRUTH else look.edge.mitigation,
            corrector="" if name == TRUTH else look.edge.corrector,
            quality=None if original else picture.compression.nominal_quality,
            value=None if name == TRUTH else look.score,
            fault=look.fault,
            chain="" if original else picture.compression.delivery,
            answer="" if said is None else said.words,
            file="" if shown is None else file_of(name),
        ), shown

    rows = [row(look, said, look.edge.mitigation) for look, said in zip(picture.looks, drawn.looks, strict=True)]
    rows.append(row(picture.original, drawn.original, "original"))
    return rows if drawn.truth is None else [*rows, row(picture.original, drawn.truth, TRUTH)]


def replace_rows(folder: Path, new: Sequence[SheetRow]) -> None:
    """Writes ``sheets.csv`` anew: earlier sheets that are still there keep their rows, those drawn again have new ones.

    Single pictures of sheets that were drawn again and now have fewer columns are removed.

    Raises:
        StoreError: the file cannot be written.
    """
    table = folder / "sheets.csv"
    replaced = {row.sheet for row in new}
    earlier = list(_read(table))
    write_rows(table, SheetRow, [*(row for row in earlier if _stays(row, folder, replaced)), *new])
    for name in _files(row for row in earlier if row.sheet in replaced) - _files(new):
        (folder / PICTURES / name).unlink(missing_ok=True)


def _stays(row: SheetRow, folder: Path, replaced: set[str]) -> bool:
    return row.sheet not in replaced and (folder / row.sheet).is_file()


def _files(rows: Iterable[SheetRow]) -> set[str]:
    """The names of single pictures, of such as we write: what stands in a table that somebody edited is not removed."""
    paths = [Path(row.file) for row in rows]
    return {path.name for path in paths if path.parent == Path(PICTURES) and path.suffix == ".webp"}


def _read(table: Path) -> Iterator[SheetRow]:
    try:
        with table.open(newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
        yield from [_row(line) for line in lines]
    except (OSError, ValueError, KeyError, TypeError):  # none yet, or not ours
        return


def _row(line: dict[str, str]) -> SheetRow:
    texts = {name: without_mark(cell) for name, cell in line.items() if name not in ("gain", "value", "quality")}
    gain, value = (float(line[name]) if line[name] else None for name in ("gain", "value"))
    return SheetRow(**texts, gain=gain, value=value, quality=int(line["quality"]) if line["quality"] else None)
