"""What is refused by its headers is what libjpeg refuses too, bombs apart."""

from __future__ import annotations

import random
from io import BytesIO

import pytest
from jpeg_fixtures import fixtures
from mutations import mutated
from PIL import Image

from jpegproof.jpeg.refusals import refusal_of
from jpegproof.jpeg.segments import read_structure

BOUNDS = {"scan bomb", "segment bomb", "too large", "impossible size", "cut off"}


def opens(data: bytes) -> bool:
    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as image:
            image.load()
    except Exception:
        return False
    return True


@pytest.mark.filterwarnings("ignore")
def test_damaged_files_are_refused_only_where_libjpeg_refuses_them():
    files = [data for data in fixtures().values() if data[:2] == b"\xff\xd8" and len(data) < 10_000]
    dice, refused, opened = random.Random(0), 0, 0
    for number in range(1500):
        data = mutated(files[number % len(files)], files, dice)
        if data[:2] != b"\xff\xd8":
            continue
        refusal = refusal_of(read_structure(data), len(data), max_pixels=100_000)
        if refusal is None:
            opened += 1
        elif refusal.hazard not in BOUNDS:
            refused += 1
            assert not opens(data), refusal
    # Both happen often, or this says nothing.
    assert refused > 200
    assert opened > 200
