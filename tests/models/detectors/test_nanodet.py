"""A real detector of somebody's own, through its entry point."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from real_photographs import real_folder

from jpegproof.exceptions import ModelError
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.detectors.find import as_detector
from jpegproof.models.entry_point import entry_point_model
from jpegproof.tasks.dense_distance import dense_distance

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def nanodet() -> Any:
    return as_detector(entry_point_model(f"{real_folder() / 'nanodet' / 'nanodet.py'}:load_nanodet", None, {}).network)


def photographs(quality: int | None = None) -> list[torch.Tensor]:
    """One upright and one across."""
    answers = []
    for name in ("100075.jpg", "101085.jpg"):
        with Image.open(real_folder() / "bsds500" / name) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        if quality is not None:
            pixels = decode(encode(pixels, Compression("jpeg", quality))).pixels
        answers.append(torch.from_numpy(np.array(pixels)).permute(2, 0, 1).float() / 255)
    return answers


def test_its_answers_come_through_unchanged(nanodet: Any):
    pictures = photographs()
    with torch.no_grad():
        found, wanted = nanodet(pictures), nanodet.network(pictures)
    assert sum(len(one["scores"]) for one in wanted) > 0
    for one, other in zip(found, wanted, strict=True):
        # Together they go through the same convolutions as alone but for the last bits.
        assert torch.allclose(one["scores"], other["scores"], atol=1e-4)
        assert torch.equal(one["labels"], other["labels"])


def test_what_it_exposes_is_compared_place_by_place_by_its_own_belief(nanodet: Any):
    dense = nanodet.dense(photographs()[:1])[0]
    assert {name: tuple(value.shape) for name, value in dense.tensors.items()} == {
        "logits": (2100, 80),
        "distribution": (2100, 4, 8),
        "boxes": (2100, 4),
    }
    assert {name: tuple(value.shape) for name, value in dense.belief.items()} == {
        "logits": (2100, 1),
        "distribution": (2100, 1, 1),
        "boxes": (2100, 1),
    }
    assert torch.equal(dense.belief["boxes"][:, 0], dense.tensors["logits"].sigmoid().amax(1))


def test_a_coarser_jpeg_is_farther_from_the_original(nanodet: Any):
    with torch.no_grad():
        originals = nanodet.dense(photographs())
        distances = {
            quality: [
                float(dense_distance(*pair))
                for pair in zip(nanodet.dense(photographs(quality), originals), originals, strict=True)
            ]
            for quality in (10, 50, 95)
        }
    for coarse, middle, fine in zip(*distances.values(), strict=True):
        assert coarse > middle > fine > 0


def test_gradients_reach_the_picture(nanodet: Any):
    with torch.no_grad():
        originals = nanodet.dense(photographs())
    pictures = [picture.requires_grad_() for picture in photographs(20)]
    answers = nanodet.dense(pictures, originals)
    for picture, answer, original in zip(pictures, answers, originals, strict=True):
        dense_distance(answer, original).backward()
        assert picture.grad is not None
        assert torch.isfinite(picture.grad).all()
        assert picture.grad.abs().amax(dim=(1, 2)).min() > 0


def test_without_losses_it_says_what_needs_none(nanodet: Any):
    with pytest.raises(ModelError, match="self_distilled and task_targeted need no losses"):
        nanodet.losses(photographs()[:1], [{}])
