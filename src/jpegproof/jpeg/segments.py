"""The marker segments of a JPEG file, walked without decoding: what kind it is, and where it is out of the ordinary."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

START = b"\xff\xd8"
END = b"\xff\xd9"

# An honest file has some dozens: pieces of a colour profile, of metadata, two for each scan.
MAX_SEGMENTS = 10_000

# Fill bytes (0xFF) may stand before a marker, stuffed zeros and restarts belong to the entropy-coded data.
_MARKER = re.compile(rb"\xff[\x01-\xfe]")
_MARKER_AFTER_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")

_SOI, _EOI, _SOS, _DQT, _DHT, _DRI, _DNL = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xDC
_FRAMES = frozenset(range(0xC0, 0xD0)) - {_DHT, 0xC8, 0xCC}
_WITHOUT_LENGTH = frozenset([0x01, _SOI, *range(0xD0, 0xD8)])


@dataclass(frozen=True, slots=True)
class FrameComponent:
    """One component of a frame: its number, sampling factors (0..15) and quantisation table."""

    number: int
    across: int
    down: int
    table: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame header.

    Attributes:
        kind: the N of its marker SOFN, 0..15.
        precision: bits per sample.
        height: in pixels; 0 where the file says it only after the first scan.
        width: in pixels.
        components: in file order.
    """

    kind: int
    precision: int
    height: int
    width: int
    components: tuple[FrameComponent, ...]

    @property
    def progressive(self) -> bool:
        """Whether scans refine each other."""
        return self.kind % 4 == 2

    @property
    def lossless(self) -> bool:
        """Whether it predicts samples instead of transforming blocks."""
        return self.kind % 4 == 3

    @property
    def arithmetic(self) -> bool:
        """Whether arithmetic coding takes the place of Huffman's."""
        return self.kind > 8


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan header: which components, which band of coefficients, and how many low bits are left to later scans."""

    components: tuple[int, ...]
    first: int
    last: int
    bits_left: int


@dataclass(slots=True)
class JpegStructure:
    """What the segments of a file say, as far as they could be followed.

    Attributes:
        frame: the first frame header; None where there is none.
        frames: how many frame headers there are.
        scans: every scan header, in order.
        scan_start: where the entropy-coded data of the first scan begin; None without a scan.
        tables: numbers of the quantisation tables that are defined.
        huffman_tables: whether any is defined.
        restart_interval: blocks between restart markers; 0 for none.
        restarts: how many restart markers the last scan has, as far as they are in order.
        restarts_in_order: whether restart markers count from 0 to 7 and around, in each scan.
        late_height: whether a segment after a scan says the height.
        adobe_transform: the colour transform that Adobe's segment states (0 none, 1 YCbCr, 2 YCCK); None without it.
        jfif: whether it says to be JFIF, which is YCbCr or grey.
        exif: the payload of the first EXIF segment, from its TIFF header on; None without one.
        icc: whether it carries a colour profile.
        several_pictures: whether it has an index of further pictures (MPF, as in MPO).
        segments: how many were walked; where it is `MAX_SEGMENTS` the walk ended early.
        end: the place after the end marker; None where it was not reached.
    """

    frame: Frame | None = None
    frames: int = 0
    scans: list[Scan] = field(default_factory=list)
    scan_start: int | None = None
    tables: set[int] = field(default_factory=set)
    huffman_tables: bool = False
    restart_interval: int = 0
    restarts: int = 0
    restarts_in_order: bool = True
    late_height: bool = False
    adobe_transform: int | None = None
    jfif: bool = False
    exif: bytes | None = None
    icc: bool = False
    several_pictures: bool = False
    segments: int = 0
    end: int | None = None


def read_structure(data: bytes) -> JpegStructure:
    """Walks the segments of a JPEG file as libjpeg's reader does, to its end marker or as far as they can be followed.

    Looks at each byte at most a few times and keeps of no segment more than its first 64 KB, whatever the bytes are.

    Args:
        data: a whole file.

    Raises:
        ValueError: it does not begin with the start marker.

    Source: ITU-T T.81, annex B; JFIF (ITU-T T.871); TN 5116 (Adobe's segment); CIPA DC-007 (MPF).
    """
    if data[:2] != START:
        raise ValueError("the bytes do not begin as a JPEG does")
    found = JpegStructure()
    place, marker_here = 2, _MARKER
    while found.segments < MAX_SEGMENTS:
        match = marker_here.search(data, place)
        if match is None:
            break
        marker, place, marker_here = data[match.end() - 1], match.end(), _MARKER
        if marker == _EOI:
            found.end = place
            break
        found.segments += 1
        if marker in _WITHOUT_LENGTH:
            continue
        # libjpeg and Pillow take a length that does not even count itself for an empty segment.
        length = max(int.from_bytes(data[place : place + 2], "big"), 2)
        if place + length > len(data):
            break
        _note(found, marker, data[place + 2 : place + length])
        place += length
        if marker == _SOS:
            marker_here = _MARKER_AFTER_SCAN
            if found.scan_start is None:
                found.scan_start = place
            _note_restarts(found, data, place)
    return found


def _note_restarts(found: JpegStructure, data: bytes, start: int) -> None:
    if not found.restart_interval:
        return
    match = _MARKER_AFTER_SCAN.search(data, start)
    end = match.start() if match else len(data)
    found.restarts = 0
    for restart in _RESTART.finditer(data, start, end):
        if restart.group()[1] - 0xD0 != found.restarts % 8:
            found.restarts_in_order = False
            break
        found.restarts += 1


def _note(found: JpegStructure, marker: int, payload: bytes) -> None:
    if marker in _FRAMES:
        found.frames += 1
        found.frame = found.frame or _frame(marker, payload)
    elif marker == _SOS:
        found.scans.append(_scan(payload))
    elif marker == _DQT:
        found.tables |= set(_table_numbers(payload))
    elif marker == _DHT:
        found.huffman_tables = True
    elif marker == _DRI:
        found.restart_interval = int.from_bytes(payload[:2], "big")
    elif marker == _DNL:
        found.late_height = True
    elif 0xE0 <= marker <= 0xEF:
        _note_application(found, marker, payload)


def _note_application(found: JpegStructure, marker: int, payload: bytes) -> None:
    if marker == 0xE0 and payload.startswith(b"JFIF\0"):
        found.jfif = True
    elif marker == 0xE1 and payload.startswith(b"Exif\0\0") and found.exif is None:
        found.exif = payload[6:]
    elif marker == 0xE2 and payload.startswith(b"ICC_PROFILE\0"):
        found.icc = True
    elif marker == 0xE2 and payload.startswith(b"MPF\0"):
        found.several_pictures = True
    elif marker == 0xEE and payload.startswith(b"Adobe") and len(payload) >= 12:
        found.adobe_transform = payload[11]


def _frame(marker: int, payload: bytes) -> Frame | None:
    if len(payload) < 6 or len(payload) < 6 + 3 * payload[5]:
        return None
    layers = [payload[place : place + 3] for place in range(6, 6 + 3 * payload[5], 3)]
    return Frame(
        kind=marker - 0xC0,
        precision=payload[0],
        height=int.from_bytes(payload[1:3], "big"),
        width=int.from_bytes(payload[3:5], "big"),
        components=tuple(
            FrameComponent(number, factors >> 4, factors & 15, table) for number, factors, table in layers
        ),
    )


def _scan(payload: bytes) -> Scan:
    count = payload[0] if payload else 0
    band = payload[1 + 2 * count : 4 + 2 * count]
    first, last, bits = band if len(band) == 3 else (0, 0, 0)
    return Scan(tuple(payload[1 : 1 + 2 * count : 2]), first, last, bits & 15)


def _table_numbers(payload: bytes) -> list[int]:
    numbers, place = [], 0
    while place < len(payload):
        wide, number = payload[place] >> 4, payload[place] & 15
        place += 129 if wide else 65
        if place <= len(payload):
            numbers.append(number)
    return numbers
