"""QGAC on files of every kind, and from checkpoints of every kind."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from jpeg_files import file_bytes, smooth_picture
from jpeg_fixtures import sampled
from PIL import Image
from safetensors.torch import save_file
from thin_qgac import lightning_content, thin_qgac, thin_qgac_file, without_correction

from jpegproof.correctors.find import find_corrector
from jpegproof.correctors.qgac.corrector import Qgac, Variant
from jpegproof.correctors.qgac.crab import QgacCrab
from jpegproof.correctors.qgac.planes import planes_of
from jpegproof.exceptions import MissingExtraError, WeightsError
from jpegproof.jpeg.codec import DecodedJpeg, decode
from jpegproof.jpeg.dct import to_samples
from jpegproof.jpeg.ycbcr import rgb_to_ycbcr
from jpegproof.weights import read_weights

CPU = torch.device("cpu")
PICTURE = smooth_picture(45, 70)
COLOUR = Image.fromarray(PICTURE)
VARIANTS: tuple[Variant, ...] = ("qgac_crab", "qgac")

KINDS = {
    "4:2:0": file_bytes(PICTURE, quality=40),
    "4:2:2": file_bytes(PICTURE, quality=40, subsampling="4:2:2"),
    "4:4:4": file_bytes(PICTURE, quality=40, subsampling="4:4:4"),
    "4:4:0": sampled((1, 2), (1, 1), (1, 1)),
    "4:1:1": sampled((4, 1), (1, 1), (1, 1)),
    "4:1:0": sampled((4, 2), (1, 1), (1, 1)),
    "progressive": file_bytes(PICTURE, quality=40, progressive=True),
    "RGB in the file": file_bytes(PICTURE, quality=40, keep_rgb=True),
    "CMYK": file_bytes(COLOUR.convert("CMYK"), quality=90),
    "grey": file_bytes(COLOUR.convert("L"), quality=40),
    "an odd number of blocks": file_bytes(smooth_picture(149, 227), quality=40),
    "one pixel": file_bytes(PICTURE[:1, :1]),
}


def sent_through(network: torch.nn.Module, image: DecodedJpeg, source: str = "file") -> torch.Tensor:
    return Qgac(network, {}, source)([image])[0]  # type: ignore[arg-type]


@pytest.mark.parametrize("source", ["file", "pixels", "pixels of a read-only picture"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_network_that_adds_nothing_gives_the_decoded_picture_of_any_file(kind: str, source: str):
    image = decode(KINDS[kind])
    if source.endswith("picture"):
        image = replace(image, data=None)
    network = without_correction(thin_qgac(repaired=True))
    answer = sent_through(network, image, source.split()[0])
    assert answer.shape == (3, *image.pixels.shape[:2])
    away = (answer - image.tensor()).abs() * 255
    # Chroma that is not halved in both directions in the file is averaged here.
    assert away.mean() < (0.8 if kind in ("4:2:0", "progressive", "grey", "one pixel") else 4)


def test_grey_stays_grey():
    answer = sent_through(thin_qgac(), decode(KINDS["grey"]))
    assert torch.equal(answer[0], answer[1])
    assert torch.equal(answer[0], answer[2])


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        *[(kind, source) for kind in ("4:2:0", "4:2:2", "4:4:4", "4:4:0", "4:1:1") for source in ("file", "pixels")],
        ("4:1:0", "file"),
        ("RGB in the file", "file"),
    ],
)
def test_planes_are_the_pictures_luma_and_its_chroma_at_half_the_size(kind: str, source: str):
    image = decode(KINDS[kind])
    luma, chroma = planes_of(image, source)  # type: ignore[arg-type]
    assert luma.shape == (1, 48, 80)
    assert chroma is not None
    assert chroma.shape == (2, 24, 40)
    expected = rgb_to_ycbcr(torch.from_numpy(image.pixels.copy()).permute(2, 0, 1).float())
    assert (to_samples(luma)[0, :45, :70] + 128 - expected[0]).abs().mean() < 1
    halved = torch.nn.functional.avg_pool2d(expected[1:, :44], 2)
    assert (to_samples(chroma)[:, :22, :35] + 128 - halved).abs().mean() < 1


def test_blocks_of_the_file_stay_exact_where_the_picture_is_filled_up():
    image = decode(KINDS["an odd number of blocks"])
    luma, _ = planes_of(image, "file")
    assert luma.shape == (1, 160, 240)
    steps = torch.from_numpy(np.tile(image.header.luma, (19, 29))).float()
    quantised = luma[0, :152, :232] / steps
    assert torch.equal(quantised, quantised.round())
    filled = to_samples(luma)[0, :152, 232:]
    assert (filled.std(dim=1) < 1e-3).all()  # the last column, repeated


@pytest.mark.parametrize("wrong", ["cut off", "of another picture"])
def test_bytes_that_do_not_fit_the_picture_are_not_used(wrong: str):
    image = decode(KINDS["4:2:0"])
    data = KINDS["4:2:0"][:80] if wrong == "cut off" else KINDS["an odd number of blocks"]
    answer = sent_through(thin_qgac(), replace(image, data=data))
    assert torch.equal(answer, sent_through(thin_qgac(), image, "pixels"))


def test_a_picture_that_was_resized_is_not_taken_for_its_file():
    image = decode(KINDS["4:2:0"])
    shrunk = replace(image, header=replace(image.header, shrunk=2.0))
    luma, _ = planes_of(shrunk, "file")
    steps = torch.from_numpy(np.tile(image.header.luma, (6, 10))).float()
    assert (luma[0] / steps).frac().abs().max() > 0.1  # not rounded to the tables' steps
    assert not torch.equal(luma, planes_of(image, "file")[0])


def test_tables_matter():
    image = decode(KINDS["4:2:0"])
    other = replace(image.header, luma=image.header.luma + 20)
    first, second = (sent_through(thin_qgac(), replace(image, header=header)) for header in (image.header, other))
    assert not torch.equal(first, second)


# Checkpoints

TELLTALE = "block_y.bias_transfrom.bias"


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("suffix", [".ckpt", ".safetensors"])
def test_a_checkpoint_is_recognised_and_loaded_whole(variant: Variant, suffix: str, tmp_path: Path):
    network = thin_qgac(variant)
    path = tmp_path / f"best{suffix}"
    if suffix == ".ckpt":
        torch.save(lightning_content(network.state_dict()), path)
    else:
        save_file(network.state_dict(), path)
    corrector = find_corrector("qgac", str(path), {}, CPU)
    image = decode(KINDS["4:2:0"])
    assert torch.equal(corrector([image])[0], sent_through(network, image))
    described = corrector.describe()
    assert (described["kind"], described["variant"], described["repaired"]) == ("qgac", variant, False)
    assert described["coefficients"] == "file"


def test_a_repaired_checkpoint_is_loaded_as_such_on_request(tmp_path: Path):
    path = thin_qgac_file(tmp_path, repaired=True)
    corrector = find_corrector("qgac", str(path), {"repaired": True}, CPU)
    image = decode(KINDS["4:2:0"])
    assert torch.equal(corrector([image])[0], sent_through(thin_qgac(repaired=True), image))
    assert not torch.equal(corrector([image])[0], find_corrector("qgac", str(path), {}, CPU)([image])[0])
    assert corrector.describe()["repaired"] is True


def test_a_classic_checkpoint_without_colour_is_recognised(tmp_path: Path):
    path = thin_qgac_file(tmp_path, "qgac", colour=False)
    image = decode(KINDS["4:2:0"])
    expected = sent_through(thin_qgac("qgac", colour=False), image)
    assert torch.equal(find_corrector("qgac", str(path), {}, CPU)([image])[0], expected)


def test_a_checkpoint_outlives_its_file(tmp_path: Path):
    path = thin_qgac_file(tmp_path)
    corrector = find_corrector("qgac", str(path), {}, CPU)
    path.write_bytes(bytes(path.stat().st_size))
    image = decode(KINDS["4:2:0"])
    assert torch.equal(corrector([image])[0], sent_through(thin_qgac(), image))


def test_weights_of_another_network_are_refused(tmp_path: Path):
    path = tmp_path / "other.ckpt"
    torch.save({"state_dict": {"module.generator.weight": torch.ones(1), "x": torch.ones(1)}}, path)
    with pytest.raises(WeightsError, match=r"neither QGAC network.*first release"):
        find_corrector("qgac", str(path), {}, CPU)
    with pytest.raises(WeightsError, match=r"not of this network \(QgacCrab\)"):
        find_corrector("qgac", str(path), {"variant": "qgac_crab"}, CPU)


def test_a_key_too_many_or_too_few_is_refused(tmp_path: Path):
    path = thin_qgac_file(tmp_path)
    state = read_weights(path, foreign="ignore")
    for change, words in (({"surplus": torch.ones(1)}, "1 unknown: surplus"), (None, "1 missing: unblock_c")):
        changed = (
            {**state, **change} if change else {k: v for k, v in state.items() if k != "unblock_c.manifold.0.bias"}
        )
        save_file({key: value.clone() for key, value in changed.items()}, tmp_path / "changed.safetensors")
        with pytest.raises(WeightsError, match=words):
            find_corrector("qgac", str(tmp_path / "changed.safetensors"), {}, CPU)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        # Stored as one number each: a file of a few bytes that asks for as much memory as it likes.
        ({TELLTALE: torch.zeros(1).expand(10**12)}, r"bias_transfrom\.bias has 1,000,000,000,000 entries"),
        ({TELLTALE: torch.zeros(0)}, r"bias_transfrom\.bias has 0 entries"),
        ({TELLTALE: torch.zeros(1).expand(4096)}, r"block_y\.weight_transform\.weight is .*4096.* in the network"),
        ({"unblock_c.bias_transfrom.weight": torch.zeros(9, 9)}, r"unblock_c\.bias_transfrom\.weight is \(9, 9\)"),
    ],
)
def test_a_false_checkpoint_is_refused_before_its_network_takes_memory(
    changed: dict[str, torch.Tensor], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "false.ckpt"
    torch.save(lightning_content({**thin_qgac().state_dict(), **changed}), path)
    monkeypatch.setattr(torch.nn.Module, "to_empty", lambda *_, **__: pytest.fail("memory was taken"))
    with pytest.raises(WeightsError, match=words):
        find_corrector("qgac", str(path), {}, CPU)


def test_a_checkpoint_of_tensors_that_are_not_in_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with torch.device("meta"):
        wide = QgacCrab(width=2048)
    state = {key: torch.zeros(1).expand(value.shape) for key, value in wide.state_dict().items()}
    path = tmp_path / "hollow.ckpt"
    torch.save(lightning_content(state), path)
    monkeypatch.setattr(torch.nn.Module, "to_empty", lambda *_, **__: pytest.fail("memory was taken"))
    with pytest.raises(WeightsError, match=r"claim [\d,]+ bytes and the file has [\d,]+; the largest is block"):
        find_corrector("qgac", str(path), {}, CPU)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"variant": "crab"}, "variant 'crab' is not known; use qgac_crab or qgac"),
        ({"precision": "float16"}, "precision 'float16' is not known"),
        ({"coefficients": "guess"}, "coefficients 'guess' is not known; use file or pixels"),
    ],
)
def test_options_are_checked(options: dict[str, str], words: str, tmp_path: Path):
    with pytest.raises(WeightsError, match=words):
        find_corrector("qgac", str(thin_qgac_file(tmp_path)), options, CPU)


def test_without_jpeglib_coefficients_come_from_pixels_on_request_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path, image = thin_qgac_file(tmp_path), decode(KINDS["4:2:0"])
    expected = sent_through(thin_qgac(), image, "pixels")
    monkeypatch.setitem(sys.modules, "jpeglib", None)
    with pytest.raises(MissingExtraError, match=r"jpegproof\[jpeglib\]"):
        find_corrector("qgac", str(path), {}, CPU)
    corrector = find_corrector("qgac", str(path), {"coefficients": "pixels"}, CPU)
    assert torch.equal(corrector([image])[0], expected)
