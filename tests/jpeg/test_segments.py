"""The walk over marker segments: what it finds in honest files, and that it ends soon in any other."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jpeg_files import file_bytes, frame_header, smooth_picture, tables_in
from jpeg_fixtures import END, PICTURE, exif, fixtures, plain, segment, with_segment
from PIL import Image

from jpegproof.jpeg.segments import MAX_SEGMENTS, FrameComponent, Scan, read_structure


def test_an_ordinary_file_is_read_to_its_end():
    data = plain()
    found = read_structure(data)
    assert found.frame is not None
    assert (found.frame.kind, found.frame.precision, found.frame.height, found.frame.width) == (0, 8, 45, 70)
    layers = FrameComponent(1, 2, 2, 0), FrameComponent(2, 1, 1, 1), FrameComponent(3, 1, 1, 1)
    assert found.frame.components == layers
    assert found.scans == [Scan((1, 2, 3), 0, 63, 0)]
    assert found.tables == set(tables_in(data))
    assert (found.frames, found.end, found.jfif, found.huffman_tables) == (1, len(data), True, True)
    assert (found.exif, found.adobe_transform, found.icc, found.several_pictures) == (None, None, False, False)
    assert (found.restart_interval, found.late_height) == (0, False)


def test_progressive_scans_are_read_with_their_bands_and_bits():
    found = read_structure(plain(progressive=True))
    assert found.frame is not None
    assert found.frame.progressive
    # libjpeg's own script for three components (jpeg_simple_progression).
    assert found.scans == [
        Scan((1, 2, 3), 0, 0, 1),
        Scan((1,), 1, 5, 2),
        Scan((3,), 1, 63, 1),
        Scan((2,), 1, 63, 1),
        Scan((1,), 6, 63, 2),
        Scan((1,), 1, 63, 1),
        Scan((1, 2, 3), 0, 0, 0),
        Scan((3,), 1, 63, 0),
        Scan((2,), 1, 63, 0),
        Scan((1,), 1, 63, 0),
    ]


@pytest.mark.parametrize(
    ("name", "kind", "precision"),
    [
        ("lossless", 3, 8),
        ("arithmetic coding", 9, 8),
        ("12 bits", 1, 12),
        ("hierarchical", 5, 8),
        ("wide tables", 1, 8),
    ],
)
def test_the_coding_is_told_from_the_frames_marker(name: str, kind: int, precision: int):
    frame = read_structure(fixtures()[name]).frame
    assert frame is not None
    assert (frame.kind, frame.precision) == (kind, precision)
    assert (frame.lossless, frame.arithmetic, frame.progressive) == (kind == 3, kind > 8, False)


def test_what_applications_wrote_is_found():
    files = {name: read_structure(data) for name, data in fixtures().items() if data[:2] == b"\xff\xd8"}
    assert {name for name, found in files.items() if found.icc} == {"icc profile"}
    assert {name for name, found in files.items() if found.several_pictures} == {"several pictures"}
    assert {name for name, found in files.items() if found.exif} == {"rotated", "unreadable exif"}
    transforms = {name: found.adobe_transform for name, found in files.items() if found.adobe_transform is not None}
    assert transforms == {"adobe cmyk": 0, "ycck": 2, "stored as rgb": 0}
    assert files["rotated"].exif == exif(6)[6:]


def test_restart_markers_are_counted_and_their_order_checked():
    found = read_structure(fixtures()["restart markers"])
    assert (found.restart_interval, found.restarts, found.restarts_in_order) == (5, 2, True)
    assert not read_structure(fixtures()["restart markers out of order"]).restarts_in_order
    many = read_structure(file_bytes(PICTURE.resize((400, 400)), restart_marker_blocks=1))
    assert (many.restarts, many.restarts_in_order) == (25 * 25 - 1, True)


def test_the_end_is_that_of_the_first_picture():
    assert read_structure(plain() + b"more").end == len(plain())
    assert read_structure(plain()[:-2]).end is None


def test_fill_bytes_and_garbage_between_segments_are_passed_over():
    data = plain()
    padded = data[:2] + b"\xff" * 50 + data[3:]
    assert read_structure(padded).frame == read_structure(data).frame
    assert read_structure(data[:2] + b"garbage" + data[2:]).frame == read_structure(data).frame


def test_markers_inside_a_payload_are_not_taken_for_markers():
    hidden = with_segment(plain(), 0xFE, segment(*frame_header(plain())[::2]) + END)  # pyright: ignore[reportArgumentType]
    found = read_structure(hidden)
    assert (found.frames, found.end) == (1, len(hidden))


def test_what_does_not_begin_as_a_jpeg_is_refused():
    with pytest.raises(ValueError, match="do not begin as a JPEG does"):
        read_structure(b"\x89PNG")


@given(st.binary(max_size=300))
@example(b"\xff\xc0")
@example(b"\xff\xc0\x00\x09\x08\x00\x01\x00\x01\xff")
@example(b"\xff\xda\x00\x02")
@example(b"\xff\xdb\x00\x03\x00")
def test_any_bytes_are_walked_without_an_exception(rest: bytes):
    found = read_structure(b"\xff\xd8" + rest)
    assert found.end is None or found.end <= len(rest) + 2
    assert found.scan_start is None or found.scan_start <= len(rest) + 2


@pytest.mark.parametrize(
    "unit",
    [
        b"\xff",
        b"\xff\x00",
        bytes.fromhex("ffd0ffd1ffd2ffd3ffd4ffd5ffd6ffd7"),
        b"\x00",
        b"\xff\xfe\x00\x02",
        b"\xff\xda\x00\x02",
        b"\xff\xdb\x00\x03\x00",
    ],
    ids=lambda unit: unit.hex(),
)
def test_the_walk_is_over_soon_whatever_is_repeated(unit: bytes):
    head = b"\xff\xd8" + segment(0xDD, b"\x00\x01") + segment(0xDA, bytes([1, 1, 0, 0, 63, 0]))
    begun = time.process_time()
    found = read_structure(head + unit * (2_000_000 // len(unit)))
    # 2 seconds, where what grows with the square of the length would take hours.
    assert time.process_time() - begun < 2
    assert found.segments <= MAX_SEGMENTS


def test_a_picture_of_another_size_has_that_size():
    frame = read_structure(file_bytes(Image.fromarray(smooth_picture(300, 1000)))).frame
    assert frame is not None
    assert (frame.height, frame.width) == (300, 1000)
