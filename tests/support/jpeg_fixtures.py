"""JPEG files of every odd kind that users have, made on the spot: Pillow's output with its segments rearranged."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
from jpeg_files import file_bytes, frame_header, segments, smooth_picture, with_sampling, with_size
from PIL import Image, ImageCms
from rare_coding import arithmetic_grey, lossless_grey

END = b"\xff\xd9"
PIXELS = smooth_picture(45, 70)
PICTURE = Image.fromarray(PIXELS)


def segment(marker: int, payload: bytes) -> bytes:
    """One marker segment."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def plain(**options: Any) -> bytes:
    """An ordinary JPEG: quality 75, 4:2:0, 70x45, unless said otherwise."""
    return file_bytes(PICTURE, **options)


def with_segment(data: bytes, marker: int, payload: bytes) -> bytes:
    """The file with one more segment right after its first marker."""
    return data[:2] + segment(marker, payload) + data[2:]


def without_segments(data: bytes, *markers: int) -> bytes:
    """The file without its segments of some kinds (before the first scan)."""
    kept = [segment(marker, payload) for marker, _, payload in segments(data) if marker not in markers]
    _, place, payload = segments(data)[-1]
    return data[:2] + b"".join(kept) + data[place + len(payload) :]


def scan_of(data: bytes) -> bytes:
    """The entropy-coded bytes of a file with one scan."""
    _, place, payload = segments(data)[-1]
    return data[place + len(payload) : -2]


def sampled(*factors: tuple[int, int], size: tuple[int, int] = (45, 70), colour: Any = PICTURE) -> bytes:
    """A YCbCr JPEG with any sampling factors (across, down), one scan per component.

    Each component is a grey JPEG's scan, so that no encoder has to know the sampling.
    """
    height, width = size
    most = [max(factor[axis] for factor in factors) for axis in (0, 1)]
    head, scans = b"", b""
    planes = colour.resize((width, height)).convert("YCbCr").split()
    for number, factor in enumerate(factors):
        across, down = (math.ceil(side * factor[axis] / most[axis]) for axis, side in enumerate((width, height)))
        grey = file_bytes(planes[number].resize((across, down), Image.Resampling.BOX), quality=90)
        if not number:
            tables = [(marker, payload) for marker, _, payload in segments(grey) if marker in (0xDB, 0xC4)]
            head = b"".join(segment(marker, payload) for marker, payload in tables)
        scans += segment(0xDA, bytes([1, number + 1, 0, 0, 63, 0])) + scan_of(grey)
    layers = b"".join(bytes([number + 1, across << 4 | down, 0]) for number, (across, down) in enumerate(factors))
    frame = struct.pack(">BHHB", 8, height, width, len(factors)) + layers
    return b"\xff\xd8" + head + segment(0xC0, frame) + scans + END


def with_scans(count: int, picture: Image.Image = PICTURE) -> bytes:
    """A progressive JPEG whose second scan is there so many times more."""
    data = file_bytes(picture, progressive=True)
    first = data.index(b"\xff\xda")
    second = data.index(b"\xff\xc4", first)
    third = data.index(b"\xff\xc4", data.index(b"\xff\xda", second))
    return data[:third] + data[second:third] * count + data[third:]


def exif(orientation: int) -> bytes:
    """An EXIF segment's payload that notes an orientation."""
    noted = Image.Exif()
    noted[0x0112] = orientation
    return noted.tobytes()


def ycck() -> bytes:
    """Adobe's four-colour kind: the inks of cyan, magenta and yellow as YCbCr, and black, all inverted."""
    inks = Image.eval(PICTURE, lambda value: 255 - value).convert("YCbCr").split()
    # Pillow inverts what it takes for ink on the way into a file.
    layers = [*(Image.eval(plane, lambda value: 255 - value) for plane in inks), Image.new("L", PICTURE.size, 0)]
    data = file_bytes(Image.merge("CMYK", layers), quality=95)
    place = data.index(b"\xff\xee\0\x0eAdobe")
    return data[: place + 15] + b"\x02" + data[place + 16 :]


def without_height() -> bytes:
    """A file whose height comes in a segment after its first scan (DNL)."""
    data = with_size(plain(), 0, 70)
    return data[:-2] + segment(0xDC, struct.pack(">H", 45)) + END


def restarts(order: Callable[[int], int] = lambda number: number) -> bytes:
    """A file with a restart marker after every row of blocks, numbered in some order."""
    data = bytearray(plain(restart_marker_rows=1))
    places = [place for place in range(len(data) - 1) if data[place] == 0xFF and 0xD0 <= data[place + 1] <= 0xD7]
    for number, place in enumerate(places):
        data[place + 1] = 0xD0 + order(number) % 8
    return bytes(data)


def changed_frame(data: bytes, **fields: int) -> bytes:
    """The file with another marker, precision or number of components in its frame header."""
    marker, place, payload = frame_header(data)
    frame = bytearray(data)
    frame[place - 3] = fields.get("marker", marker)
    frame[place] = fields.get("precision", payload[0])
    if "table" in fields:
        frame[place + 8] = fields["table"]
    return bytes(frame)


def two_components() -> bytes:
    """A file of two components, which no colour model has."""
    return sampled((1, 1), (1, 1))


def wide_tables() -> bytes:
    """Quantisation steps in 16 bits each."""
    data = plain()
    out = data[:2]
    for marker, _, payload in segments(data):
        if marker == 0xDB:
            payload = bytes([0x10 | payload[0]]) + b"".join(bytes([0, step]) for step in payload[1:])
        out += segment(0xC1 if marker == 0xC0 else marker, payload)
    return out + scan_of(data) + END


def cut(data: bytes, share: float = 0.7) -> bytes:
    """The first part of a file."""
    return data[: int(len(data) * share)]


@cache
def fixtures() -> dict[str, bytes]:
    """One file of every kind, by name."""
    fine = plain()
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    cmyk = file_bytes(PICTURE.convert("CMYK"))
    adobe = cmyk.index(b"\xff\xee")
    twice = file_bytes(Image.open(BytesIO(plain(quality=30))), quality=90)
    return {
        "plain": fine,
        "progressive": plain(progressive=True),
        "whole blocks": file_bytes(smooth_picture(48, 64)),
        "cut off": cut(fine),
        "cut off in the header": fine[:200],
        "progressive cut off": cut(plain(progressive=True)),
        "no end marker": fine[:-2],
        "progressive without end marker": plain(progressive=True)[:-2],
        "ends early": cut(fine) + END,
        "junk before": b"junk\r\n" + fine,
        "junk after": fine + b"\0" * 99,
        "another format": file_bytes(PICTURE, "PNG"),
        "text": b"not a picture",
        "empty": b"",
        "rotated": with_segment(fine, 0xE1, exif(6)),
        "unreadable exif": with_segment(fine, 0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff nothing"),
        "adobe cmyk": cmyk,
        "unmarked cmyk": cmyk[:adobe] + cmyk[adobe + 16 :],
        "ycck": ycck(),
        "grey": file_bytes(PICTURE.convert("L")),
        "stored as rgb": plain(keep_rgb=True),
        "4:4:4": plain(subsampling="4:4:4"),
        "4:2:2": plain(subsampling="4:2:2"),
        "4:4:0": sampled((1, 2), (1, 1), (1, 1)),
        "4:1:1": sampled((4, 1), (1, 1), (1, 1)),
        "4:1:0": sampled((4, 2), (1, 1), (1, 1)),
        "chroma finer than luma": sampled((1, 1), (2, 2), (2, 2)),
        "fractional sampling": sampled((3, 1), (2, 1), (2, 1)),
        "too many blocks at once": with_sampling(fine, 0x44, 0x11, 0x11),
        "never sampled": with_sampling(fine, 0x22, 0x01, 0x11),
        "hundreds of scans": with_scans(400),
        "claims the machine's memory": with_size(fine, 65_500, 65_500),
        "claims more than its bytes hold": with_size(fine, 9_000, 9_000),
        "height after the scan": without_height(),
        "arithmetic coding": arithmetic_grey(24, 40),
        "lossless": lossless_grey(np.asarray(PICTURE.convert("L"))),
        "12 bits": changed_frame(fine, marker=0xC1, precision=12),
        "hierarchical": changed_frame(fine, marker=0xC5),
        "two components": two_components(),
        "several pictures": file_bytes(PICTURE, "MPO", save_all=True, append_images=[PICTURE.rotate(180)]),
        "icc profile": plain(icc_profile=icc),
        "own tables": plain(qtables=[[3 + step % 7 for step in range(64)], [9 + step % 5 for step in range(64)]]),
        "wide tables": wide_tables(),
        "missing table": changed_frame(fine, table=3),
        "no huffman tables": without_segments(fine, 0xC4),
        "compressed twice": twice,
        "restart markers": restarts(),
        "restart markers out of order": restarts(lambda number: number + 1),
        "two frames": with_segment(fine, 0xC0, frame_header(fine)[2]),
        "thousands of segments": fine[:2] + segment(0xFE, b"") * 12_000 + fine[2:],
    }
