"""The paper's four detectors under random weights: what they answer, what can be compared, and that they learn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

from jpegproof.exceptions import ModelError, UnknownNameError, WeightsError
from jpegproof.models.detectron2.build import NETWORKS, detectron2_detector
from jpegproof.models.detectron2.fast_rcnn import FastRcnn
from jpegproof.models.detectron2.faster_rcnn import FasterRcnn
from jpegproof.models.detectron2.proposal_file import read_proposals, write_proposals
from jpegproof.models.detectron2.proposal_table import PictureProposals
from jpegproof.models.shortest_side import ShortestSide
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.detector import Dense
from jpegproof.tasks.geometry import Geometry

#: Few, so that a network that knows nothing is sure enough of something to answer.
CATEGORIES = [7, 1, 44]
PROPOSALS = torch.tensor([[4.0, 4, 40, 44], [0, 0, 64, 48], [20, 8, 60, 40], [50, 10, 62, 30]])


@pytest.fixture(scope="module")
def network(request: pytest.FixtureRequest) -> torch.nn.Module:
    return detectron2_detector(request.param, "random", 0, {"categories": CATEGORIES})[0]


each_network = pytest.mark.parametrize("network", NETWORKS, indirect=True)


def picture(seed: int = 0, size: tuple[int, int] = (48, 64)) -> Tensor:
    return torch.rand(3, *size, generator=torch.Generator().manual_seed(seed))


def target(labels: tuple[int, ...] = (44, 1)) -> dict[str, Tensor]:
    boxes = torch.tensor([[4.0, 4, 40, 44], [30, 10, 60, 40]])[: len(labels)]
    masks = torch.zeros(len(labels), 48, 64, dtype=torch.uint8)
    for mask, (left, top, right, bottom) in zip(masks, boxes.int().tolist(), strict=True):
        mask[top:bottom, left:right] = 1
    return {"boxes": boxes, "labels": torch.tensor(labels, dtype=torch.int64), "masks": masks}


def supplied_to(network: torch.nn.Module, count: int) -> dict[str, Any]:
    return {"proposals": [PROPOSALS] * count} if isinstance(network, FastRcnn) else {}


def dense_of(network: torch.nn.Module, image: Tensor, like: Dense | None = None) -> Dense:
    detector = cast(Any, network)
    (answer,) = detector.dense([image], None if like is None else [like], **supplied_to(network, 1))
    return answer


def losses_of(network: torch.nn.Module, wanted: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    torch.manual_seed(0)
    return cast(Any, network).losses([picture()], [wanted], **supplied_to(network, 1))


@pytest.mark.slow
@each_network
def test_an_answer_is_boxes_in_the_picture_with_category_ids_and_falling_scores(network: torch.nn.Module):
    images = [picture(), picture(1, (70, 40))]
    with torch.inference_mode():
        answers = network(images, **supplied_to(network, 2))
    assert len(answers) == 2
    # RetinaNet begins with the belief that there is hardly ever an object.
    assert all(len(answer["labels"]) == 0 for answer in answers) == (type(network).__name__ == "RetinaNet")
    for answer, image in zip(answers, images, strict=True):
        boxes, labels, scores = (answer[key] for key in ("boxes", "labels", "scores"))
        assert boxes.shape == (len(labels), 4)
        assert len(labels) == len(scores) <= 100
        assert set(labels.tolist()) <= set(CATEGORIES)
        assert (scores.diff() <= 0).all()
        assert (boxes[:, :2] < boxes[:, 2:]).all()
        assert (boxes >= 0).all()
        assert (boxes <= torch.tensor([image.shape[2], image.shape[1]] * 2)).all()


@pytest.mark.slow
@pytest.mark.parametrize("network", ["mask_rcnn_R_50_FPN"], indirect=True)
def test_masks_are_squares_that_are_pasted_at_the_size_of_the_source(network: torch.nn.Module):
    assert isinstance(network, FasterRcnn)
    with torch.inference_mode():
        (answer,) = network([picture()])
    squares = answer["mask_probabilities"]
    assert squares.shape == (len(answer["boxes"]), 28, 28)
    assert ((squares > 0) & (squares < 1)).all()
    geometry = Geometry((96, 128), (0.5, 0.5), (0, 0))
    masks = network.paste(squares, geometry.to_source(answer["boxes"]), geometry.source)
    assert masks.shape == (len(squares), 96, 128)
    assert masks.dtype == torch.bool
    assert masks.any()


@pytest.mark.slow
@each_network
def test_dense_answers_on_two_versions_of_a_picture_are_compared_place_by_place(network: torch.nn.Module):
    original = picture()
    with torch.no_grad():
        reference = dense_of(network, original)
        again = dense_of(network, original, reference)
    for name, tensor in reference.tensors.items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, again.tensors[name])
        belief = reference.belief[name]
        assert belief.broadcast_to(tensor.shape).shape == tensor.shape
        assert ((belief >= 0) & (belief <= 1)).all()
    changed = (original + 0.1 * picture(5)).clamp(0, 1).requires_grad_()
    answer = dense_of(network, changed, reference)
    assert (answer.proposals is None) == (reference.proposals is None) == (type(network).__name__ == "RetinaNet")
    if answer.proposals is not None and reference.proposals is not None:
        assert torch.equal(answer.proposals, reference.proposals)
    for name, tensor in answer.tensors.items():
        assert tensor.shape == reference.tensors[name].shape
        assert tensor.numel() > 0
        (gradient,) = torch.autograd.grad(tensor.sum(), changed, retain_graph=True)
        assert gradient.isfinite().all()
        assert gradient.abs().sum() > 0
    wanted = {
        "fast_rcnn_R_50_FPN": {"class_logits", "box_offsets"},
        "faster_rcnn_R_50_FPN": {"class_logits", "box_offsets", "objectness", "anchor_offsets"},
        "mask_rcnn_R_50_FPN": {"class_logits", "box_offsets", "objectness", "anchor_offsets", "mask_logits"},
        "retinanet_R_50_FPN": {"class_logits", "box_offsets"},
    }
    assert wanted[network_name(network)] == set(answer.tensors)


@pytest.mark.slow
@each_network
def test_a_few_steps_lower_the_networks_own_losses(network: torch.nn.Module):
    before = {key: value.clone() for key, value in network.state_dict().items()}
    expected = {
        "fast_rcnn_R_50_FPN": {"loss_cls", "loss_box_reg"},
        "faster_rcnn_R_50_FPN": {"loss_cls", "loss_box_reg", "loss_rpn_cls", "loss_rpn_loc"},
        "mask_rcnn_R_50_FPN": {"loss_cls", "loss_box_reg", "loss_rpn_cls", "loss_rpn_loc", "loss_mask"},
        "retinanet_R_50_FPN": {"loss_cls", "loss_box_reg"},
    }
    optimiser = torch.optim.SGD(network.parameters(), lr=2e-4)
    totals = []
    for _ in range(3):
        losses = losses_of(network, target())
        assert set(losses) == expected[network_name(network)]
        assert all(loss.ndim == 0 and loss.isfinite() for loss in losses.values())
        total = torch.stack(list(losses.values())).sum()
        totals.append(float(total.detach()))
        optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
    assert totals[-1] < totals[0], totals
    untouched = {name.rpartition(".")[0] for name, parameter in network.named_parameters() if parameter.grad is None}
    # Small proposals are looked up in the finest map alone; a first stage looks at all maps.
    coarse = {f"backbone.fpn_output{level}" for level in (3, 4, 5)}
    assert untouched == (coarse if isinstance(network, FastRcnn) else set())
    # The norms' statistics are frozen: they are no parameters, and nothing updates them.
    for name, value in network.named_buffers():
        assert torch.equal(value, before[name])
    network.load_state_dict(before)


@pytest.mark.slow
@each_network
def test_a_picture_without_objects_can_be_learned_from_and_a_strange_label_cannot(network: torch.nn.Module):
    losses = losses_of(network, target(()))
    assert all(loss.isfinite() for loss in losses.values())
    torch.stack(list(losses.values())).sum().backward()
    with pytest.raises(ModelError, match="no class for: 2"):
        losses_of(network, target((2,)))


@pytest.mark.slow
@pytest.mark.parametrize("network", ["mask_rcnn_R_50_FPN"], indirect=True)
def test_masks_are_learned_from_masks_only(network: torch.nn.Module):
    boxes = {key: value for key, value in target().items() if key != "masks"}
    with pytest.raises(ModelError, match="give targets with masks"):
        losses_of(network, boxes)


@pytest.mark.slow
@pytest.mark.parametrize("network", ["faster_rcnn_R_50_FPN"], indirect=True)
def test_a_first_stage_proposes_boxes_best_first(network: torch.nn.Module):
    assert isinstance(network, FasterRcnn)
    ((boxes, logits),) = network.propose([picture()])
    assert boxes.shape == (len(logits), 4)
    assert len(logits) > 10
    assert (logits.diff() <= 0).all()
    assert (boxes <= torch.tensor([64, 48] * 2)).all()


@pytest.mark.slow
@pytest.mark.parametrize("network", ["fast_rcnn_R_50_FPN"], indirect=True)
def test_supplied_proposals_are_those_of_each_pictures_name(network: torch.nn.Module, tmp_path: Path):
    assert isinstance(network, FastRcnn)
    batch = Batch((picture(),), (Geometry((96, 128), (0.5, 0.5), (0, 0)),), ("a.jpg",))
    with pytest.raises(ModelError, match="without any"):
        network.proposals_of(batch)
    with pytest.raises(ModelError, match="pass proposals="):
        network([picture()])
    boxes, logits = PROPOSALS.numpy() * 2, np.array([4, 3, 2, 1], np.float32)
    write_proposals(tmp_path / "own.parquet", [("a.jpg", PictureProposals(boxes, logits))])
    network.table = read_proposals(tmp_path / "own.parquet")
    (found,) = network.proposals_of(batch)
    assert torch.allclose(found, PROPOSALS)
    turned = Batch(batch.inputs, batch.geometries, (None,))
    with pytest.raises(ModelError, match="augment: none"):
        network.proposals_of(turned)
    network.table = None


@pytest.mark.slow
def test_random_weights_are_those_of_their_seed():
    first, second, other = (detectron2_detector("retinanet_R_50_FPN", "random", seed, {}) for seed in (3, 3, 4))
    assert first[1:3] == ("detection", ShortestSide())
    assert first[3] == {"weights": "random", "seed": 3}
    assert not first[0].training
    weight = "backbone.bottom_up.res2.0.conv1.weight"
    assert torch.equal(first[0].state_dict()[weight], second[0].state_dict()[weight])
    assert not torch.equal(first[0].state_dict()[weight], other[0].state_dict()[weight])


@pytest.mark.parametrize(
    ("name", "weights", "arguments", "error", "words"),
    [
        ("faster_rcnn_R_50_FNP", "random", {}, UnknownNameError, "Did you mean 'faster_rcnn_R_50_FPN'"),
        ("retinanet_R_50_FPN", None, {}, ModelError, "needs weights.* Published: https.*_b796dc.pkl"),
        ("retinanet_R_50_FPN", "random", {"proposals": "a.pkl"}, ModelError, "takes no argument 'proposals'"),
        ("fast_rcnn_R_50_FPN", "random", {"proposals": "absent.pkl"}, WeightsError, "no such file of proposals"),
        ("fast_rcnn_R_50_FPN", "random", {"proposals": 3}, ModelError, "name a file, or a list of files"),
        ("fast_rcnn_R_50_FPN", "random", {"classes": 3}, ModelError, "it takes categories, proposals"),
    ],
)
def test_what_cannot_be_built_is_told(
    name: str, weights: str | None, arguments: dict[str, Any], error: type[Exception], words: str
):
    with pytest.raises(error, match=words):
        detectron2_detector(name, weights, 0, arguments)


def network_name(network: torch.nn.Module) -> str:
    if isinstance(network, FasterRcnn):
        return "faster_rcnn_R_50_FPN" if network.roi_heads.mask_head is None else "mask_rcnn_R_50_FPN"
    return "fast_rcnn_R_50_FPN" if isinstance(network, FastRcnn) else "retinanet_R_50_FPN"
