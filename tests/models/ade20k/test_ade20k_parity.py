"""The seven networks against the outputs of the official code, from a folder of checkpoint files to metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from parity_fixtures import ParityFixture, parity_fixture, write_checkpoint
from torch import Tensor

from jpegproof.models.ade20k.build import ade20k_segmenter
from jpegproof.models.ade20k.multi_scale import MultiScale
from jpegproof.models.ade20k.names import NETWORKS
from jpegproof.models.detectors.as_stored import AS_STORED
from jpegproof.models.rounded_sides import RoundedSides
from jpegproof.models.segmenters.score_maps import score_bands

pytestmark = [pytest.mark.slow, pytest.mark.real]

# As the fixtures' description states them; features have no scale of their own, and are compared in units of the map's.
ON_LOGITS, ON_PROBABILITIES, ON_FEATURES = 2e-4, 1e-5, 1e-5
each_case = pytest.mark.parametrize("case", ["a", "b"])
SEVERAL_SCALES = ["mobilenetv2dilated-c1_deepsup", "resnet50-upernet"]


class Official:
    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.fixture: ParityFixture = parity_fixture(f"ade20k-{name}")
        write_checkpoint(self.fixture, folder)
        network, preparation, _ = ade20k_segmenter(name, str(folder), 0, {})
        for file in folder.iterdir():
            file.unlink()
        self.network: Any = network
        assert isinstance(preparation, RoundedSides)
        self.preparation = preparation

    @torch.inference_mode()
    def answer(self, case: str) -> tuple[list[Tensor], Tensor, Tensor | None]:
        """The maps, the scores, and those of deep supervision."""
        maps = self.network.encoder(self.fixture[f"{case}/input"])
        return maps, self.network.decoder(maps), self.network.decoder.supervised_deeply(maps)


# One network at a time, each made once.
@pytest.fixture(scope="module", params=list(NETWORKS))
def official(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Official:
    return Official(request.param, tmp_path_factory.mktemp("checkpoint"))


def assert_near(found: Tensor, wanted: Tensor, tolerance: float) -> None:
    assert found.shape == wanted.shape
    assert float((found - wanted).abs().max()) <= tolerance


def test_its_files_would_be_the_official_ones(official: Official):
    extras = ("_tmp_running_mean", "_tmp_running_var", "_running_iter")
    for part, rows in official.fixture.spec["tensors"].items():
        wanted = {key: tuple(shape) for key, shape, _ in rows if not key.endswith(extras)}
        state = getattr(official.network, part).state_dict()
        assert {key: tuple(value.shape) for key, value in state.items()} == wanted


@each_case
def test_maps_and_scores_are_the_official_ones(official: Official, case: str):
    spec, fixture = official.fixture.spec["cases"][case], official.fixture
    maps, scores, deep = official.answer(case)
    assert [list(map_.shape) for map_ in maps] == spec["features"]
    for number, (map_, step) in enumerate(zip(maps, spec["feature_sample_step"], strict=True)):
        wanted = fixture[f"{case}/feat{number}"]
        scale = float(wanted.abs().max())
        assert_near(map_.reshape(-1)[::step][: len(wanted)] / scale, wanted / scale, ON_FEATURES)
    assert_near(scores, fixture[f"{case}/logits"], ON_LOGITS)
    assert (deep is not None) == (f"{case}/logits_deepsup" in fixture.arrays)
    if deep is not None:
        assert_near(deep, fixture[f"{case}/logits_deepsup"], ON_LOGITS)


@each_case
def test_probabilities_and_classes_at_the_stored_size_are_the_official_ones(official: Official, case: str):
    fixture = official.fixture
    height, width = fixture.spec["cases"][case]["segSize"]
    image = fixture[f"{case}/input"][0]
    with torch.inference_mode():
        (scores,) = official.network.logits([image])
        (map_,) = official.network.class_maps([image], [(height, width)])
    probabilities = torch.cat(list(score_bands([scores], (height, width), 1)), dim=1).softmax(dim=0)
    assert_near(probabilities[:, ::3, ::3], fixture[f"{case}/prob_s3"][0], ON_PROBABILITIES)
    assert_near(probabilities.amax(dim=0), fixture[f"{case}/pmax"], ON_PROBABILITIES)
    assert int((map_ != fixture[f"{case}/argmax"]).sum()) <= 1


@each_case
def test_a_picture_is_normalised_as_officially(official: Official, case: str):
    found = official.preparation.normalise(official.fixture.arrays[f"{case}/image"])
    assert_near(found[None], official.fixture[f"{case}/input"], 1e-6)


@pytest.mark.parametrize("official", SEVERAL_SCALES, indirect=True)
def test_several_scales_give_the_official_map_and_metrics(official: Official):
    spec, fixture = official.fixture.spec["cases"]["ms"], official.fixture
    assert official.preparation.multiple == spec["padding_constant"]
    scales = [RoundedSides(short, spec["imgMaxSize"], spec["padding_constant"]) for short in spec["imgSizes"]]
    picture = fixture.arrays["ms/image"]
    for number, scale in enumerate(scales):
        assert_near(scale.normalise(scale.frame(picture)[0])[None], fixture[f"ms/input{number}"], 1e-6)

    network, size = MultiScale(official.network, scales, scales[0]), (picture.shape[0], picture.shape[1])
    image = AS_STORED.normalise(picture)
    with torch.inference_mode():
        (map_,) = network.class_maps([image], [size])
        probabilities = torch.cat(list(score_bands(network.scores(image), size, 1)), dim=1)
    assert_near(probabilities[:, ::3, ::3], fixture["ms/scores_s3"][0], ON_PROBABILITIES)
    assert int((map_ != fixture["ms/argmax"]).sum()) == 0

    label = fixture.arrays["ms/label"].astype(np.int64) - 1
    known, found = label >= 0, map_.numpy()
    right = known & (found == label)
    intersection, found_area, label_area = (
        np.bincount(areas, minlength=150) for areas in (found[right], found[known], label[known])
    )
    assert (intersection == fixture.arrays["ms/intersection"]).all()
    assert (found_area + label_area - intersection == fixture.arrays["ms/union"]).all()
    assert int(known.sum()) == int(fixture.arrays["ms/pixels"])
    assert right.sum() / known.sum() == pytest.approx(float(fixture.arrays["ms/acc"]), abs=1e-9)
