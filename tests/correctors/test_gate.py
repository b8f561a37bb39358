"""The gate: coarse pictures go to the corrector, good ones stay as they are to the last bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from hidden_saves import hide
from jpeg_files import file_bytes, smooth_picture
from PIL import Image

from jpegproof.correctors.gate import Gate, Gated, default_gate, gated
from jpegproof.correctors.protocol import to_pixels
from jpegproof.jpeg.codec import DecodedJpeg, Pixels, decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.tables import luma_table

GATE = Gate(((1, 60), (2, 40), (8, 0)))


class Marker:
    """Answers a darker picture and remembers what it was given."""

    scale = 1

    def __init__(self) -> None:
        self.seen: list[DecodedJpeg] = []

    def __call__(self, images: Sequence[DecodedJpeg]) -> list[torch.Tensor]:
        self.seen += images
        return [image.tensor() / 2 for image in images]

    def describe(self) -> dict[str, str]:
        return {"kind": "marker"}


def jpeg(quality: int, pixels: Pixels | None = None) -> DecodedJpeg:
    return decode(encode(smooth_picture(40, 56) if pixels is None else pixels, Compression("jpeg", quality)))


@pytest.mark.parametrize(("quality", "opens"), [(10, True), (59, True), (60, False), (95, False)])
def test_the_files_tables_open_and_close_it(quality, opens):
    image, marker = jpeg(quality), Marker()
    answer = Gated(marker, GATE)([image])[0]
    assert bool(marker.seen) == opens
    assert torch.equal(answer, image.tensor() / 2 if opens else image.tensor())


def test_each_picture_is_judged_for_itself():
    images = [jpeg(10), jpeg(95), jpeg(20)]
    marker = Marker()
    answers = Gated(marker, GATE)(images)
    assert [image.header.quality.quality for image in marker.seen] == [10, 20]
    assert torch.equal(answers[1], images[1].tensor())


def test_the_more_a_picture_is_shrunk_afterwards_the_coarser_it_must_be():
    assert GATE.limit(1) == 60
    assert GATE.limit(0.5) == 60  # enlarging does not heal
    assert GATE.limit(2) == 40
    assert GATE.limit(4) == pytest.approx(20)
    assert GATE.limit(8) == GATE.limit(100) == 0
    image = jpeg(50)
    assert GATE.admits(image) is not None
    assert GATE.admits(image, downscale=2) is None


@pytest.mark.parametrize("cut", [(0, 0), (3, 6)])
def test_a_hidden_coarse_save_is_corrected_as_what_it_was(cut, monkeypatch):
    offset = (-cut[0] % 8, -cut[1] % 8)
    hide(monkeypatch, 20, offset)
    image, marker = jpeg(95), Marker()
    answer = Gated(marker, GATE)([image])[0]
    given = marker.seen[0]
    assert np.array_equal(given.header.luma, luma_table(20))
    assert given.header.size == given.pixels.shape[:2]
    # Its first whole block begins where the earlier save's did.
    assert given.pixels.shape[0] == 40 + cut[0]
    assert np.array_equal(given.pixels[cut[0] :, cut[1] :], image.pixels)
    assert torch.equal(answer, image.tensor() / 2)


def test_a_hidden_save_that_is_good_enough_stays_as_it_is(monkeypatch):
    hide(monkeypatch, 70)
    assert GATE.admits(jpeg(95)) is None


@pytest.mark.parametrize(
    ("found", "downscale", "opens"), [(29, 1, True), (30, 1, False), (21, 4, False), (19, 4, True)]
)
def test_a_hidden_save_must_be_coarser_than_a_limit_of_its_own_and_than_the_files(found, downscale, opens, monkeypatch):
    gate = Gate(GATE.limits, hidden=30)
    hide(monkeypatch, found)
    assert (gate.admits(jpeg(95), downscale) is not None) == opens
    assert gate.admits(jpeg(50)) is not None  # the file's own tables say enough


def test_a_picture_that_stays_as_it_is_keeps_every_bit():
    every_value = np.arange(256, dtype=np.uint8).repeat(12).reshape(32, 32, 3)
    image = replace(jpeg(95), pixels=every_value)
    assert np.array_equal(to_pixels(Gated(Marker(), GATE)([image])[0]), every_value)


def test_pixels_are_not_asked_where_the_file_says_enough(monkeypatch):
    def never(*_):
        raise AssertionError("the pixels were asked")

    monkeypatch.setattr("jpegproof.correctors.gate.earlier_save", never)
    assert GATE.admits(jpeg(20)) is not None
    assert GATE.admits(jpeg(95), downscale=8) is None
    shrunk = replace(jpeg(95), header=replace(jpeg(95).header, shrunk=2.0))
    assert GATE.admits(shrunk) is None


@pytest.mark.parametrize(("mode", "quality", "opens"), [("RGB", 50, True), ("RGB", 70, False), ("CMYK", 5, False)])
def test_a_file_of_other_planes_is_judged_by_its_one_table_or_left_alone(mode, quality, opens, monkeypatch):
    hide(monkeypatch, 20)
    picture = Image.fromarray(smooth_picture(40, 56)).convert(mode)
    image = decode(file_bytes(picture, quality=quality, keep_rgb=True))
    assert (GATE.admits(image) is not None) == opens


def test_its_description_names_the_corrector_and_the_limits():
    one, other = Gated(Marker(), GATE), Gated(Marker(), Gate(((1, 50),)))
    assert one.describe() != other.describe()
    assert one.describe() != Gated(Marker(), GATE, downscale=2).describe()
    assert one.describe() != Gated(Marker(), Gate(GATE.limits, hidden=30)).describe()
    assert one.describe()["gated"] == {"kind": "marker"}


@pytest.mark.parametrize("limits", [(), ((2, 50),), ((1, 50), (1, 40)), ((1, 50), (4, 20), (2, 30))])
def test_limits_out_of_order_are_refused(limits):
    with pytest.raises(ValueError, match="rise from 1"):
        Gate(limits)


def test_a_corrector_that_enlarges_has_no_gate():
    marker = Marker()
    marker.scale = 2
    with pytest.raises(ValueError, match="enlarges 2 times"):
        gated(marker)


def test_the_shipped_gate_closes_for_what_is_good_and_for_what_will_be_small():
    gate = default_gate()
    assert gate.admits(jpeg(10)) is not None
    assert gate.admits(jpeg(95)) is None
    assert gate.limit(16) <= 1
    assert 10 < gate.hidden <= 51  # a hidden save may be the original itself
