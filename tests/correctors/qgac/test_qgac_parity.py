"""The published networks against the outputs of the official code, from coefficients to pictures."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from parity_fixtures import ParityFixture, fill, parity_fixture

from jpegproof.correctors.protocol import to_pixels
from jpegproof.correctors.qgac.classic import QgacClassic
from jpegproof.correctors.qgac.corrector import Qgac, tables_of
from jpegproof.correctors.qgac.crab import QgacCrab
from jpegproof.correctors.qgac.normalisation import normalise
from jpegproof.correctors.qgac.planes import picture_of, planes_of
from jpegproof.jpeg.codec import decode

pytestmark = [pytest.mark.slow, pytest.mark.real]

# As the fixtures' description states them.
ON_COEFFICIENTS, ON_PICTURES = 2e-4, 1e-5


@dataclass(frozen=True)
class Official:
    fixture: ParityFixture
    network: QgacCrab | QgacClassic

    def restored(self, case: str, grey: bool = False) -> torch.Tensor:
        """The network's answer to a case."""
        luma_table, luma, chroma_table, chroma = (
            self.fixture[f"{case}/{name}"] for name in ("q_y", "y", "q_c", "cbcr")
        )
        with torch.inference_mode():
            return self.network(luma_table, luma, chroma_table, None if grey else chroma)


# One network at a time: the larger one takes a gigabyte.
@pytest.fixture(scope="module", params=["m3l-qgac_crab", "m3l-qgac"])
def official(request: pytest.FixtureRequest) -> Official:
    fixture = parity_fixture(request.param)
    with torch.device("meta"):
        network = QgacCrab() if request.param.endswith("crab") else QgacClassic()
    network.to_empty(device="cpu").eval()
    with torch.inference_mode():
        fill(network, fixture)
    return Official(fixture, network)


def difference(first: torch.Tensor, second: torch.Tensor) -> float:
    assert first.shape == second.shape
    return float((first.float() - second.float()).abs().max())


def clamped_picture(restored: torch.Tensor, height: int, width: int) -> torch.Tensor:
    return picture_of(restored, height, width).clamp(0, 1)


def test_a_batch_with_different_tables_is_restored_as_officially(official: Official):
    restored = official.restored("a")
    assert difference(restored, official.fixture["a/restored"]) <= ON_COEFFICIENTS
    for answer, rgb in zip(restored, official.fixture["a/rgb"], strict=True):
        assert difference(clamped_picture(answer[None], 64, 96), rgb) <= ON_PICTURES


def test_grey_is_the_luma_of_the_same_answer(official: Official):
    restored = official.restored("a", grey=True)
    for answer, grey in zip(restored, official.fixture["a/gray"], strict=True):
        assert difference(picture_of(answer[None], 64, 96).clamp(0, 1), grey.expand(3, -1, -1)) <= ON_PICTURES


def test_a_size_that_is_no_multiple_of_the_grid_scores_as_officially(official: Official):
    height, width = 50, 70
    picture = clamped_picture(official.restored("lossless"), height, width)
    assert difference(picture, official.fixture["lossless/rgb"][0]) <= ON_PICTURES
    target = clamped_picture(official.fixture["lossless/target"], height, width)
    psnr = -10 * torch.log10((picture - target).square().mean())
    assert float(psnr) == pytest.approx(float(official.fixture["lossless/psnr"]), abs=1e-3)


def test_a_jpeg_file_becomes_the_official_inputs(official: Official):
    image = decode(official.fixture["jpeg/file"].numpy().tobytes())
    luma, chroma = planes_of(image, "file")
    assert chroma is not None
    assert difference(normalise(luma[None], ("y",)), official.fixture["jpeg/y"]) <= ON_PICTURES
    assert difference(normalise(chroma[None], ("cb", "cr")), official.fixture["jpeg/cbcr"]) <= ON_PICTURES
    for table, name in zip(tables_of(image.header), ("q_y", "q_c"), strict=True):
        assert torch.equal(table, official.fixture[f"jpeg/{name}"])


def test_a_jpeg_file_becomes_the_official_picture(official: Official):
    image = decode(official.fixture["jpeg/file"].numpy().tobytes())
    (picture,) = Qgac(official.network, {})([image])
    assert difference(picture, official.fixture["jpeg/rgb"]) <= ON_PICTURES


def test_pixels_are_rounded_where_the_official_files_are_cut_down(official: Official):
    image = decode(official.fixture["jpeg/file"].numpy().tobytes())
    (picture,) = Qgac(official.network, {})([image])
    png = official.fixture["jpeg/png"].int()
    cut_down = (picture * 255).byte().int() - png
    assert (cut_down != 0).float().mean() < 1e-4  # a value next to a whole number may fall to its other side
    rounded = torch.from_numpy(to_pixels(picture)).permute(2, 0, 1).int() - png
    assert set(rounded.unique().tolist()) == {0, 1}


def test_without_the_files_bytes_the_picture_is_nearly_the_official_one(official: Official):
    image = decode(official.fixture["jpeg/file"].numpy().tobytes())
    (picture,) = Qgac(official.network, {}, coefficients="pixels")([image])
    away = (picture - official.fixture["jpeg/rgb"]).abs() * 255
    # Of the blocks that reach over the edges not all pixels are there.
    assert 0 < away[:, :80, :112].mean() < 0.1
