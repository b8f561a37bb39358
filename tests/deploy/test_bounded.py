"""What correction costs is decided by the model's input, whatever the upload."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hidden_saves import hide
from hypothesis import given, settings
from hypothesis import strategies as st
from jpeg_files import file_bytes, smooth_picture
from PIL import Image
from small_training import thin_corrector

import jpegproof.deploy
from jpegproof.correctors.gate import Gate, Gated
from jpegproof.correctors.protocol import to_pixels
from jpegproof.deploy.bounded import corrected_input
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.models.preparation import ResizeCrop
from jpegproof.models.shortest_side import ShortestSide

PREPARE = ResizeCrop(40, (32, 32))
CORRECTOR = thin_corrector(awake=True)
COST = CORRECTOR.network.multiply_adds_per_pixel
ROOMY = COST * 4.0


def upload(height: int, width: int, quality: int = 10) -> bytes:
    return encode(smooth_picture(height, width), Compression("jpeg", quality))


def test_a_small_upload_is_corrected_as_it_is_stored():
    data = upload(60, 72)
    done = corrected_input(data, PREPARE, CORRECTOR, budget=ROOMY)
    whole = PREPARE.frame(to_pixels(CORRECTOR([decode(data)])[0]))[0]
    plain = PREPARE.frame(decode(data).pixels)[0]
    assert (done.corrected, done.decoded_at, done.downscale) == ("source", 1, pytest.approx(1.5, abs=0.02))
    # What lies beside the part that is seen is not known to the corrector: the edge may differ a little.
    apart = np.abs(done.framed.astype(int) - whole)
    assert apart[4:-4, 4:-4].max() <= 1
    assert np.abs(plain.astype(int) - whole).mean() > 4 * apart.mean()
    assert torch.equal(done.tensor, PREPARE.normalise(done.framed))


def test_only_what_the_model_sees_is_paid_for():
    done = corrected_input(upload(60, 200), PREPARE, CORRECTOR, budget=ROOMY)
    assert done.corrected == "source"
    assert done.multiply_adds <= 64 * 80 * COST


@pytest.mark.parametrize(
    ("size", "decoded_at"), [((75, 90), 1), ((200, 160), 1), ((250, 300), 2), ((700, 500), 4), ((1000, 1040), 8)]
)
def test_a_large_upload_is_corrected_near_the_models_scale(size, decoded_at):
    done = corrected_input(upload(*size), PREPARE, CORRECTOR, budget=COST * 1.5)
    assert (done.corrected, done.decoded_at) == ("near_scale", decoded_at)
    assert done.multiply_adds == 32 * 32 * COST
    assert done.downscale == pytest.approx(min(size) / 40, rel=0.02)
    plain = PREPARE.frame(decode(upload(*size)).pixels)[0]
    assert np.abs(done.framed.astype(int) - plain).mean() < 30
    assert not np.array_equal(done.framed, plain)


@settings(max_examples=30)
@given(st.integers(16, 400), st.integers(16, 400), st.sampled_from([1.0, 1.5, 2.5]))
def test_no_upload_costs_more_than_the_budget(height, width, share):
    done = corrected_input(upload(height, width), PREPARE, CORRECTOR, budget=COST * share)
    assert 0 < done.multiply_adds <= COST * share * 32 * 32
    assert done.framed.shape == (32, 32, 3)


def test_the_network_hears_what_the_tables_amount_to_after_shrinking():
    heard = []

    class Listening(type(CORRECTOR)):
        def __call__(self, images):
            heard.extend(image.header for image in images)
            return super().__call__(images)

    corrected_input(upload(400, 400), PREPARE, Listening(CORRECTOR.network, {}), budget=COST)
    assert heard[0].shrunk == pytest.approx(10, rel=0.02)
    assert heard[0].size == (32, 32)
    assert heard[0].luma[0, 0] == pytest.approx(80 / 10, abs=0.5)


@pytest.mark.parametrize(
    "preparation", [PREPARE, ResizeCrop(40, None), ResizeCrop((30, 44), None), ShortestSide(40, 90)]
)
@settings(max_examples=25)
@given(height=st.integers(100, 700), width=st.integers(100, 700))
def test_a_picture_decoded_at_a_fraction_is_framed_to_the_size_of_the_whole(preparation, height, width):
    done = corrected_input(upload(height, width), preparation, thin_corrector(), budget=COST * 2)
    assert done.corrected == "near_scale"
    assert done.framed.shape[:2] == preparation.framed_size((height, width))


@pytest.mark.parametrize("size", [(322, 650), (650, 321), (641, 803), (327, 487)])
def test_a_picture_decoded_at_a_fraction_lies_where_the_whole_would(size):
    """Ramps, whose levels tell places: red from top to bottom, green from left to right."""
    down, across = (np.linspace(40, 200, side) for side in size)
    pixels = np.stack(np.broadcast_arrays(down[:, None], across, 128), axis=-1)
    data = encode(np.rint(pixels).astype(np.uint8), Compression("jpeg", 100, "4:4:4"))
    preparation = ResizeCrop(40, None)
    done = corrected_input(data, preparation, thin_corrector(), budget=COST * 1.5)
    assert done.corrected == "near_scale"
    assert done.decoded_at > 1
    whole = preparation.frame(decode(data).pixels)[0]
    apart = done.framed[1:-1, 1:-1].astype(float) - whole[1:-1, 1:-1]
    for ramp, side in ((apart[..., 0].mean(1), whole.shape[0]), (apart[..., 1].mean(0), whole.shape[1])):
        shift = ramp * side / 160  # in pixels of the input; a wrong scale shows most at the far end
        assert abs(shift.mean()) < 0.25
        assert abs(shift[-4:].mean()) < 0.35


def test_a_picture_of_four_inks_stays_as_it_is():
    data = file_bytes(Image.fromarray(smooth_picture(60, 72)).convert("CMYK"), quality=10)
    for gate in (None, GATE):
        for share in (1, 4):
            done = corrected_input(data, PREPARE, CORRECTOR, gate, budget=COST * share)
            assert (done.corrected, done.multiply_adds) == ("nowhere", 0)
            assert np.array_equal(done.framed, PREPARE.frame(decode(data).pixels)[0])


def test_the_public_names_are_at_hand():
    assert jpegproof.deploy.corrected_input is corrected_input
    assert set(jpegproof.deploy.__all__) <= set(vars(jpegproof.deploy))


GATE = Gate(((1, 60), (4, 20), (8, 0)))


@pytest.mark.parametrize(
    ("size", "quality", "place"),
    [
        ((48, 48), 50, "source"),
        ((48, 48), 70, "nowhere"),
        ((110, 110), 10, "near_scale"),
        ((160, 160), 30, "nowhere"),
        ((400, 400), 1, "nowhere"),
    ],
)
def test_the_gate_knows_the_coming_downscale(size, quality, place):
    data = upload(*size, quality=quality)
    done = corrected_input(data, PREPARE, CORRECTOR, GATE, budget=ROOMY if size[0] < 100 else COST)
    assert done.corrected == place
    if place == "nowhere":
        assert done.multiply_adds == 0
        if done.decoded_at == 1:
            assert np.array_equal(done.framed, PREPARE.frame(decode(data).pixels)[0])


def test_near_the_models_scale_the_gate_opens_for_coarse_saves_alone():
    wide = Gate(((1, 91), (8, 91)))
    for quality, place in ((10, "near_scale"), (20, "near_scale"), (30, "nowhere"), (80, "nowhere")):
        done = corrected_input(upload(100, 100, quality=quality), PREPARE, CORRECTOR, wide, budget=COST)
        assert done.corrected == place
    assert corrected_input(upload(100, 100, quality=80), PREPARE, CORRECTOR, budget=COST).corrected == "near_scale"
    assert corrected_input(upload(130, 130, quality=10), PREPARE, CORRECTOR, wide, budget=COST).corrected == "nowhere"


@pytest.mark.parametrize("offset", [(0, 0), (5, 2)])
def test_a_hidden_coarse_save_is_corrected_on_its_own_grid(offset, monkeypatch):
    hide(monkeypatch, 20, offset)
    data = upload(48, 56, quality=95)
    done = corrected_input(data, PREPARE, CORRECTOR, GATE, budget=ROOMY)
    whole = PREPARE.frame(to_pixels(Gated(CORRECTOR, GATE, downscale=1.2)([decode(data)])[0]))[0]
    assert done.corrected == "source"
    assert np.abs(done.framed.astype(int) - whole)[4:-4, 4:-4].max() <= 2
    assert not np.array_equal(whole, PREPARE.frame(decode(data).pixels)[0])


def test_a_hidden_coarse_save_is_found_near_the_models_scale_too(monkeypatch):
    data = upload(100, 100, quality=95)
    hide(monkeypatch, None)
    assert corrected_input(data, PREPARE, CORRECTOR, GATE, budget=COST).corrected == "nowhere"
    hide(monkeypatch, 10, (3, 3))
    assert corrected_input(data, PREPARE, CORRECTOR, GATE, budget=COST).corrected == "near_scale"


@settings(max_examples=30)
@given(st.integers(16, 400), st.integers(16, 400), st.integers(0, 7), st.integers(0, 7), st.sampled_from([1.0, 1.5, 3]))
def test_a_hidden_save_costs_no_more_than_the_budget_either(height, width, down, across, share):
    with pytest.MonkeyPatch.context() as patch:
        hide(patch, 5, (down, across))
        done = corrected_input(upload(height, width, 95), PREPARE, CORRECTOR, GATE, budget=COST * share)
    assert done.multiply_adds <= COST * share * 32 * 32


def test_a_crop_without_a_resize_is_corrected_without_a_grid_where_the_units_cost_too_much():
    crop = ResizeCrop(resize=None, crop=(16, 16))
    done = corrected_input(upload(100, 100), crop, CORRECTOR, budget=COST)
    assert (done.corrected, done.downscale) == ("near_scale", 1.0)
    assert done.multiply_adds == 16 * 16 * COST


def test_odd_inputs_are_paid_for_in_whole_blocks():
    with pytest.raises(ValueError, match="more than the budget"):
        corrected_input(upload(3, 3), ResizeCrop(None, None), CORRECTOR, budget=COST * 2)


@pytest.mark.slow
def test_mutated_uploads_are_corrected_or_refused():
    random = np.random.default_rng(0)
    refused = 0
    for number in range(300):
        data = bytearray(upload(60, 72, quality=10 + number % 80))
        for place in random.integers(0, len(data), 1 + number % 5):
            data[place] = random.integers(256)
        end = int(random.integers(len(data) // 2, len(data))) if number % 3 == 0 else len(data)
        try:
            done = corrected_input(bytes(data[:end]), PREPARE, CORRECTOR)
        except UnusablePictureError:
            refused += 1
        else:
            assert done.framed.shape == (32, 32, 3)
    assert 0 < refused < 300


def test_a_corrector_that_changes_nothing_leaves_the_path_of_use():
    idle = thin_corrector()
    data = upload(60, 72)
    done = corrected_input(data, PREPARE, idle, budget=idle.network.multiply_adds_per_pixel * 4)
    assert np.array_equal(done.framed, PREPARE.frame(decode(data).pixels)[0])


def test_the_files_own_bytes_stay_whole_and_other_bytes_are_refused():
    for bad in (b"", b"no picture", upload(40, 40)[:200]):
        with pytest.raises(UnusablePictureError, match="cannot be decoded"):
            corrected_input(bad, PREPARE, CORRECTOR, budget=ROOMY)


def test_a_budget_below_the_inputs_own_cost_is_refused():
    with pytest.raises(ValueError, match="more than the budget"):
        corrected_input(upload(40, 40), PREPARE, CORRECTOR, budget=COST / 2)
