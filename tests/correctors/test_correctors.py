"""The contract that every corrector is under, what each kind promises besides, and rounding to pixels."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from jpeg_files import file_bytes, noise_picture, smooth_picture
from PIL import Image
from real_photographs import real_folder
from safetensors.torch import save_file
from small_training import thin_corrector
from thin_qgac import thin_qgac_file
from tiny_dncnn import dncnn_file, dncnn_state

from jpegproof.correctors.default import corrector_bytes
from jpegproof.correctors.find import KINDS, find_corrector
from jpegproof.correctors.identity import Identity
from jpegproof.correctors.off_the_shelf import Channels, OffTheShelf
from jpegproof.correctors.protocol import Corrector, to_pixels
from jpegproof.exceptions import JpegproofError, MissingExtraError, UnknownNameError, WeightsError
from jpegproof.jpeg.codec import DecodedJpeg, decode, encode
from jpegproof.jpeg.compression import Compression

CPU = torch.device("cpu")


def thin_corrector_file(folder: Path) -> Path:
    """A corrector of ours with few channels, from a file."""
    corrector = thin_corrector(awake=True)
    path = folder / "thin.safetensors"
    path.write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))
    return path


# Of each kind that a user can name, at least one; a new kind is under contract the day it is listed here and in KINDS.
BUILDERS: dict[str, Callable[[Path], Corrector]] = {
    "identity": lambda folder: find_corrector("identity", None, {}, CPU),
    "spandrel on luma": lambda folder: find_corrector("spandrel", str(dncnn_file(folder)), {}, CPU),
    "spandrel on each": lambda folder: find_corrector("spandrel", str(dncnn_file(folder)), {"channels": "each"}, CPU),
    "spandrel on rgb": lambda folder: find_corrector("spandrel", str(dncnn_file(folder, channels=3)), {}, CPU),
    "spandrel in bfloat16": lambda folder: find_corrector(
        "spandrel", str(dncnn_file(folder)), {"precision": "bfloat16"}, CPU
    ),
    "jpegproof by default": lambda folder: find_corrector("jpegproof", None, {}, CPU),
    "jpegproof from a file": lambda folder: find_corrector("jpegproof", str(thin_corrector_file(folder)), {}, CPU),
    "qgac from a file": lambda folder: find_corrector("qgac", str(thin_qgac_file(folder)), {}, CPU),
    "qgac of the first paper": lambda folder: find_corrector("qgac", str(thin_qgac_file(folder, "qgac")), {}, CPU),
    "qgac in bfloat16": lambda folder: find_corrector(
        "qgac", str(thin_qgac_file(folder)), {"precision": "bfloat16"}, CPU
    ),
    "jpegproof in bfloat16": lambda folder: find_corrector("jpegproof", None, {"precision": "bfloat16"}, CPU),
}
SIZES = [(1, 1), (1, 9), (7, 1), (8, 8), (33, 47), (64, 40), (33, 47)]
WEIGHTS = torch.tensor([0.299, 0.587, 0.114])


def jpeg(height: int, width: int, quality: int = 20, seed: int = 0) -> DecodedJpeg:
    return decode(encode(smooth_picture(height, width, seed), Compression(quality=quality)))


def chroma(picture: torch.Tensor) -> torch.Tensor:
    """Blue and red minus luma: what Cb and Cr are multiples of."""
    luma = torch.einsum("c,chw->hw", WEIGHTS, picture)
    return torch.stack([picture[2] - luma, picture[0] - luma])


@pytest.fixture(params=BUILDERS)
def corrector(request: pytest.FixtureRequest, tmp_path: Path) -> Corrector:
    return BUILDERS[request.param](tmp_path)


# The contract


def test_every_kind_is_under_contract():
    assert {name.partition(" ")[0] for name in BUILDERS} == set(KINDS)


def test_every_size_keeps_its_size_and_range(corrector: Corrector):
    images = [jpeg(*size, seed=seed) for seed, size in enumerate(SIZES)]
    answers = corrector(images)
    assert corrector.scale == 1
    assert [tuple(answer.shape) for answer in answers] == [(3, *size) for size in SIZES]
    for answer in answers:
        assert answer.dtype == torch.float32
        assert 0 <= float(answer.min()) <= float(answer.max()) <= 1


def test_extreme_pictures_stay_in_range(corrector: Corrector):
    for pixels in (np.zeros((16, 16, 3), np.uint8), np.full((16, 16, 3), 255, np.uint8), noise_picture(16, 16)):
        (answer,) = corrector([decode(encode(pixels, Compression(quality=100)))])
        assert 0 <= float(answer.min()) <= float(answer.max()) <= 1
        assert torch.isfinite(answer).all()


def test_a_corrector_answers_the_same_alone_and_in_company(corrector: Corrector):
    images = [jpeg(*size, seed=seed) for seed, size in enumerate(SIZES)]
    together = corrector(images)
    alone = [corrector([image])[0] for image in images]
    backwards = corrector(images[::-1])[::-1]
    for first, second, third in zip(together, alone, backwards, strict=True):
        assert torch.equal(first, second)
        assert torch.equal(first, third)


def test_no_pictures_have_no_answers(corrector: Corrector):
    assert corrector([]) == []


def test_the_inputs_stay_untouched_and_unshared(corrector: Corrector):
    image = jpeg(24, 31)
    before = image.pixels.copy()
    first = corrector([image])[0].clone()
    corrector([image])[0].zero_()
    assert (image.pixels == before).all()
    assert torch.equal(corrector([image])[0], first)


def test_an_answer_can_be_learnt_from(corrector: Corrector):
    layer = torch.nn.Conv2d(3, 1, 1)
    layer(corrector([jpeg(9, 9)])[0][None]).sum().backward()
    assert layer.weight.grad is not None


def test_a_description_is_plain_data_that_json_can_hold(corrector: Corrector):
    assert json.loads(json.dumps(dict(corrector.describe()))) == dict(corrector.describe())


def test_descriptions_of_different_correctors_differ(tmp_path: Path):
    described = [json.dumps(dict(build(tmp_path).describe()), sort_keys=True) for build in BUILDERS.values()]
    assert len(set(described)) == len(described)


def test_a_description_follows_the_weights_and_not_their_place(tmp_path: Path):
    first = dncnn_file(tmp_path)
    copied, changed = tmp_path / "copied.safetensors", tmp_path / "changed.safetensors"
    copied.write_bytes(first.read_bytes())
    save_file({key: value * 1.001 for key, value in dncnn_state().items()}, changed)
    described = [OffTheShelf(path).describe() for path in (first, copied, changed)]
    assert described[0] == described[1] != described[2]


# What each kind promises


def test_the_identity_answers_with_the_pixels_as_decoded():
    image = jpeg(21, 34)
    assert (to_pixels(Identity()([image])[0]) == image.pixels).all()


def test_a_luma_network_is_run_on_luma_unless_told_otherwise(tmp_path: Path):
    assert OffTheShelf(dncnn_file(tmp_path)).channels == "luma"
    assert OffTheShelf(dncnn_file(tmp_path, channels=3)).channels == "rgb"


def test_luma_correction_leaves_chroma_as_decoded(tmp_path: Path):
    # Mid greys with a touch of colour, so that nothing is clamped.
    pixels = (128 + smooth_picture(40, 56).astype(int) // 8 - 16).astype(np.uint8)
    image = decode(encode(pixels, Compression(quality=30)))
    (answer,) = OffTheShelf(dncnn_file(tmp_path))([image])
    assert 0 < float(answer.min()) < float(answer.max()) < 1
    assert (answer - image.tensor()).abs().max() > 0.01
    assert torch.allclose(chroma(answer), chroma(image.tensor()), atol=1e-6)


def network_of(state: dict[str, torch.Tensor]) -> Callable[[torch.Tensor], torch.Tensor]:
    """DnCNN written out: convolutions with rectifiers between them, and the picture minus what comes out."""

    def run(planes: torch.Tensor) -> torch.Tensor:
        x = planes
        for layer in range(8):
            weight, bias = (state[f"model.{2 * layer}.{part}"] for part in ("weight", "bias"))
            x = torch.nn.functional.conv2d(x, weight, bias, padding=1)
            x = x.relu() if layer < 7 else x
        return planes - x

    return run


@pytest.mark.parametrize("channels", ["luma", "each", "rgb"])
def test_the_network_gets_what_it_was_trained_on(channels: Channels, tmp_path: Path):
    count = 3 if channels == "rgb" else 1
    image = jpeg(19, 26)
    (answer,) = OffTheShelf(dncnn_file(tmp_path, channels=count), channels=channels)([image])
    picture, run = image.tensor(), network_of(dncnn_state(count))
    if channels == "rgb":
        expected = run(picture[None])[0]
    elif channels == "each":
        expected = run(picture[:, None])[:, 0]
    else:
        luma = torch.einsum("c,chw->hw", WEIGHTS, picture)
        expected = picture + (run(luma[None, None])[0, 0].clamp(0, 1) - luma)
    assert (expected - picture).abs().mean() > 1e-3
    assert torch.allclose(answer, expected.clamp(0, 1), atol=1e-5)


def test_luma_correction_of_a_grey_picture_is_the_networks_own_answer(tmp_path: Path):
    grey = Image.fromarray(smooth_picture(30, 22)).convert("L")
    image = decode(file_bytes(grey, quality=20))
    (answer,) = OffTheShelf(dncnn_file(tmp_path))([image])
    expected = network_of(dncnn_state())(image.tensor()[:1][None])
    assert torch.allclose(answer, expected[0].clamp(0, 1).expand(3, -1, -1), atol=1e-5)


def test_bfloat16_is_close_to_float32_and_not_the_same(tmp_path: Path):
    path, image = dncnn_file(tmp_path), jpeg(64, 80)
    (full,), (half,) = OffTheShelf(path)([image]), OffTheShelf(path, precision="bfloat16")([image])
    assert half.dtype == torch.float32
    assert 0 < (full - half).abs().mean() < 0.5 / 255
    assert (full - half).abs().max() < 4 / 255


# What is refused


@pytest.mark.parametrize(
    ("inputs", "channels", "fit"),
    [(1, "rgb", "luma or each"), (3, "luma", "rgb"), (3, "each", "rgb"), (1, "blue", "l")],
)
def test_channels_that_do_not_fit_the_network_are_answered_with_those_that_do(
    inputs: int, channels: Channels, fit: str, tmp_path: Path
):
    with pytest.raises(
        WeightsError, match=f"network of {inputs} channels, so channels must be {fit}.*not '{channels}'"
    ):
        OffTheShelf(dncnn_file(tmp_path, channels=inputs), channels=channels)


def test_an_unknown_precision_is_answered_with_the_known_ones(tmp_path: Path):
    with pytest.raises(WeightsError, match="precision 'float16' is not known; use float32 or bfloat16"):
        find_corrector("spandrel", str(dncnn_file(tmp_path)), {"precision": "float16"}, CPU)


@pytest.mark.parametrize(("inputs", "outputs"), [(2, 2), (3, 1)])
def test_a_network_of_other_channels_is_refused(inputs: int, outputs: int, tmp_path: Path):
    with pytest.raises(WeightsError, match=r"is a network from \d to \d channels"):
        OffTheShelf(dncnn_file(tmp_path, channels=inputs, outputs=outputs))


@pytest.mark.parametrize("change", ["other keys", "a misshapen layer", "a missing bias", "an extra key"])
def test_a_file_of_no_known_architecture_is_refused(change: str, tmp_path: Path):
    state = dncnn_state()
    if change == "other keys":
        state = {f"own.{key}": value for key, value in state.items()}
    elif change == "a misshapen layer":
        state["model.4.weight"] = torch.zeros(5)
    elif change == "a missing bias":
        del state["model.14.bias"]
    else:
        state["model.14.scale"] = torch.zeros(1)
    path = tmp_path / "own.safetensors"
    save_file(state, path)
    with pytest.raises(WeightsError, match=r"own\.safetensors: is of no restoration architecture") as caught:
        OffTheShelf(path)
    assert "()" not in str(caught.value)


def test_a_network_that_enlarges_is_refused(tmp_path: Path):
    state = {}
    for place, (inputs, outputs) in {0: (3, 8), 2: (8, 8), 4: (8, 12)}.items():  # Compact, twice as large
        state[f"body.{place}.weight"] = torch.zeros(outputs, inputs, 3, 3)
        state[f"body.{place}.bias"] = torch.zeros(outputs)
    state |= {f"body.{place}.weight": torch.zeros(8) for place in (1, 3)}
    save_file(state, tmp_path / "twice.safetensors")
    with pytest.raises(WeightsError, match="enlarges 2 times; a corrector here keeps the size"):
        OffTheShelf(tmp_path / "twice.safetensors")


def test_the_file_itself_is_checked_as_all_weights_are(tmp_path: Path):
    with pytest.raises(WeightsError, match="no such weights file"):
        find_corrector("spandrel", str(tmp_path / "gone.pth"), {}, CPU)
    for kind in ("spandrel", "qgac"):
        with pytest.raises(WeightsError, match=f"needs the file of its weights: {kind}:FILE"):
            find_corrector(kind, None, {}, CPU)


def test_a_mistyped_kind_is_answered_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match=r"corrector 'spandrell' is not known\. Did you mean 'spandrel'\?"):
        find_corrector("spandrell", None, {}, CPU)


def test_a_missing_spandrel_is_answered_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = dncnn_file(tmp_path)
    monkeypatch.setitem(sys.modules, "spandrel", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'jpegproof\[spandrel\]'"):
        OffTheShelf(path)
    assert issubclass(MissingExtraError, JpegproofError)


# Rounding


@given(st.integers(0, 255), st.floats(-0.49, 0.49))
def test_a_value_is_rounded_to_the_nearest_of_256(level: int, off: float):
    picture = torch.full((3, 2, 4), (level + off) / 255, dtype=torch.float64)
    pixels = to_pixels(picture)
    assert (pixels.shape, pixels.dtype) == ((2, 4, 3), np.uint8)
    assert (pixels == level).all()


def test_values_outside_are_clamped_and_not_wrapped():
    picture = torch.tensor([-5.0, -0.001, 1.001, 300.0]).expand(3, 1, 4)
    assert to_pixels(picture)[0, :, 0].tolist() == [0, 0, 255, 255]


def test_channels_come_last_and_the_picture_stays_untouched():
    picture = torch.rand(3, 5, 7, generator=torch.Generator().manual_seed(0))
    before = picture.clone()
    pixels = to_pixels(picture)
    assert torch.equal(picture, before)
    assert pixels.flags.c_contiguous
    assert (pixels == np.rint(before.permute(1, 2, 0).numpy() * 255)).all()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_is_refused(value: float):
    picture = torch.zeros(3, 2, 2)
    picture[1, 1, 0] = value
    with pytest.raises(ValueError, match="not finite"):
        to_pixels(picture)


def test_every_8_bit_picture_comes_through():
    pixels = noise_picture(16, 16)
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)
    assert (to_pixels(tensor.float() / 255) == pixels).all()
    assert (to_pixels((tensor.float() / 255).requires_grad_()) == pixels).all()


# The real network


@pytest.mark.real
@pytest.mark.slow
def test_the_real_dncnn_reaches_its_published_score():
    """Classic5 at quality 10: 29.40 dB in the paper's table, 29.41 measured with the file's converter."""
    real = real_folder()
    corrector = OffTheShelf(real / "weights" / "dncnn3.safetensors")

    def score(first: np.ndarray, second: np.ndarray) -> float:
        return float(10 * np.log10(255**2 / np.mean((first.astype(float) - second.astype(float)) ** 2)))

    without, corrected = [], []
    for path in sorted((real / "classic5").glob("*.png")):
        grey = Image.open(path).convert("L")
        image = decode(file_bytes(grey, quality=10))
        without.append(score(image.pixels[..., 0], np.asarray(grey)))
        corrected.append(score(to_pixels(corrector([image])[0])[..., 0], np.asarray(grey)))
    assert len(without) == 5
    assert np.mean(without) == pytest.approx(27.82, abs=0.01)
    assert np.mean(corrected) == pytest.approx(29.41, abs=0.01)
