"""The modules that are exported compute what the package computes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from exported_folders import GATE, upload
from jpeg_files import file_bytes, smooth_picture
from PIL import Image
from small_training import thin_corrector, tiny_model

from jpegproof.correctors.gate import Gate, default_gate
from jpegproof.correctors.protocol import to_pixels
from jpegproof.deploy.graph_resize import GraphPreparation, fixed_size
from jpegproof.deploy.graphs import CorrectorGraph, GraphGate, PipelineGraph, graph_inputs
from jpegproof.exceptions import ModelError
from jpegproof.jpeg.codec import DecodedJpeg, decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.huggingface.frames import FlooredCrop
from jpegproof.models.preparation import ResizeCrop
from jpegproof.models.shortest_side import ShortestSide

CORRECTOR = thin_corrector(awake=True)
GREY = file_bytes(Image.fromarray(smooth_picture(60, 72)).convert("L"), quality=15)


def given(image: DecodedJpeg) -> list[torch.Tensor]:
    return [torch.from_numpy(value.copy()) for value in graph_inputs(image).values()]


@pytest.mark.parametrize(
    "preparation",
    [
        ResizeCrop(),
        ResizeCrop(232, (224, 224), "bicubic"),
        ResizeCrop(40, (64, 64)),
        ResizeCrop((33, 44), None, "lanczos"),
        ResizeCrop(None, (50, 51)),
        ResizeCrop(50, (48, 47), "nearest"),
        FlooredCrop(41, (32, 30)),
    ],
)
def test_the_resize_of_a_graph_is_pillows(preparation):
    graph, random = GraphPreparation(preparation), np.random.default_rng(0)
    for height, width in [(9, 9), (75, 90), (90, 75), (401, 222), *random.integers(9, 700, (8, 2)).tolist()]:
        pixels = smooth_picture(height, width)
        picture = torch.from_numpy(pixels).permute(2, 0, 1).float() / 255
        found = graph(picture[None])[0]
        wanted = preparation.geometry((height, width)).downscale
        assert graph.downscale(picture[None]).item() == pytest.approx(wanted, rel=1e-5)
        if preparation.interpolation in ("bilinear", "nearest"):  # others overshoot, and it does not clamp
            torch.testing.assert_close(found, preparation.differentiable(picture), atol=2e-5, rtol=0)
        framed = preparation.normalise(np.ascontiguousarray(preparation.frame(pixels)[0]))
        # Pillow rounds to 8 bits after each of its two passes.
        if preparation.interpolation == "nearest":  # Pillow adds up steps, so that its ties fall otherwise
            continue
        apart = (found - framed).abs() * torch.tensor(preparation.std)[:, None, None] * 255
        assert apart.max() < 2.1
        assert apart.mean() < 0.5


@pytest.mark.parametrize("preparation", [ResizeCrop(256, None), ResizeCrop(None, None), ShortestSide(40, 90)])
def test_an_input_whose_size_depends_on_the_picture_is_refused(preparation):
    assert fixed_size(preparation) is None
    with pytest.raises(ModelError, match="fixed size"):
        GraphPreparation(preparation)


@pytest.mark.parametrize("data", [upload(60, 72), upload(64, 64, 50), upload(9, 17, 80), GREY])
def test_the_graph_of_a_corrector_is_the_corrector(data):
    image = decode(data)
    found = CorrectorGraph(CORRECTOR.network)(*given(image))[0]
    torch.testing.assert_close(found, CORRECTOR([image])[0], atol=1e-6, rtol=0)


@pytest.mark.parametrize("gate", [GATE, default_gate(), Gate(((1, 50.5),))])
def test_the_gate_of_a_graph_is_the_gate(gate):
    graph, kept = GraphGate(gate), Gate(gate.limits, hidden=0)
    for quality in range(1, 101, 3):
        for data in (upload(24, 24, quality), encode(smooth_picture(24, 24), Compression("jpeg", quality, "4:4:4"))):
            image = decode(data)
            for downscale in (1.0, 1.5, 3.1, 9.0, 40.0):
                opened = graph(*given(image)[1:], torch.tensor(downscale))
                assert bool(opened) == (kept.admits(image, downscale) is not None), (quality, downscale)


def test_the_gate_reads_a_grey_files_one_table():
    for quality in (5, 20, 59, 61, 90):
        image = decode(file_bytes(Image.fromarray(smooth_picture(60, 72)).convert("L"), quality=quality))
        opened = GraphGate(GATE)(*given(image)[1:], torch.tensor(1.0))
        assert bool(opened) == (image.header.quality.quality < 60)


@pytest.mark.parametrize(("quality", "corrected"), [(10, True), (90, False)])
def test_the_graph_of_a_pipeline_selects_and_answers(quality, corrected):
    model, image = tiny_model(), decode(upload(60, 72, quality))
    found = PipelineGraph(model, CORRECTOR.network, GATE).eval()(*given(image))
    pixels = to_pixels(CORRECTOR([image])[0]) if corrected else image.pixels
    framed = np.ascontiguousarray(model.preparation.frame(pixels)[0])
    wanted = model.network(model.preparation.normalise(framed)[None])
    torch.testing.assert_close(found, wanted, atol=0.01, rtol=0)  # Pillow's rounding lies between them


def test_each_picture_of_a_graphs_batch_has_its_own_tables():
    images = [decode(upload(60, 72, quality)) for quality in (10, 90)]
    graph = PipelineGraph(tiny_model(), CORRECTOR.network, GATE).eval()
    together = graph(*(torch.cat(pair) for pair in zip(*map(given, images), strict=True)))
    alone = torch.cat([graph(*given(image)) for image in images])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
