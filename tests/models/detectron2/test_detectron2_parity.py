"""The four networks against the outputs of the official code, from a checkpoint file to masks."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
import torch
from parity_fixtures import ParityFixture, parity_fixture, write_checkpoint
from torch import Tensor

from jpegproof.models.detectron2.build import detectron2_detector
from jpegproof.models.detectron2.categories import COCO_CATEGORIES
from jpegproof.models.detectron2.fast_rcnn import FastRcnn
from jpegproof.models.detectron2.faster_rcnn import FasterRcnn
from jpegproof.models.detectron2.picture_batch import picture_batch
from jpegproof.models.detectron2.pooler import levels_of, pooled
from jpegproof.models.detectron2.proposal_table import PictureProposals, supplied
from jpegproof.models.detectron2.retinanet import RetinaNet
from jpegproof.models.shortest_side import ShortestSide
from jpegproof.tasks.geometry import Geometry

pytestmark = [pytest.mark.slow, pytest.mark.real]

# As the fixtures' description states them: logits and offsets, scores and mask probabilities, pixels of boxes.
ON_LOGITS, ON_SCORES, ON_BOXES, ON_MASKS = 2e-4, 1e-4, 5e-3, 1e-4
each_case = pytest.mark.parametrize("name", ["a", "b", "c"])


@dataclass
class Case:
    """One picture as the official code was shown it."""

    fixture: ParityFixture
    name: str

    @cached_property
    def picture(self) -> np.ndarray:
        if f"{self.name}/image" in self.fixture.arrays:
            return self.fixture.arrays[f"{self.name}/image"]
        return self.fixture.arrays[f"{self.name}/image_small"].repeat(4, 0).repeat(4, 1)

    @cached_property
    def preparation(self) -> ShortestSide:
        height, width = self.picture.shape[:2]
        resize = self.fixture.spec["cases"][self.name].get("resize", {"short": min(height, width), "max": 1333})
        return ShortestSide(resize["short"], resize["max"])

    @cached_property
    def framed(self) -> tuple[np.ndarray, Geometry]:
        return self.preparation.frame(self.picture)

    @cached_property
    def image(self) -> Tensor:
        return self.preparation.normalise(self.framed[0])

    @property
    def size(self) -> tuple[int, int]:
        return self.image.shape[-2], self.image.shape[-1]

    def __getitem__(self, name: str) -> Tensor:
        return self.fixture[f"{self.name}/{name}"]

    def has(self, name: str) -> bool:
        return f"{self.name}/{name}" in self.fixture.arrays

    @property
    def supplied(self) -> Tensor:
        file = PictureProposals(self["file_boxes"].numpy(), self["file_logits"].numpy())
        return supplied(file, self.framed[1], self.size).boxes


class Official:
    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.fixture = parity_fixture(f"detectron2-{name}")
        file = write_checkpoint(self.fixture, folder / f"{name}.pth")
        network, *_ = detectron2_detector(name, str(file), 0, {})
        file.unlink()
        self.network = network
        self._maps: dict[str, Mapping[str, Tensor]] = {}
        self._detections: dict[tuple[str, ...], list[Mapping[str, Tensor]]] = {}
        self._cases: dict[str, Case] = {}

    def case(self, name: str) -> Case:
        return self._cases.setdefault(name, Case(self.fixture, name))

    @torch.inference_mode()
    def maps(self, name: str) -> Mapping[str, Tensor]:
        """Those of the backbone's stages and of the pyramid, in one pass."""
        if name not in self._maps:
            stages: dict[str, Tensor] = {}
            backbone = self.network.get_submodule("backbone")
            hook = backbone.get_submodule("bottom_up").register_forward_hook(
                lambda _, __, answer: stages.update(answer)
            )
            self._maps[name] = {**backbone(picture_batch([self.case(name).image]).pixels), **stages}
            hook.remove()
        return self._maps[name]

    @torch.inference_mode()
    def detect(self, *cases: str) -> list[Mapping[str, Tensor]]:
        if cases not in self._detections:
            images = [self.case(case).image for case in cases]
            told = {}
            if isinstance(self.network, FastRcnn):
                told = {"proposals": [self.case(case).supplied for case in cases]}
            self._detections[cases] = self.network(images, **told)
        return self._detections[cases]


# One network at a time, each made once.
@pytest.fixture(scope="module")
def official(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Official:
    return Official(request.param, tmp_path_factory.mktemp("checkpoint"))


def networks(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("official", [f"{name}_R_50_FPN" for name in names], indirect=True)


def assert_near(found: Tensor, wanted: Tensor, tolerance: float) -> None:
    assert found.shape == wanted.shape
    assert float((found - wanted).abs().max()) <= tolerance


def sampled(values: Tensor, wanted: Tensor, step: int) -> Tensor:
    """As the fixtures sample large tensors."""
    return values.reshape(-1)[::step][: wanted.numel()]


def in_source(answer: Mapping[str, Tensor], case: Case) -> Tensor:
    height, width = case.picture.shape[:2]
    return case.framed[1].to_source(answer["boxes"]).clamp(min=0).clamp(max=torch.tensor([width, height] * 2))


def assert_detections(answer: Mapping[str, Tensor], case: Case, prefix: str, fixture: ParityFixture) -> None:
    ids = torch.tensor(COCO_CATEGORIES)
    assert torch.equal(answer["labels"], ids[fixture[f"{prefix}classes"]])
    assert_near(answer["scores"], fixture[f"{prefix}scores"], ON_SCORES)
    assert_near(in_source(answer, case), fixture[f"{prefix}boxes"], ON_BOXES)


@networks("fast_rcnn", "faster_rcnn", "retinanet", "mask_rcnn")
@each_case
def test_a_picture_becomes_the_official_input(official: Official, name: str):
    case = official.case(name)
    if case.has("resized"):
        assert (case.framed[0] == case["resized"].numpy()).all()
    pixels = picture_batch([case.image]).pixels
    if case.has("input"):
        assert_near(pixels, case["input"], 1e-4)
    else:
        wanted = case["input_sample"]
        step = official.fixture.spec["cases"][name]["input_sample_step"]
        assert_near(sampled(pixels, wanted, step), wanted, 1e-4)


@networks("fast_rcnn", "faster_rcnn", "retinanet", "mask_rcnn")
@each_case
def test_the_maps_are_the_official_ones(official: Official, name: str):
    case, seen = official.case(name), 0
    features = official.fixture.spec["cases"][name]["features"]
    for key, value in official.maps(name).items():
        if key in features:
            wanted = case[key]
            assert list(value.shape) == features[key]["shape"]
            scale = float(wanted.abs().max())
            assert_near(sampled(value, wanted, features[key]["sample_step"]) / scale, wanted / scale, 1e-5)
            seen += 1
    assert seen >= 8


@networks("fast_rcnn", "faster_rcnn", "retinanet", "mask_rcnn")
@each_case
def test_the_detections_are_the_official_ones(official: Official, name: str):
    (answer,) = official.detect(name)
    assert_detections(answer, official.case(name), f"{name}/det_", official.fixture)


@networks("fast_rcnn", "faster_rcnn", "retinanet", "mask_rcnn")
def test_two_pictures_of_different_size_at_once_are_detected_as_officially(official: Official):
    for answer, name in zip(official.detect("a", "b"), "ab", strict=True):
        assert_detections(answer, official.case(name), f"ab/{name}_", official.fixture)


@networks("faster_rcnn", "mask_rcnn")
@each_case
def test_the_first_stage_answers_as_officially(official: Official, name: str):
    assert isinstance(official.network, FasterRcnn)
    case = official.case(name)
    features = official.fixture.spec["cases"][name]["features"]
    rpn = official.network.proposal_generator
    with torch.inference_mode():
        answer = rpn(official.maps(name))
        (proposals,) = rpn.proposals(answer, [case.size])
        for level, anchors in zip(("p2", "p3", "p4", "p5", "p6"), answer.anchors, strict=True):
            ends = torch.cat([anchors[:3], anchors[-3:]])
            assert_near(ends, case[f"anchors_{level}"], 1e-4)
            for kind, values in zip(("logits", "deltas"), rpn.rpn_head(official.maps(name)[level]), strict=True):
                wanted = case[f"rpn_{kind}_{level}"]
                key = f"rpn_{kind}_{level}"
                if key in features:
                    values = sampled(values, wanted, features[key]["sample_step"])
                assert_near(values.reshape(wanted.shape), wanted, ON_LOGITS)
    stored = len(case["proposals"])
    assert len(proposals.boxes) == official.fixture.spec["cases"][name]["proposals"]
    assert_near(proposals.boxes[:stored], case["proposals"], ON_BOXES)
    assert_near(proposals.logits[:stored], case["objectness"], ON_LOGITS)


@networks("fast_rcnn")
@each_case
def test_supplied_proposals_become_the_official_ones(official: Official, name: str):
    assert isinstance(official.network, FastRcnn)
    case = official.case(name)
    file = PictureProposals(case["file_boxes"].numpy(), case["file_logits"].numpy())
    proposals = supplied(file, case.framed[1], case.size)
    assert_near(proposals.boxes, case["proposals"], 1e-3)
    assert torch.equal(proposals.logits, case["objectness"])


@networks("fast_rcnn", "faster_rcnn", "mask_rcnn")
@each_case
def test_fixed_boxes_are_pooled_and_judged_as_officially(official: Official, name: str):
    case, maps = official.case(name), official.maps(name)
    boxes = case["fixed_boxes"]
    assert isinstance(official.network, FastRcnn | FasterRcnn)
    with torch.inference_mode():
        features = pooled(maps, [boxes], 7)
        logits, offsets = official.network.roi_heads.boxes(maps, [boxes])
    assert torch.equal(levels_of(boxes), case["fixed_levels"])
    wanted = case["fixed_pooled"]
    step = official.fixture.spec["cases"][name]["fixed_pooled"]["sample_step"]
    scale = float(wanted.abs().max())
    assert_near(sampled(features, wanted, step) / scale, wanted / scale, 1e-5)
    assert_near(logits, case["fixed_cls"], ON_LOGITS)
    assert_near(offsets, case["fixed_deltas"], ON_LOGITS)


@networks("retinanet")
@each_case
def test_one_stage_answers_at_every_anchor_as_officially(official: Official, name: str):
    assert isinstance(official.network, RetinaNet)
    case, network = official.case(name), official.network
    features = official.fixture.spec["cases"][name]["features"]
    with torch.inference_mode():
        anchors = network.answer(official.maps(name)).anchors
        for level, of_level in zip(("p3", "p4", "p5", "p6", "p7"), anchors, strict=True):
            assert_near(torch.cat([of_level[:9], of_level[-9:]]), case[f"anchors_{level}"], 1e-4)
            for kind, values in zip(("logits", "deltas"), network.head(official.maps(name)[level]), strict=True):
                key = f"{kind}_{level}"
                wanted = case[key]
                if key in features:
                    values = sampled(values, wanted, features[key]["sample_step"])
                assert_near(values.reshape(wanted.shape), wanted, ON_LOGITS)


@networks("mask_rcnn")
@each_case
def test_masks_are_the_official_ones(official: Official, name: str):
    network = official.network
    assert isinstance(network, FasterRcnn)
    assert network.roi_heads.mask_head is not None
    case = official.case(name)
    (answer,) = official.detect(name)
    probabilities = answer["mask_probabilities"]
    assert_near(probabilities[:8], case["det_mask_probs"], ON_SCORES)
    size = case.picture.shape[0], case.picture.shape[1]
    masks = network.paste(probabilities, in_source(answer, case), size)
    shape = official.fixture.spec["cases"][name]["masks"]
    wanted = torch.from_numpy(np.unpackbits(case["det_masks_packed"].numpy(), axis=-1, count=shape[2]).astype(bool))
    assert list(wanted.shape) == shape
    assert float((masks[: shape[0]] != wanted).float().mean()) <= ON_MASKS
    with torch.inference_mode():
        logits = network.roi_heads.mask_head(pooled(official.maps(name), [case["fixed_boxes"][0:12:2]], 14))
    assert_near(logits[:, [0, 20, 40, 60]], case["fixed_mask_logits"], ON_LOGITS)
    assert_near(logits.mean((2, 3)), case["fixed_mask_mean"], ON_LOGITS)


@networks("retinanet")
def test_the_zoos_pickle_is_loaded_to_the_same_answers(official: Official, tmp_path: Path):
    arrays = {key: value.numpy() for key, value in official.network.state_dict().items()}
    arrays["pixel_mean"] = np.array([103.53, 116.28, 123.675], np.float32).reshape(3, 1, 1)
    path = tmp_path / "model_final.pkl"
    with path.open("wb") as file:
        pickle.dump({"model": arrays, "__author__": "somebody"}, file, protocol=2)
    network, *_ = detectron2_detector(official.name, str(path), 0, {})
    for key, value in network.state_dict().items():
        assert torch.equal(value, official.network.state_dict()[key])
