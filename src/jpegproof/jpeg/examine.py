"""One picture file examined: what it is, what is the matter with it, and whether it can be used."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.earlier_save import EarlierSave, earlier_save
from jpegproof.jpeg.endings import is_whole, without_fill_bytes
from jpegproof.jpeg.hazards import HAZARDS, Treatment, hazards_of, treatment_of
from jpegproof.jpeg.header import JpegHeader, header_of
from jpegproof.jpeg.intake import UnusablePictureError, bytes_of, is_jpeg, open_picture, opened, whole_jpeg
from jpegproof.jpeg.segments import END, JpegStructure, read_structure
from jpegproof.jpeg.tables import QualityEstimate

# What a name promises, by its ending.
_PROMISED = {
    **dict.fromkeys([".jpg", ".jpeg", ".jpe", ".jfif"], "JPEG"),
    **dict.fromkeys([".ppm", ".pgm", ".pbm"], "PPM"),
    **dict.fromkeys([".tif", ".tiff"], "TIFF"),
    ".png": "PNG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".gif": "GIF",
}


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What one file is.

    Attributes:
        format: Pillow's name of the content's format; empty where it is not known.
        size_in_bytes: of the file; None where it could not be read.
        width: in pixels; None where it could not be told.
        height: likewise.
        colours: Pillow's name of the colour mode in the file.
        subsampling: of a JPEG, as `JpegHeader` says it.
        progressive: whether a JPEG's scans refine each other; None of other files.
        scans: of a JPEG.
        quality: the libjpeg quality whose tables a JPEG's are nearest to.
        fit_error: how far they are off; 0 for libjpeg's own tables (see `QualityEstimate`).
        earlier_quality: of the coarser JPEG that the picture once was, where that can be told (see `earlier_save`).
        hazards: names of what is the matter, in the order of `HAZARDS`.
        treatment: what a study does with the file.
        reason: why it is skipped or left out; empty where it is used.
    """

    format: str = ""
    size_in_bytes: int | None = None
    width: int | None = None
    height: int | None = None
    colours: str = ""
    subsampling: str = ""
    progressive: bool | None = None
    scans: int | None = None
    quality: int | None = None
    fit_error: float | None = None
    earlier_quality: int | None = None
    hazards: tuple[str, ...] = ()
    treatment: Treatment = Treatment.USE
    reason: str = ""


def examine(path: Path) -> PictureFacts:
    """Reads and decodes one picture file, whatever it holds; one file is in memory at a time.

    A JPEG is decoded twice, to see whether its data reaches its end.
    """
    of_name = _hazards_of_name(path)
    try:
        data = bytes_of(path)
    except UnusablePictureError as error:
        hazards = _in_order({*of_name, error.hazard})
        return PictureFacts(hazards=hazards, treatment=treatment_of(hazards), reason=str(error))
    reason, found = "", set(of_name)
    pixels: Pixels | None = None
    try:
        pixels = open_picture(data)
    except UnusablePictureError as error:
        reason = str(error)
        found.add(error.hazard)
    if is_jpeg(data):
        return _of_jpeg(path, data, pixels, found, reason)
    return _of_other(path, data, found, reason)


def _of_jpeg(path: Path, data: bytes, pixels: Pixels | None, found: set[str], reason: str) -> PictureFacts:
    structure = read_structure(data)
    header = None if pixels is None else _header(whole_jpeg(data, structure))
    found |= hazards_of(structure, len(data)) | _misnamed(path, "JPEG")
    estimate = _quality(header, found)
    if estimate and estimate.fit_error > 0:
        found.add("own tables")
    earlier = None
    if pixels is not None:
        found |= _hazards_of_ending(data, structure, pixels)
        earlier = _earlier_save(header, pixels, found)
    if earlier:
        found.add("compressed twice")
    frame, hazards = structure.frame, _in_order(found)
    return PictureFacts(
        format="JPEG",
        size_in_bytes=len(data),
        width=frame and frame.width,
        height=frame and frame.height,
        colours=header.mode if header else "",
        subsampling=header.subsampling if header else "",
        progressive=frame and frame.progressive,
        scans=len(structure.scans),
        quality=estimate and estimate.quality,
        fit_error=estimate and estimate.fit_error,
        earlier_quality=earlier and earlier.quality,
        hazards=hazards,
        treatment=treatment_of(hazards),
        reason=reason,
    )


def _of_other(path: Path, data: bytes, found: set[str], reason: str) -> PictureFacts:
    kind, width, height, colours = "", None, None, ""
    # Whatever Pillow's parsers stumble over has been told in the reason already.
    with suppress(Exception), opened(data) as image:
        kind, (width, height), colours = image.format or "", image.size, image.mode
        found |= _misnamed(path, kind)
    hazards = _in_order(found)
    return PictureFacts(
        format=kind,
        size_in_bytes=len(data),
        width=width,
        height=height,
        colours=colours,
        hazards=hazards,
        treatment=treatment_of(hazards),
        reason=reason,
    )


def _header(data: bytes) -> JpegHeader | None:
    """The header, where it makes sense: a lossless file has no tables."""
    try:
        with opened(data) as image:
            return header_of(image)
    except ValueError:
        return None


def _quality(header: JpegHeader | None, found: set[str]) -> QualityEstimate | None:
    if header is None or "lossless" in found:
        return None
    return header.quality


def _earlier_save(header: JpegHeader | None, pixels: Pixels, found: set[str]) -> EarlierSave | None:
    """The save before, of files that hold luma; tables of others say nothing of it."""
    if header is None or "lossless" in found or header.colours not in ("grey", "YCbCr"):
        return None
    return earlier_save(pixels, header.luma)


def _hazards_of_name(path: Path) -> set[str]:
    try:
        os.fsencode(path.name).decode("utf-8")
    except UnicodeDecodeError:
        return {"name not UTF-8"}
    return set()


def _misnamed(path: Path, kind: str) -> set[str]:
    promised = _PROMISED.get(path.suffix.lower())
    return {"misnamed"} if promised and kind and promised != kind else set()


def _hazards_of_ending(data: bytes, structure: JpegStructure, pixels: Pixels) -> set[str]:
    if structure.end is None:
        return {"no end marker"}
    # The coder of arithmetic data leaves out zeros at its end, so that other bits there change even a whole picture.
    if structure.frame is None or structure.frame.arithmetic:
        return set()
    body = without_fill_bytes(data[: structure.end - len(END)])
    try:
        return set() if is_whole(body, structure, pixels, open_picture) else {"ends early"}
    except UnusablePictureError:
        return set()


def _in_order(found: set[str]) -> tuple[str, ...]:
    return tuple(name for name in HAZARDS if name in found)
