"""The work of ``correct``: every file opened, corrected and saved, or skipped with its reason."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from jpegproof.correctors.gate import Admitted, Gate
from jpegproof.correctors.tiles import Tiled
from jpegproof.exceptions import JpegproofError, StoreError
from jpegproof.jpeg.bands import grey_pixels, same_pixels
from jpegproof.jpeg.codec import DecodedJpeg, Pixels
from jpegproof.jpeg.header import JpegHeader
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.jpeg.jpeg_file import JpegFile, NothingToCorrectError, open_jpeg_file
from jpegproof.jpeg.metadata import Metadata
from jpegproof.jpeg.picture_writer import PictureFormat
from jpegproof.studies.fingerprint import fingerprint
from jpegproof.verbs.correction_plan import Task, refuse_clashes
from jpegproof.verbs.correction_table import CorrectionTable, FileCorrection, Outcome, shown
from jpegproof.verbs.whole_file import remove_leftovers, whole_file

# The fault of one file's name, not of the disk: the others may still go well.
_ODD_NAMES = (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ)


class CorrectionProgress(Protocol):
    """What a caller may want to hear while files are corrected."""

    def begin(self, total: int, finished: int) -> None:
        """How many files there are, and how many of them were finished before."""
        ...

    def working(self, name: str, share: float) -> None:
        """How much of a picture is corrected, in (0, 1]; a large one is heard of several times."""
        ...

    def advance(self) -> None:
        """One more file is finished."""
        ...

    def warn(self, text: str) -> None:
        """Something the user should know."""
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """How files are corrected and saved.

    Attributes:
        corrector: what corrects.
        format: of the outputs.
        quality: of a format that loses something; None for the others.
        gate: passes pictures through that correction would not help; None to correct all.
        overwrite: whether outputs that are there are made anew.
    """

    corrector: Tiled
    format: PictureFormat
    quality: int | None = None
    gate: Gate | None = None
    overwrite: bool = False

    def name(self) -> str:
        """A name for all that the outputs depend on: equal where it is."""
        described, gate = dict(self.corrector.describe()), self.gate and dict(self.gate.describe())
        facts = {"corrector": described, "format": self.format.name, "quality": self.quality, "gate": gate}
        gated = " gated" if gate else ""
        return f"{described.get('kind', 'corrector')}{gated} {self.format.name} {fingerprint(facts)[:12]}"


class CorrectionRun:
    """Corrects files one after the other.

    Args:
        settings: how.
        table: where each file's row goes.
        progress: hears how it goes.
    """

    def __init__(self, settings: Settings, table: CorrectionTable, progress: CorrectionProgress) -> None:
        self._settings = settings
        self._name = settings.name()
        self._table = table
        self._progress = progress

    def run(self, tasks: Sequence[Task]) -> tuple[list[FileCorrection], int]:
        """Does what is not done.

        Returns:
            The row of each file, and how many outputs were there before.

        Raises:
            StoreError: a folder, the table or an output cannot be written.
            DataError: two outputs would be one file in the output folder.
            JpegproofError: the corrector cannot be used at all.
        """
        for folder in dict.fromkeys([self._table.path.parent, *(task.target.parent for task in tasks)]):
            _make_folder(folder)
        try:
            refuse_clashes(tasks)
        except OSError as error:
            raise StoreError(f"{shown(self._table.path.parent)}: cannot be written: {error.strerror}") from error
        rows = self._rows_of_finished(tasks, self._table.earlier())
        before = len(rows)
        self._progress.begin(len(tasks), before)
        for task in tasks:
            if task not in rows:
                rows[task] = self._file(task)
                self._table.add(rows[task])
                self._progress.advance()
        return [rows[task] for task in tasks], before

    def _rows_of_finished(self, tasks: Sequence[Task], earlier: Sequence[FileCorrection]) -> dict[Task, FileCorrection]:
        """The rows of tasks whose output is there; the table then has these, and those of other files."""
        by_output = {row.output: row for row in earlier if row.output}
        rows: dict[Task, FileCorrection] = {}
        for task in tasks:
            if task.target.is_file() and not self._settings.overwrite:
                unknown = FileCorrection(_input(task), shown(task.place), "kept", "was there before")
                rows[task] = by_output.get(unknown.output, unknown)
        self._warn_of_strangers(rows)
        inputs, outputs = {_input(task) for task in tasks}, {shown(task.place) for task in tasks}
        elsewhere = [row for row in earlier if row.input not in inputs and row.output not in outputs]
        self._table.begin([*elsewhere, *rows.values()])
        return rows

    def _warn_of_strangers(self, rows: Mapping[Task, FileCorrection]) -> None:
        """Tells of outputs that this call would have made otherwise."""
        settings = sum(row.settings not in ("", self._name) for row in rows.values())
        sources = sum(row.input != _input(task) for task, row in rows.items())
        for count, reason in ((settings, "with another corrector, gate or quality"), (sources, "from other files")):
            if count:
                self._progress.warn(
                    f"of the outputs that were there already, {count} had been made {reason}; they are kept, "
                    "and --overwrite makes them anew"
                )

    def _file(self, task: Task) -> FileCorrection:
        """Corrects one file; the row that says what became of it."""
        row = FileCorrection(_input(task), "", "skipped")
        try:
            opened = open_jpeg_file(task.source)
        except NothingToCorrectError as error:
            return replace(row, outcome="nothing to correct", note=str(error))
        except UnusablePictureError as error:
            return replace(row, note=str(error))
        height, width = opened.image.pixels.shape[:2]
        row = replace(row, width=width, height=height, quality=opened.image.header.quality.quality)
        try:
            self._check_target(task, max(height, width))
            answer = self._answer(opened.image, shown(Path(task.source.name)))
            notes = [] if answer.copied else _notes(opened)
            notes += _why_untouched(opened.image.header)
            metadata = opened.metadata
            del opened  # the input's pixels, before Pillow needs as many for the output's
            notes += self._save(answer, metadata, task.target)
        except _SkipError as error:
            return replace(row, note=str(error))
        return replace(
            row, output=shown(task.place), outcome=answer.outcome, note="; ".join(notes), settings=self._name
        )

    def _check_target(self, task: Task, longest_side: int) -> None:
        form = self._settings.format
        if longest_side > form.longest_side:
            raise _SkipError(f"does not fit {form.name}, whose sides end at {form.longest_side:,} pixels")
        if task.target.is_dir():
            raise _SkipError(f"a folder stands where the output would be: {shown(task.target)}")

    def _answer(self, image: DecodedJpeg, name: str) -> _Answer:
        """The corrected picture, as grey or coloured as the file."""
        corrected = self._corrected(image, name)
        grey = image.header.mode == "L"
        pixels = grey_pixels(corrected) if grey else corrected
        if not same_pixels(pixels, image.pixels[..., 0] if grey else image.pixels):
            return _Answer(pixels, "corrected")
        # A JPEG that stays as it is need not be compressed again.
        return _Answer(pixels, "untouched", None if self._settings.format.lossless else image.data)

    def _corrected(self, image: DecodedJpeg, name: str) -> Pixels:
        if not image.header.planes_are_told:
            return image.pixels
        try:
            admitted = self._settings.gate.admits(image) if self._settings.gate else Admitted(image, None)
            if admitted is None:
                return image.pixels
            top, left = admitted.margins
            corrected = self._settings.corrector.pixels(
                admitted.image, lambda share: self._progress.working(name, share)
            )
            return corrected[top:, left:]
        except JpegproofError:
            raise
        except Exception as error:  # other people's networks fail in whatever way they like
            raise _SkipError(f"the corrector failed: {_said(error)}") from error

    def _save(self, answer: _Answer, metadata: Metadata, target: Path) -> list[str]:
        """Writes the output; what could not be carried over."""
        form = self._settings.format
        try:
            with whole_file(target) as file:
                if answer.copied is not None:
                    file.write(answer.copied)
                    return []
                return form.save(answer.pixels, file, metadata, self._settings.quality)
        except Exception as error:  # odd metadata fail in whatever way Pillow's writers do
            if isinstance(error, OSError) and error.errno is not None and error.errno not in _ODD_NAMES:
                raise StoreError(
                    f"{shown(target)}: cannot be written: {error.strerror}; what is finished is kept"
                ) from error
            raise _SkipError(f"cannot be saved as {form.name}: {_said(error)}") from error


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """A corrected picture.

    Attributes:
        pixels: (H, W, 3) RGB or (H, W) grey.
        outcome: whether they differ from the input's.
        copied: bytes of a file that already is what should be written.
    """

    pixels: NDArray[np.uint8]
    outcome: Outcome
    copied: bytes | None = None


class _SkipError(Exception):
    """A file that is skipped, with the reason."""


def _input(task: Task) -> str:
    """What the table calls the input: its whole path, since the next call may come from another folder."""
    return shown(Path(os.path.abspath(task.source)))  # noqa: PTH100 (resolve() would follow links)


def _notes(opened: JpegFile) -> list[str]:
    """What the user should know of how a file was opened."""
    mode = opened.image.header.mode
    notes = [f"holds {opened.pictures} pictures; the first was taken"] if opened.pictures > 1 else []
    return notes if mode in ("RGB", "L") else [*notes, f"{mode} became RGB"]


def _why_untouched(header: JpegHeader) -> list[str]:
    """Why no corrector is asked, where that is so."""
    if header.planes_are_told:
        return []
    stored = "of four inks" if header.mode == "CMYK" else f"stored as {header.colours} at {header.subsampling}"
    return [f"not corrected: what was lost of a picture {stored} is not known in luma and chroma"]


def _said(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (text.splitlines() or [type(error).__name__])[0]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder)
    except OSError as error:
        raise StoreError(f"{shown(folder)}: cannot be used as an output folder: {error.strerror}") from error
