"""The verb ``benchmark``: how well correctors do what they are for, on pictures of one's own or on known sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import torch

from jpegproof.analysis.rows import Skip, write_rows
from jpegproof.correctors.identity import Identity
from jpegproof.correctors.protocol import Corrector, Precision
from jpegproof.data.files import folder_at
from jpegproof.data.folder import UnlabelledFolder
from jpegproof.exceptions import JpegproofError, StoreError, UnknownNameError, nearest
from jpegproof.jpeg.compression import SUBSAMPLINGS, Subsampling
from jpegproof.restoration.markdown import to_markdown
from jpegproof.restoration.planes import PLANES, Plane
from jpegproof.restoration.published import Published, published_for
from jpegproof.restoration.rows import JPEG, Number, Score
from jpegproof.restoration.score_pictures import BenchmarkProgress, score_pictures
from jpegproof.restoration.summary import numbers_of
from jpegproof.restoration.tables import Table, tables_of
from jpegproof.silence import Silence
from jpegproof.studies.engine import find_hands, limited_threads
from jpegproof.studies.qualities import parse_qualities
from jpegproof.verbs.corrector_name import corrector_name, named_corrector
from jpegproof.verbs.names import short
from jpegproof.verbs.score_store import ScoreStore

#: The benchmarks there are.
KINDS = ("restoration",)

#: In the results folder: every score that was ever measured there.
SCORES_FILE = "scores.jsonl"


@dataclass(frozen=True, slots=True)
class Restoration:
    """The results of the restoration benchmark.

    Attributes:
        folder: the results folder.
        numbers: every number of the set, as in ``restoration.csv``.
        scores: every number of each picture, as in ``restoration_pictures.csv``.
        skips: pictures that could not be used, as in ``skipped.csv``.
        tables: as in ``restoration.md``.
    """

    folder: Path
    numbers: list[Number]
    scores: list[Score]
    skips: list[Skip]
    tables: list[Table]


def benchmark(
    kind: str,
    data: str | Path,
    *,
    correctors: Sequence[str] | Mapping[str, Corrector] = ("default",),
    qualities: str | int | Sequence[int] = "10:40:10",
    subsampling: str = "4:2:0",
    planes: str = "both",
    published: bool = False,
    out: str | Path | None = None,
    limit: int | None = None,
    precision: str = "float32",
    device: str = "auto",
    threads: int | None = None,
    seed: int = 0,
    progress: BenchmarkProgress | None = None,
) -> Restoration:
    """Compresses pictures, corrects them, and tells how near the originals they come, beside the JPEG itself.

    Writes ``restoration.csv``, ``restoration_pictures.csv``, ``restoration.md`` and ``skipped.csv``. What the metrics
    are is told in docs/restoration.md. Every score is kept as soon as it is measured (``scores.jsonl``): the same call
    goes on after an interruption, and a corrector or a quality that is added later costs no more than itself. Pictures
    for which a corrector would need too much memory go through it in tiles.

    Args:
        kind: ``restoration``, the only benchmark so far.
        data: a folder of pictures that were never compressed, such as LIVE1 as PNG.
        correctors: ``default``, ``FILE`` (which `fit` wrote), ``spandrel:FILE``, ``qgac:FILE``; or correctors by name.
        qualities: ``first:last:step``, ``10,50`` or a list.
        subsampling: ``4:2:0``, ``4:2:2`` or ``4:4:4``, of colour.
        planes: ``colour``; ``luma`` for a grey picture of it in a grey JPEG; or ``both``. Grey pictures have luma only.
        published: also show published numbers, where ``data`` is the whole of LIVE1 or Classic5.
        out: the results folder; ``out/benchmark-restoration-DATA`` unless given. Scores in it are kept.
        limit: use only so many pictures, evenly spaced.
        precision: ``float32``, or ``bfloat16`` where the processor is faster in it.
        device: ``auto``, ``cpu``, ``cuda``, ...
        threads: of the correctors.
        seed: of the bootstrap.
        progress: hears how it goes.

    Raises:
        JpegproofError: the data, a corrector or the results folder is at fault; the message says how to mend it.
    """
    if kind not in KINDS:
        raise UnknownNameError(f"benchmark {kind!r} is not known.{nearest(kind, KINDS)} Known: {', '.join(KINDS)}.")
    chosen_planes, chosen_subsampling = _planes(planes), _subsampling(subsampling)
    try:
        chosen_qualities = parse_qualities(qualities)
    except ValueError as error:
        raise JpegproofError(f"qualities: {error}") from error
    root = folder_at(data)
    pictures, name = UnlabelledFolder(root), short(root.resolve().name)
    places = _places(len(pictures), limit)
    beside = published_for(name, len(places)) if published else []
    folder = Path(out).expanduser() if out is not None else Path("out") / f"benchmark-{kind}-{name}"
    hands = find_hands(device, 1, threads)
    built = {JPEG: Identity(), **_correctors(correctors, torch.device(hands.device), precision)}
    _prepare(folder, root)
    kept = ScoreStore(folder / SCORES_FILE)
    with limited_threads(hands.threads):
        found = score_pictures(
            name,
            pictures,
            places,
            built,
            chosen_qualities,
            chosen_subsampling,
            chosen_planes,
            progress or Silence(),
            kept,
        )
    numbers = numbers_of(found.scores, len(found.skips), seed)
    tables = tables_of(numbers, beside)
    done = Restoration(folder, numbers, found.scores, found.skips, tables)
    _write(done, beside)
    return done


def _planes(text: str) -> tuple[Plane, ...]:
    if text != "both" and text not in PLANES:
        known = ("both", *PLANES)
        raise UnknownNameError(f"planes {text!r} is not known.{nearest(text, known)} Known: {', '.join(known)}.")
    return tuple(plane for plane in PLANES if text in ("both", plane))


def _subsampling(text: str) -> Subsampling:
    for known in get_args(Subsampling):
        if text == known:
            return known
    raise UnknownNameError(f"subsampling {text!r} is not known; use one of {', '.join(SUBSAMPLINGS)}")


def _places(total: int, limit: int | None) -> list[int]:
    if limit is not None and limit < 1:
        raise JpegproofError(f"limit: {limit} pictures cannot be measured; use 1 or more")
    count = min(total, limit or total)
    return [position * total // count for position in range(count)]


def _correctors(
    given: Sequence[str] | Mapping[str, Corrector], device: torch.device, precision: str
) -> dict[str, Corrector]:
    """The correctors by the names that tables have for them; the JPEG itself is always there and left out here."""
    if isinstance(given, Mapping):
        for name, corrector in given.items():
            if corrector.scale != 1:
                raise JpegproofError(
                    f"corrector {name}: enlarges {corrector.scale} times; the benchmark needs equal sizes"
                )
        return {name: corrector for name, corrector in given.items() if name != JPEG}
    known = next((value for value in get_args(Precision) if value == precision), None)
    if known is None:
        raise UnknownNameError(f"precision {precision!r} is not known; use {' or '.join(get_args(Precision))}")
    built: dict[str, Corrector] = {}
    for text in dict.fromkeys([given] if isinstance(given, str) else given):
        if text == JPEG:
            continue
        name = corrector_name(text).shown
        while name in built or name == JPEG:
            name += "+"
        built[name] = named_corrector(text, device, known)
    return built


def _prepare(folder: Path, data: Path) -> None:
    """Makes the results folder.

    Raises:
        StoreError: it is the folder of the pictures, lies in it, or cannot be made.
    """
    if folder.resolve().is_relative_to(data.resolve()):
        raise StoreError(f"{folder}: lies among the pictures, where nothing is written; give --out another folder")
    if (folder / "plan.json").exists():
        raise StoreError(f"{folder}: holds the results of a study; give --out another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made: {error.strerror}; give --out another folder") from error


def _write(done: Restoration, published: Sequence[Published]) -> None:
    write_rows(done.folder / "restoration.csv", Number, done.numbers)
    write_rows(done.folder / "restoration_pictures.csv", Score, done.scores)
    write_rows(done.folder / "skipped.csv", Skip, done.skips)
    shown = [
        row
        for row in published
        if any((table.plane, table.quality) == (row.plane, row.quality) for table in done.tables)
    ]
    page = done.folder / "restoration.md"
    try:
        page.write_text(to_markdown(done.tables, shown), encoding="utf-8", errors="replace")
    except OSError as error:
        raise StoreError(f"{page}: cannot be written: {error.strerror}; is it open elsewhere, or a folder?") from error
