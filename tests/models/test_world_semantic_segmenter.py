"""The embedded world's semantic segmenter: as good as its card says, worse on JPEGs, and told apart from the masks'."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest
import torch

from jpegproof.data.world_maps import WORLD_CLASSES, WorldMaps
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.find import find_model
from jpegproof.models.pyramid_segmenter import world_semantic_segmenter
from jpegproof.tasks.batch import Batch

NAME = "world-semantic-segmenter"
FOLDER = files("jpegproof.models") / "shipped"
VAL = 120


def miou(quality: int | None) -> float:
    """Over the first pictures of `val`, in percent, counted here by itself."""
    model, pictures = find_model(f"jpegproof:{NAME}"), WorldMaps("val", VAL)
    table = np.zeros((len(WORLD_CLASSES), len(WORLD_CLASSES)), dtype=np.int64)
    for index in range(VAL):
        pixels = pictures.pixels(index)
        if quality is not None:
            pixels = decode(encode(pixels, Compression(quality=quality))).pixels
        with torch.inference_mode():
            (said,) = model.task.answer(model.network, Batch.of([model.preparation.normalise(pixels)]))
        np.add.at(table, (pictures.target(index).read(), said.numbers), 1)
    right = np.diag(table)
    return 100 * float(np.mean(right / (table.sum(axis=0) + table.sum(axis=1) - right)))


@pytest.mark.slow
def test_it_is_as_good_as_its_card_says_and_suffers_from_jpeg():
    clean, coarse = miou(None), miou(10)
    assert clean > 62
    assert coarse < clean - 20


def test_it_is_small():
    assert sum(parameter.numel() for parameter in world_semantic_segmenter().parameters()) < 500_000
    assert len((FOLDER / f"{NAME}.safetensors").read_bytes()) < 1_000_000


def test_it_knows_the_classes_of_the_worlds_maps():
    model = find_model(f"jpegproof:{NAME}")
    assert model.task.name == "semantic_segmentation"
    picture = model.preparation.normalise(WorldMaps("val", 1).pixels(0))
    with torch.inference_mode():
        (said,) = model.task.answer(model.network, Batch.of([picture]))
    assert said.classes == len(WORLD_CLASSES)
    model.task.check([said], WORLD_CLASSES)


def test_it_has_a_card_with_its_figures_and_terms():
    card = (FOLDER / f"{NAME}.md").read_text()
    for heading in ("## Data and its terms", "## Recipe", "## Measured", "## Limits"):
        assert heading in card
