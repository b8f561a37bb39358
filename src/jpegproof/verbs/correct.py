"""The verb ``correct``: repairs JPEG files with a corrector."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import torch

from jpegproof.correctors.gate import gate_for
from jpegproof.correctors.protocol import Corrector, Precision
from jpegproof.correctors.tiles import Tiled
from jpegproof.exceptions import JpegproofError, StoreError
from jpegproof.jpeg.picture_writer import DEFAULT_QUALITY, PictureFormat, picture_format
from jpegproof.silence import Silence
from jpegproof.studies.engine import find_hands, limited_threads
from jpegproof.verbs.correction_plan import Task, plan_tasks
from jpegproof.verbs.correction_run import CorrectionProgress, CorrectionRun, Settings
from jpegproof.verbs.correction_table import DONE, CorrectionTable, FileCorrection
from jpegproof.verbs.corrector_name import named_corrector

#: In the output folder, unless told otherwise.
TABLE_FILE = "corrected.csv"

Inputs = str | Path | Sequence[str | Path]


@dataclass(frozen=True, slots=True)
class Corrections:
    """What became of the files.

    Attributes:
        folder: the output folder.
        table: the CSV file with a row per file.
        files: the row of each file of this call, in the order of the outputs' names.
        finished_before: outputs that were there already and stayed as they are.
    """

    folder: Path
    table: Path
    files: list[FileCorrection]
    finished_before: int

    def count(self, *outcomes: str) -> int:
        """How many files came to one of the outcomes (`Outcome`)."""
        return sum(file.outcome in outcomes for file in self.files)

    def reasons(self) -> list[tuple[str, int]]:
        """Why files were skipped, and how many for each reason, the commonest first."""
        return Counter(file.note for file in self.files if file.outcome == "skipped").most_common()

    @property
    def failed(self) -> bool:
        """Whether files were skipped and not one output is there."""
        return bool(self.count("skipped")) and not self.count(*DONE)


def plan_correction(inputs: Inputs, out: str | Path, *, format: str = "png") -> list[Task]:  # noqa: A002
    """Which file would be corrected into which; none of them is read.

    Args:
        inputs: as in `correct`.
        out: as in `correct`.
        format: as in `correct`.

    Raises:
        JpegproofError: inputs or output folder are at fault.
    """
    return plan_tasks(_listed(inputs), Path(out).expanduser(), picture_format(format).suffix)


def correct(
    inputs: Inputs,
    out: str | Path,
    *,
    corrector: str | Corrector = "default",
    format: str = "png",  # noqa: A002 (named as the option)
    quality: int | None = None,
    gate: bool = False,
    overwrite: bool = False,
    csv: str | Path | None = None,
    precision: str = "float32",
    device: str = "auto",
    threads: int | None = None,
    progress: CorrectionProgress | None = None,
) -> Corrections:
    """Corrects JPEG files and writes the corrected pictures into another folder.

    EXIF, ICC profile, XMP, comment and resolution are carried over as far as the format has a place for them; pixels
    stay in stored orientation. Grey stays grey, CMYK becomes RGB. Large pictures are corrected in tiles. A file that
    cannot be used is skipped with its reason. Outputs that are there are kept, so that the same call goes on after an
    interruption.

    Args:
        inputs: files and folders; folders with all that lies below them, in their layout.
        out: the output folder, not inside an input folder.
        corrector: ``default``, ``FILE`` (which `fit` wrote), ``spandrel:FILE``, ``qgac:FILE``; or a `Corrector`.
        format: ``png``, ``tiff`` and ``webp`` keep every pixel; ``jpeg`` compresses again.
        quality: of ``jpeg``, 1 to 100; 95 unless given. Chroma stays at full size.
        gate: pass pictures that correction would not help through untouched.
        overwrite: make outputs anew that are there already.
        csv: the table of what became of each file; ``corrected.csv`` in the output folder unless given.
        precision: ``float32``, or ``bfloat16`` where the processor is faster in it.
        device: ``auto``, ``cpu``, ``cuda``, ...
        threads: of the corrector.
        progress: hears how it goes.

    Raises:
        JpegproofError: inputs, output folder or corrector are at fault; the message says how to mend it.
    """
    form, hears = picture_format(format), Silence() if progress is None else progress
    chosen_quality = _quality_of(form, quality)
    folder = Path(out).expanduser()
    tasks = plan_correction(inputs, folder, format=format)
    table = CorrectionTable(Path(csv).expanduser() if csv is not None else folder / TABLE_FILE)
    _refuse_table_among_pictures(table.path, tasks, inputs)
    hands = find_hands(device, 1, threads)
    tiled = _tiled(corrector, torch.device(hands.device), precision)
    if not form.lossless:
        hears.warn(f"{form.name} compresses what was corrected again (quality {chosen_quality}); png keeps every pixel")
    with limited_threads(hands.threads):
        settings = Settings(tiled, form, chosen_quality, gate_for(tiled) if gate else None, overwrite)
        run = CorrectionRun(settings, table, hears)
        files, before = run.run(tasks)
    return Corrections(folder, table.path, files, before)


def _listed(inputs: Inputs) -> Sequence[str | Path]:
    return [inputs] if isinstance(inputs, str | Path) else inputs


def _tiled(corrector: str | Corrector, device: torch.device, precision: str) -> Tiled:
    for known in get_args(Precision):
        if precision == known:
            built = named_corrector(corrector, device, known) if isinstance(corrector, str) else corrector
            return built if isinstance(built, Tiled) else Tiled(built)
    raise JpegproofError(f"precision {precision!r} is not known; use {' or '.join(get_args(Precision))}")


def _quality_of(form: PictureFormat, quality: int | None) -> int | None:
    if form.lossless:
        if quality is not None:
            raise JpegproofError(f"quality: {form.name} keeps every pixel and has none; it goes with the format jpeg")
        return None
    if quality is None:
        return DEFAULT_QUALITY
    if not isinstance(quality, int) or not 1 <= quality <= 100:
        raise JpegproofError(f"quality: {quality!r} is not a libjpeg quality; use a whole number from 1 to 100")
    return quality


def _refuse_table_among_pictures(table: Path, tasks: Sequence[Task], inputs: Inputs) -> None:
    place = Path(os.path.realpath(table))
    for path in (Path(item).expanduser() for item in _listed(inputs)):
        if path.is_dir() and place.is_relative_to(os.path.realpath(path)):
            raise StoreError(f"{table}: would be written into the input folder {path}; name a file outside of it")
    pictures = {os.path.realpath(path) for task in tasks for path in (task.source, task.target)}
    if str(place) in pictures:
        raise StoreError(f"{table}: is one of the pictures; name another file for the table")
