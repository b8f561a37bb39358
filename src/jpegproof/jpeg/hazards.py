"""What can be the matter with a picture file, as named values: what each means, and what is done about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jpegproof.jpeg.colours import colours_of
from jpegproof.jpeg.exif import orientation_of
from jpegproof.jpeg.segments import Frame, JpegStructure


class Treatment(StrEnum):
    """What a study does with a file: take it, take it as libjpeg reads it, or skip it with a reason.

    A file that is none of its pictures (by its name, or hidden) is left out without a word.
    """

    USE = "use"
    AS_LIBJPEG = "use as libjpeg would"
    SKIP = "skip"
    LEFT_OUT = "leave out"


@dataclass(frozen=True, slots=True)
class Hazard:
    """One thing that can be the matter.

    Attributes:
        name: how tables and CSV files call it.
        meaning: what is out of the ordinary.
        behaviour: what is done about it.
        treatment: the same in a word.
    """

    name: str
    meaning: str
    behaviour: str
    treatment: Treatment


_USE, _LIBJPEG, _SKIP = Treatment.USE, Treatment.AS_LIBJPEG, Treatment.SKIP

_ALL = (
    # The file as a whole.
    Hazard("unreadable", "no permission, a broken link, a pipe or a device", "skipped, without opening devices", _SKIP),
    Hazard("empty", "no bytes at all", "skipped", _SKIP),
    Hazard("too many bytes", "more than 2 GiB", "skipped unread", _SKIP),
    Hazard("no picture", "content of no known picture format, whatever the name", "skipped", _SKIP),
    Hazard("misnamed", "the name says another format than the content", "the content decides", _USE),
    Hazard("name not UTF-8", "the file's name is not UTF-8", "read; shown with backslash escapes", _USE),
    Hazard("several pictures", "an index of further pictures (MPO)", "the first is used", _USE),
    # Its ends.
    Hazard("junk before", "bytes before the start marker", "skipped: libjpeg takes no such file", _SKIP),
    Hazard("junk after", "bytes after the end marker", "ignored", _USE),
    Hazard("no end marker", "no end marker, but all data of the picture", "used", _LIBJPEG),
    Hazard("cut off", "the data ends before the picture does", "skipped", _SKIP),
    Hazard("ends early", "an end marker before the picture's end", "used; libjpeg fills up with grey", _LIBJPEG),
    Hazard("damaged", "headers or data that cannot be decoded", "skipped", _SKIP),
    # How it is coded.
    Hazard("unsupported coding", "hierarchical, or lossless arithmetic", "skipped: libjpeg knows neither", _SKIP),
    Hazard("deep", "12 bits or another number than 8 per sample", "skipped", _SKIP),
    Hazard("lossless", "lossless coding (SOF3)", "used; it holds no blocks and no tables", _LIBJPEG),
    Hazard("arithmetic", "arithmetic coding (SOF9, SOF10)", "used", _LIBJPEG),
    Hazard("many scans", "more than 20 scans", "used while scans x pixels stay below 3.6 billion", _LIBJPEG),
    Hazard("scan bomb", "scans x pixels above 3.6 billion", "skipped", _SKIP),
    Hazard("segment bomb", "10,000 marker segments or more", "skipped", _SKIP),
    Hazard("late height", "the height comes after the first scan (DNL)", "skipped: libjpeg does not read it", _SKIP),
    Hazard("no Huffman tables", "none defined, as in Motion JPEG", "used with the standard's own", _LIBJPEG),
    Hazard("restart markers", "restart markers in the data", "used", _USE),
    Hazard("restart disorder", "restart markers out of order", "used as libjpeg resynchronises", _LIBJPEG),
    # What it claims.
    Hazard("too large", "claims more than 178,956,970 pixels", "skipped before memory is taken", _SKIP),
    Hazard("impossible size", "claims more pixels than so few bytes can code", "skipped before memory is taken", _SKIP),
    Hazard("partial blocks", "sides that are no multiples of its coding units", "used; libjpeg crops", _USE),
    Hazard("unusual sampling", "a sampling other than 4:4:4, 4:2:2, 4:2:0", "used; libjpeg upsamples", _USE),
    Hazard("impossible sampling", "factors of 0, above 4, or 11 blocks a unit", "skipped: libjpeg refuses", _SKIP),
    Hazard("fractional sampling", "factors that do not divide the largest", "skipped: libjpeg refuses", _SKIP),
    Hazard("unusual components", "not 1, 3 or 4 components", "skipped: of no known colour model", _SKIP),
    # Tables.
    Hazard("own tables", "quantisation tables that are none of libjpeg's", "used; the quality is the nearest", _USE),
    Hazard("missing table", "a quantisation table that is never defined", "skipped: libjpeg refuses", _SKIP),
    Hazard("compressed twice", "saved before at a coarser quality", "used; what it lost then is not given back", _USE),
    # Colours and orientation.
    Hazard("grey", "one component", "used as three equal channels", _USE),
    Hazard("CMYK", "four inks", "used, converted without a profile; ink counts as Adobe's inverted kind", _LIBJPEG),
    Hazard("YCCK", "four inks, three of them as YCbCr (Adobe)", "used, as CMYK", _LIBJPEG),
    Hazard("stored as RGB", "RGB without conversion to YCbCr", "used", _USE),
    Hazard("colour profile", "an ICC profile", "ignored: the numbers are taken for sRGB", _USE),
    Hazard("rotated", "EXIF notes another orientation than upright", "ignored: used as stored", _USE),
    Hazard("EXIF unreadable", "an EXIF block that cannot be parsed", "ignored", _USE),
    # Pictures that are no JPEG.
    Hazard("unscaled numbers", "floating-point or 32-bit samples", "skipped: black and white are unknown", _SKIP),
)  # fmt: skip

#: Every hazard by name, in the order of tables.
HAZARDS: dict[str, Hazard] = {hazard.name: hazard for hazard in _ALL}


# More than any encoder writes by itself: the usual scripts have ten.
MANY_SCANS = 20

_USUAL_SAMPLINGS = (((2, 1), (1, 1), (1, 1)), ((2, 2), (1, 1), (1, 1)))  # and all alike


def hazards_of(structure: JpegStructure, size_in_bytes: int) -> set[str]:
    """Names of the hazards that the segments of a JPEG show, other than reasons to refuse it."""
    found = _hazards_around_the_picture(structure, size_in_bytes)
    if structure.frame is not None:
        found |= _hazards_of_coding(structure, structure.frame) | _hazards_of_colours(structure, structure.frame)
    return found


def _hazards_around_the_picture(structure: JpegStructure, size_in_bytes: int) -> set[str]:
    found = set()
    if structure.several_pictures:
        found.add("several pictures")
    elif structure.end is not None and structure.end < size_in_bytes:
        found.add("junk after")
    if structure.icc:
        found.add("colour profile")
    if structure.exif is not None:
        try:
            if orientation_of(structure.exif) != 1:
                found.add("rotated")
        except ValueError:
            found.add("EXIF unreadable")
    return found


def _hazards_of_coding(structure: JpegStructure, frame: Frame) -> set[str]:
    across = max([1, *(layer.across for layer in frame.components)])
    down = max([1, *(layer.down for layer in frame.components)])
    block = 1 if frame.lossless else 8
    alone = len(frame.components) == 1  # the factors of a single component mean nothing
    unit = (block, block) if alone else (block * across, block * down)
    factors = tuple((layer.across, layer.down) for layer in frame.components)
    present = {
        "lossless": frame.lossless,
        "arithmetic": frame.arithmetic,
        "many scans": len(structure.scans) > MANY_SCANS,
        "no Huffman tables": bool(structure.scans) and not structure.huffman_tables and not frame.arithmetic,
        "restart markers": structure.restart_interval > 0,
        "restart disorder": not structure.restarts_in_order,
        "partial blocks": bool(frame.width % unit[0] or frame.height % unit[1]),
        "unusual sampling": not alone and factors not in _USUAL_SAMPLINGS and len(set(factors)) > 1,
    }
    return {name for name, is_so in present.items() if is_so}


def _hazards_of_colours(structure: JpegStructure, frame: Frame) -> set[str]:
    numbers = [layer.number for layer in frame.components]
    colours = colours_of(numbers, structure.jfif, structure.adobe_transform)
    return set() if colours == "YCbCr" else {"stored as RGB" if colours == "RGB" else colours}


def treatment_of(names: tuple[str, ...]) -> Treatment:
    """What a study does with a file that has these hazards: the gravest counts.

    Raises:
        KeyError: a hazard is not known.
    """
    treatments = {HAZARDS[name].treatment for name in names}
    return next((treatment for treatment in (_SKIP, _LIBJPEG) if treatment in treatments), _USE)


def hazards_as_markdown() -> str:
    """The table of all hazards, for the documentation."""
    rows = [f"| {each.name} | {each.meaning} | {each.behaviour} | {each.treatment} |" for each in _ALL]
    return "\n".join(["| hazard | what it is | what is done | in a study |", "| --- | --- | --- | --- |", *rows])
