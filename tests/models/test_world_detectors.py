"""The embedded world's detector and instance segmenter: small, quick to ask, and as good as their cards say."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
import torch

from jpegproof.analysis.detection.evaluation import average_precision
from jpegproof.analysis.detection.matches import match_pictures
from jpegproof.data.world_objects import CATEGORIES, WorldObjects
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.detectors.find import as_detector
from jpegproof.models.find import find_model
from jpegproof.models.model import Model
from jpegproof.models.shipped_models import SHIPPED
from jpegproof.models.world_detectors import world_detector, world_segmenter
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.masks import decode_mask
from jpegproof.tasks.objects import Detections, Objects

BUILDERS = {"world-detector": world_detector, "world-segmenter": world_segmenter}
FOLDER = files("jpegproof.models") / "shipped"
VAL = 200


@cache
def shipped(name: str) -> Model:
    return find_model(f"jpegproof:{name}")


@pytest.fixture(params=[name for name in BUILDERS if name in SHIPPED])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def answers(model: Model, pictures: WorldObjects, quality: int | None = None) -> list[Detections]:
    found = []
    for index in range(len(pictures)):
        pixels = pictures.pixels(index)
        if quality is not None:
            pixels = decode(encode(pixels, Compression(quality=quality))).pixels
        with torch.inference_mode():
            found += model.task.answer(model.network, Batch.of([model.preparation.normalise(pixels)]))
    return found


def as_target(objects: Objects) -> dict[str, torch.Tensor]:
    assert objects.masks is not None
    masks = np.stack([decode_mask(mask, objects.size) for mask in objects.masks])
    return {
        "boxes": torch.from_numpy(objects.boxes).float(),
        "labels": torch.from_numpy(objects.labels),
        "masks": torch.from_numpy(masks).to(torch.uint8),
    }


def test_a_network_is_small(name: str):
    assert sum(parameter.numel() for parameter in BUILDERS[name]().parameters()) < 3_000_000
    assert len((FOLDER / f"{name}.safetensors").read_bytes()) < 6_000_000


def test_a_shipped_network_finds_the_object_that_stands_in_front(name: str):
    """The dominant objects are large and unhidden: the network may miss few of them."""
    pictures = WorldObjects("val", 36)
    found = 0
    for index, said in enumerate(answers(shipped(name), pictures)):
        truth = pictures.target(index)
        label, box = truth.labels[-1], truth.boxes[-1]
        alike = [np.abs(other - box).max() < 8 for other in said.boxes[(said.labels == label) & (said.scores > 0.3)]]
        found += any(alike)
    assert found >= 22


def test_pictures_of_any_size_are_answered_in_their_own_pixels(name: str):
    model, pixels = shipped(name), WorldObjects("val", 1).pixels(0)
    for height, width in ((128, 160), (77, 131)):
        picture = model.preparation.normalise(pixels[:height, :width])
        with torch.inference_mode():
            said = model.task.answer(model.network, Batch.of([picture]))[0]
        assert said.size == (height, width)
        assert len(said) > 0
        assert (said.boxes >= 0).all()
        assert (said.boxes <= [width, height, width, height]).all()
        assert set(said.labels) <= set(CATEGORIES)
        if name == "world-segmenter":
            assert said.masks is not None
            assert decode_mask(said.masks[0], said.size).any()


def test_gradients_of_the_dense_answers_reach_the_picture(name: str):
    model = shipped(name)
    picture = model.preparation.normalise(WorldObjects("val", 1).pixels(0))
    original = model.network.dense([picture])  # type: ignore[operator]
    moved = (0.9 * picture).requires_grad_()
    dense: Any = model.network.dense([moved], original)  # type: ignore[operator]
    assert dense[0].tensors.keys() == original[0].tensors.keys()
    apart = [(dense[0].tensors[key] - original[0].tensors[key]).abs().mean() for key in dense[0].tensors]
    torch.stack(apart).sum().backward()
    assert moved.grad is not None
    assert moved.grad.abs().sum() > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILDERS)
def test_a_fresh_network_learns_two_pictures(name: str):
    torch.manual_seed(0)
    detector = as_detector(BUILDERS[name]())
    pictures = WorldObjects("train", 2)
    inputs = [torch.from_numpy(pictures.pixels(index).copy()).permute(2, 0, 1).float() / 255 for index in range(2)]
    targets = [as_target(pictures.target(index)) for index in range(2)]
    detector.train()
    optimiser = torch.optim.Adam(detector.parameters(), 1e-3)
    totals = []
    for _ in range(25):
        losses = detector.losses(inputs, targets)
        assert all(torch.isfinite(loss) for loss in losses.values())
        total = torch.stack(list(losses.values())).sum()
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        totals.append(float(total.detach()))
    assert np.mean(totals[-5:]) < 0.7 * np.mean(totals[:3])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind", "least"),
    [("world-detector", "boxes", 40.0), ("world-segmenter", "boxes", 36.0), ("world-segmenter", "masks", 36.0)],
)
def test_a_shipped_network_is_as_good_as_its_card_says_and_suffers_from_jpeg(name: str, kind: Any, least: float):
    pictures = WorldObjects("val", VAL)
    truths = [pictures.target(index) for index in range(VAL)]
    clean, coarse = (
        average_precision(match_pictures(truths, answers(shipped(name), pictures, quality), kind))["mAP"][0]
        for quality in (None, 10)
    )
    assert clean > least
    assert coarse < clean - 5


def test_every_shipped_network_has_a_card_with_its_figures_and_terms(name: str):
    card = (FOLDER / f"{name}.md").read_text()
    for heading in ("## Data and its terms", "## Recipe", "## Measured", "## Limits"):
        assert heading in card
    for row in ("| none |", "| quality 10 |", "| quality 90 |"):
        assert row in card
