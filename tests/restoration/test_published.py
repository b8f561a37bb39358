"""Published numbers have a source, and stand only beside the sets that they are of."""

from __future__ import annotations

from collections import Counter

import pytest

from jpegproof.exceptions import UnknownNameError
from jpegproof.restoration.published import published_for, published_rows
from jpegproof.restoration.scores import METRICS


def test_every_number_has_a_source_and_stands_once():
    rows = published_rows()
    assert {row.method for row in rows} == {"JPEG", "DnCNN-3", "QGAC", "FBCNN", "SwinIR"}
    assert all("19" in row.source or "20" in row.source for row in rows)
    places = Counter((row.dataset, row.plane, row.quality, row.method, row.metric) for row in rows)
    assert set(places.values()) == {1}
    assert all(row.metric in METRICS and row.plane in ("colour", "luma") for row in rows)
    for row in rows:
        low, high = (0.7, 1) if row.metric.startswith("ssim") else (20, 40)
        assert low < row.value < high, row


def test_no_method_has_ssim_of_both_kinds():
    kinds = {(row.method, row.metric) for row in published_rows() if row.metric.startswith("ssim")}
    assert len(kinds) == len({method for method, _ in kinds})


@pytest.mark.parametrize(("name", "pictures"), [("LIVE1", 29), ("live1_color", 29), ("Classic5", 5), ("classic-5", 5)])
def test_a_set_is_known_by_the_name_of_its_folder(name, pictures):
    rows = published_for(name, pictures)
    assert rows
    assert len({row.dataset for row in rows}) == 1


def test_another_set_or_a_part_of_one_is_refused():
    with pytest.raises(UnknownNameError, match="nothing is published of 'photos'"):
        published_for("photos", 29)
    with pytest.raises(UnknownNameError, match="29 pictures, and here are 10"):
        published_for("live1", 10)
