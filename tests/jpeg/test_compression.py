"""What a compression may say, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from jpegproof.jpeg.compression import ORIGINAL, Compression
from jpegproof.jpeg.tables import chroma_table, luma_table

STEPS = tuple(range(1, 65))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "a quality or its own tables"),
        ({"quality": 50, "tables": (STEPS,)}, "a quality or its own tables"),
        ({"quality": 0}, "0 is not a libjpeg quality; use a whole number from 1 to 100"),
        ({"quality": 101}, "101 is not a libjpeg quality"),
        ({"quality": 95.5}, "95.5 is not a libjpeg quality"),
        ({"quality": "50"}, "'50' is not a libjpeg quality"),
        ({"quality": 50, "subsampling": "4:1:1"}, "'4:1:1' is not known; use one of 4:4:4, 4:2:2, 4:2:0"),
        ({"quality": 50, "codec": "jpeg2000"}, "codec 'jpeg2000' is not known"),
        ({"tables": ()}, "0 quantisation tables given; use one"),
        ({"tables": (STEPS,) * 3}, "3 quantisation tables given"),
        ({"tables": (STEPS, STEPS[:63])}, "table 1 must be 64 whole numbers from 1 to 255"),
        ({"tables": ((0, *STEPS[1:]),)}, "table 0 must be 64"),
        ({"tables": ((256, *STEPS[1:]),)}, "table 0 must be 64"),
        ({"tables": ((1.5, *STEPS[1:]),)}, "table 0 must be 64"),
    ],
)
def test_a_mistake_is_named(fields: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        Compression(**fields)


def test_the_original_is_no_compression():
    assert ORIGINAL.is_original
    assert not Compression(quality=50).is_original
    assert (ORIGINAL.label, ORIGINAL.describe()) == ("original", {"codec": ""})


def test_a_label_names_the_quality():
    assert Compression(quality=10).label == "quality 10"
    assert Compression(tables=(STEPS,)).label.startswith("own tables")


def test_own_tables_go_by_the_quality_they_are_nearest_to():
    tables: Any = (luma_table(37).ravel().tolist(), chroma_table(37).ravel().tolist())
    assert Compression(tables=tables).nominal_quality == 37
    assert Compression(quality=37).nominal_quality == 37
    assert ORIGINAL.nominal_quality is None


def test_equal_compressions_are_equal_whatever_kind_of_numbers_they_were_given():
    numbers: Any = [luma_table(30).ravel(), chroma_table(30).ravel()]
    plain = Compression(tables=tuple(tuple(int(step) for step in table) for table in numbers))
    given = Compression(tables=numbers)
    assert given == plain
    assert hash(given) == hash(plain)
    assert Compression(quality=np.int64(50)) == Compression(quality=50)  # pyright: ignore[reportArgumentType]
    assert json.dumps(given.describe()) == json.dumps(plain.describe())


def test_a_description_changes_with_every_field():
    each = [
        Compression(quality=50),
        Compression(quality=51),
        Compression(quality=50, subsampling="4:4:4"),
        Compression(quality=50, progressive=True),
        Compression(tables=(STEPS,)),
        Compression(tables=(STEPS, STEPS)),
        Compression(tables=(STEPS[::-1],)),
        ORIGINAL,
    ]
    assert len({json.dumps(compression.describe()) for compression in each}) == len(each)
