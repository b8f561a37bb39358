"""The orientation in EXIF, against blocks that Pillow writes and blocks that nobody should."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from jpegproof.jpeg.exif import orientation_of


def block(order: str, tag: int = 0x0112, kind: int = 3, count: int = 1, value: int = 6) -> bytes:
    sign = {"<": b"II*\0", ">": b"MM\0*"}[order]
    return sign + struct.pack(f"{order}IHHHIHHI", 8, 1, tag, kind, count, value, 0, 0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_orientation_that_pillow_writes_is_read(orientation: int):
    exif = Image.Exif()
    exif[0x010F] = "a maker"
    exif[0x0112] = orientation
    assert orientation_of(exif.tobytes()[6:]) == orientation


@pytest.mark.parametrize("order", "<>")
def test_both_byte_orders_are_read(order: str):
    assert orientation_of(block(order, value=8)) == 8


def test_without_a_note_a_picture_stands_upright():
    assert orientation_of(block("<", tag=0x0100)) == 1
    assert orientation_of(block("<", value=0)) == 1


BROKEN = [b"", b"II*\0", b"XX*\0" + block("<")[4:], block("<")[:-9], b"II*\0\xff\xff\xff\xff"]
IMPOSSIBLE = [block("<", value=9), block("<", kind=4), block("<", count=2)]


@pytest.mark.parametrize("broken", [*BROKEN, *IMPOSSIBLE])
def test_what_cannot_be_parsed_is_told(broken: bytes):
    with pytest.raises(ValueError, match="EXIF"):
        orientation_of(broken)


@given(st.binary(max_size=200), st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b""]))
def test_any_bytes_give_an_orientation_or_that_error(rest: bytes, head: bytes):
    with suppress(ValueError):
        assert 1 <= orientation_of(head + rest) <= 8
