"""The parts of the networks against plain counts, and what each of the two ways to double chroma gives."""

from __future__ import annotations

import pytest
import torch
from jpeg_files import smooth_picture
from parity_fixtures import parity_fixture
from thin_qgac import thin_qgac, without_correction

from jpegproof.correctors.cost import multiply_adds
from jpegproof.correctors.qgac.classic import QgacClassic
from jpegproof.correctors.qgac.corrector import Qgac, Variant
from jpegproof.correctors.qgac.crab import QgacCrab
from jpegproof.correctors.qgac.doubling import doubled_as_published, doubled_in_pixels
from jpegproof.correctors.qgac.filter_manifold import BlockLayer, UnblockLayer
from jpegproof.correctors.qgac.normalisation import denormalise, normalise
from jpegproof.correctors.qgac.residual_dense import ResidualDense
from jpegproof.jpeg.codec import DecodedJpeg, decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.dct import to_coefficients, to_samples

VARIANTS: tuple[Variant, ...] = ("qgac_crab", "qgac")


def jpeg(height: int = 48, width: int = 64, quality: int = 30) -> DecodedJpeg:
    return decode(encode(smooth_picture(height, width), Compression(quality=quality)))


def away_from_decoded(picture: torch.Tensor, image: DecodedJpeg) -> float:
    """Mean absolute difference, steps of 8 bits."""
    return float((picture - image.tensor()).abs().mean() * 255)


def test_a_block_layer_filters_each_picture_with_the_bank_of_its_table():
    torch.manual_seed(0)
    layer = BlockLayer(2, 3, manifold=4, activated=False)
    tables, pictures = torch.rand(2, 1, 8, 8), torch.randn(2, 2, 16, 24)
    with torch.no_grad():
        answer = layer(tables, pictures)
        for number in range(2):
            place = layer.manifold(tables[number][None])
            bank = layer.weight_transform(place).reshape(3, 2, 8, 8)  # the answer's channel is the outer one
            for row, column in ((0, 0), (1, 2)):
                block = pictures[number, :, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
                expected = (bank * block).sum((1, 2, 3)) + layer.bias_transfrom(place).flatten()
                assert torch.allclose(answer[number, :, row, column], expected, atol=1e-5)
    assert answer.shape == (2, 3, 2, 3)


def test_an_unblock_layer_spreads_each_position_over_its_block():
    torch.manual_seed(0)
    layer = UnblockLayer(3, 2, manifold=4, activated=False)
    tables, pictures = torch.rand(2, 1, 8, 8), torch.randn(2, 3, 2, 3)
    with torch.no_grad():
        answer = layer(tables, pictures)
        for number in range(2):
            place = layer.manifold(tables[number][None])
            bank = layer.weight_transform(place).reshape(3, 2, 8, 8)  # here the input's channel is
            for row, column in ((0, 0), (1, 2)):
                expected = torch.einsum("i,iohw->ohw", pictures[number, :, row, column], bank)
                expected += layer.bias_transfrom(place)[0]
                block = answer[number, :, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
                assert torch.allclose(block, expected, atol=1e-5)
    assert answer.shape == (2, 2, 16, 24)


def test_a_dense_block_whose_last_layers_are_silent_gives_its_input_back():
    network = ResidualDense(3)
    for name, parameter in network.named_parameters():
        if "conv5" in name:
            torch.nn.init.zeros_(parameter)
    x = torch.randn(1, 3, 5, 5)
    # Each of the three blocks is then the identity, of which a fifth is added to the input.
    assert torch.allclose(network(x), 1.2 * x)


def test_normalising_is_undone_plane_by_plane():
    coefficients = 100 * torch.randn(2, 3, 16, 8)
    there = normalise(coefficients, ("y", "cb", "cr"))
    assert torch.allclose(denormalise(there, ("y", "cb", "cr")), coefficients, atol=1e-3)
    assert torch.equal(there[:, 1:2], normalise(coefficients[:, 1:2], ("cb",)))
    assert not torch.allclose(there[:, 1:2], normalise(coefficients[:, 1:2], ("cr",)))


@pytest.mark.real
def test_statistics_and_doubling_are_torchjpegs():
    official = parity_fixture("torchjpeg-ops")
    dct, normalised = official["dct"], official["dct_normalised"]
    assert torch.allclose(normalise(dct, ("y", "cb", "cr")), normalised, atol=1e-5)
    doubled = doubled_as_published(normalised[:, 1:, :32, :32], ("cb", "cr"))
    assert torch.allclose(doubled, official["double_nn_dct_of_normalised"], atol=1e-5)


def test_doubling_in_pixels_keeps_a_slope_and_the_published_way_does_not():
    planes = ("cb", "cr")
    slope = torch.arange(8.0).expand(1, 2, 8, 8) * 4
    chroma = normalise(to_coefficients(slope), planes)
    # Between samples there are now samples a quarter of the way from each, as a decoder makes them; not at the ends.
    expected = torch.arange(1, 15) * 2.0 - 1
    repaired = to_samples(denormalise(doubled_in_pixels(chroma, planes), planes))
    assert torch.allclose(repaired[..., 1:15], expected.expand(1, 2, 16, 14), atol=1e-3)
    published = to_samples(denormalise(doubled_as_published(chroma, planes), planes))
    assert (published[..., 1:15] - expected).abs().max() > 5


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_repaired_network_that_adds_nothing_gives_the_decoded_picture(variant: Variant):
    image = jpeg()
    (repaired,) = Qgac(without_correction(thin_qgac(variant, repaired=True)), {})([image])
    assert away_from_decoded(repaired, image) < 0.6  # libjpeg rounds to whole numbers on its way, three times
    (published,) = Qgac(without_correction(thin_qgac(variant)), {})([image])
    assert away_from_decoded(published, image) > 10


def test_the_classic_network_may_lack_its_part_for_colour():
    image = jpeg()
    network = without_correction(thin_qgac("qgac", colour=False))
    assert not any(key.startswith("color_net") for key in network.state_dict())
    assert away_from_decoded(Qgac(network, {})([image])[0], image) < 0.6


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_weight_of_a_repaired_network_learns(variant: Variant):
    corrector = Qgac(thin_qgac(variant, repaired=True).train(), {})
    (restored,) = corrector.restore([jpeg()])
    (restored - 0.5).abs().mean().backward()
    silent = [name for name, p in corrector.network.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []


@pytest.mark.parametrize(("network", "per_pixel"), [(QgacCrab, 1.2725e6), (QgacClassic, 0.9565e6)])
def test_the_cost_is_the_one_that_is_told(network: type[torch.nn.Module], per_pixel: float):
    with torch.device("meta"):
        planes = torch.empty(1, 1, 8, 8), torch.empty(1, 1, 224, 224), torch.empty(1, 1, 8, 8)
        counted = multiply_adds(network(), *planes, torch.empty(1, 2, 112, 112)) / 224**2
    assert counted == pytest.approx(per_pixel, rel=1e-3)


def test_the_frequency_part_keeps_frequencies_in_their_places():
    network = thin_qgac("qgac")
    assert isinstance(network, QgacClassic)
    first, *_, last = network.frequencynet.net
    coefficients = torch.arange(2 * 16 * 24, dtype=torch.float32).reshape(1, 2, 16, 24)
    gathered = first(coefficients)
    assert gathered.shape == (1, 128, 2, 3)
    # Feature 1 of frequency (2, 5) of block (1, 2).
    assert gathered[0, (2 * 8 + 5) * 2 + 1, 1, 2] == coefficients[0, 1, 8 + 2, 16 + 5]
    assert torch.equal(last(gathered), coefficients)
