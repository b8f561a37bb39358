"""torchvision's own networks behind the protocol of a detector."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from tiny_detectors import random_picture, some_target, tiny_faster_rcnn, tiny_mask_rcnn, tiny_retinanet
from torch import nn

from jpegproof.exceptions import ModelError
from jpegproof.models.detectors import two_stage
from jpegproof.models.detectors.find import as_detector
from jpegproof.tasks.dense_distance import dense_distance

BUILDERS = {"faster": tiny_faster_rcnn, "mask": tiny_mask_rcnn, "retina": tiny_retinanet}
PICTURE, OTHER = random_picture(seed=1), random_picture(seed=2)


@pytest.fixture(params=list(BUILDERS))
def network(request: pytest.FixtureRequest) -> Any:
    return BUILDERS[request.param]()


def targets(network: nn.Module) -> list[dict[str, torch.Tensor]]:
    return [some_target(masks=hasattr(network, "roi_heads") and network.roi_heads.has_mask())] * 2  # type: ignore


def modes_of(network: nn.Module) -> dict[str, bool]:
    return {name: module.training for name, module in network.named_modules()}


# Answers in use


def test_answers_are_torchvisions_own_in_evaluation(network: Any):
    with torch.no_grad():
        found, wanted = as_detector(network)([PICTURE])[0], network([PICTURE])[0]
    assert len(wanted["scores"]) > 0
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[key], wanted[key]) for key in wanted)
    assert (found["scores"].diff() <= 0).all()


def test_a_picture_is_answered_alike_alone_and_in_company(network: Any):
    detector = as_detector(network)
    pictures = [PICTURE, random_picture(40, 90, seed=3)]
    with torch.no_grad():
        together = detector(pictures)
        for picture, answer in zip(pictures, together, strict=True):
            assert all(torch.equal(answer[key], alone) for key, alone in detector([picture])[0].items())
        for picture, dense in zip(pictures, detector.dense(pictures), strict=True):
            alone = detector.dense([picture])[0].tensors
            assert all(torch.equal(dense.tensors[key], alone[key]) for key in alone)


def test_answers_in_use_do_not_depend_on_the_mode_and_leave_it(network: Any):
    detector = as_detector(network)
    with torch.no_grad():
        wanted = detector([PICTURE])[0]
        detector.train()
        for layer in network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eval()
        before = modes_of(detector)
        found = detector([PICTURE])[0]
    assert torch.equal(found["boxes"], wanted["boxes"])
    assert modes_of(detector) == before


# Dense answers


def test_dense_answers_hold_what_the_kind_of_detector_computes(network: Any):
    dense = as_detector(network).dense([PICTURE])[0]
    shapes = {name: tuple(tensor.shape) for name, tensor in dense.tensors.items()}
    anchors = 8 * 12 * 6  # at an eighth of 64 x 80, padded to multiples of 32
    if not hasattr(network, "roi_heads"):
        assert shapes == {"class_logits": (anchors, 4), "box_offsets": (anchors, 4)}
        assert dense.proposals is None
        return
    assert dense.proposals is not None
    proposals = len(dense.proposals)
    expected = {"objectness": (anchors,), "anchor_offsets": (anchors, 4)}
    expected |= {"class_logits": (proposals, 4), "box_offsets": (proposals, 4, 4)}
    if network.roi_heads.has_mask():
        expected["mask_logits"] = (5, 28, 28)
    assert shapes == expected


def test_dense_answers_are_those_that_the_boxes_in_use_are_chosen_from(monkeypatch: pytest.MonkeyPatch):
    """The decoded dense answers of a Faster R-CNN, kept by its own rule, are its boxes."""
    monkeypatch.setattr(two_stage, "COMPARED_PROPOSALS", 1000)
    network = tiny_faster_rcnn()
    detector = as_detector(network)
    with torch.no_grad():
        dense, wanted = detector.dense([PICTURE])[0], detector([PICTURE])[0]
        scaled, _ = network.transform([PICTURE])
        ratio = scaled.image_sizes[0][0] / PICTURE.shape[1]
        boxes, scores, labels = network.roi_heads.postprocess_detections(
            dense.tensors["class_logits"],
            dense.tensors["box_offsets"].flatten(1),
            [dense.proposals * ratio],  # type: ignore
            scaled.image_sizes,
        )
    assert torch.allclose(scores[0], wanted["scores"], atol=1e-5)
    assert torch.equal(labels[0], wanted["labels"])
    assert torch.allclose(boxes[0] / ratio, wanted["boxes"], atol=1e-3)


def test_retinanets_dense_answers_hold_the_scores_of_its_boxes():
    network = tiny_retinanet()
    with torch.no_grad():
        dense, wanted = as_detector(network).dense([PICTURE])[0], network([PICTURE])[0]
    scores = dense.tensors["class_logits"].sigmoid().flatten()
    assert all((scores - score).abs().min() < 1e-6 for score in wanted["scores"])


def test_with_the_proposals_of_the_original_two_pictures_can_be_compared(network: Any):
    detector = as_detector(network)
    original = detector.dense([OTHER])
    answer = detector.dense([PICTURE], original)[0]
    assert {key: value.shape for key, value in answer.tensors.items()} == {
        key: value.shape for key, value in original[0].tensors.items()
    }
    assert float(dense_distance(answer, original[0]).detach()) > 0.01
    if answer.proposals is not None:
        assert torch.equal(answer.proposals, original[0].proposals)


def test_the_same_picture_has_no_distance_to_itself(network: Any):
    detector = as_detector(network)
    with torch.no_grad():
        original = detector.dense([PICTURE])
        again = detector.dense([PICTURE.clone()], original)[0]
    assert all(torch.equal(again.tensors[key], value) for key, value in original[0].tensors.items())
    assert float(dense_distance(again, original[0])) == 0


def test_half_precision_has_dense_answers_too(network: Any):
    """Trainings compute convolutions in bfloat16 where the machine is faster at it."""
    detector = as_detector(network)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        original = detector.dense([PICTURE])
        again = detector.dense([PICTURE], original)[0]
    assert all(tensor.dtype == torch.float32 for tensor in again.tensors.values())
    assert float(dense_distance(again, original[0])) == 0


def test_every_tensor_has_a_gradient_to_the_picture(network: Any):
    detector = as_detector(network)
    with torch.no_grad():
        original = detector.dense([OTHER])
    picture = PICTURE.clone().requires_grad_()
    for name, tensor in detector.dense([picture], original)[0].tensors.items():
        (gradient,) = torch.autograd.grad(tensor.sum(), picture, retain_graph=True)
        assert gradient.abs().sum() > 0, name


def test_belief_is_a_probability_for_each_place_of_each_tensor(network: Any):
    dense = as_detector(network).dense([PICTURE])[0]
    assert dense.belief.keys() == dense.tensors.keys()
    for name, belief in dense.belief.items():
        assert (belief >= 0).all()
        assert (belief <= 1).all()
        assert belief.expand_as(dense.tensors[name]).shape == dense.tensors[name].shape
        assert not belief.requires_grad
        assert belief.std() > 0, name


def test_proposals_are_the_best_and_at_most_so_many(monkeypatch: pytest.MonkeyPatch):
    network = tiny_faster_rcnn()
    whole = as_detector(network).dense([PICTURE])[0].proposals
    monkeypatch.setattr(two_stage, "COMPARED_PROPOSALS", 7)
    few = as_detector(network).dense([PICTURE])[0].proposals
    assert whole is not None
    assert few is not None
    assert len(whole) > 7
    assert torch.equal(few, whole[:7])


def test_proposals_are_in_pixels_of_the_given_picture():
    network = tiny_faster_rcnn()
    large = nn.functional.interpolate(PICTURE[None], scale_factor=4, mode="nearest")[0]
    proposals = as_detector(network).dense([large])[0].proposals
    assert proposals is not None
    assert proposals.max() > 200
    assert (proposals[:, 2] <= 320).all()
    assert (proposals[:, 3] <= 256).all()


def test_masks_are_compared_at_the_detections_of_the_original(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(two_stage, "COMPARED_PROPOSALS", 1000)
    network = tiny_mask_rcnn()
    detector = as_detector(network)
    original = detector.dense([OTHER])[0]
    with torch.no_grad():
        found = network([OTHER])[0]
    assert torch.allclose(original.belief["mask_logits"].flatten(), found["scores"], atol=1e-5)
    moved = detector.dense([PICTURE], [original])[0]
    assert moved.tensors["mask_logits"].shape == original.tensors["mask_logits"].shape
    assert torch.equal(moved.belief["mask_logits"], original.belief["mask_logits"])


def test_nothing_detected_is_no_obstacle():
    network: Any = tiny_mask_rcnn()
    network.roi_heads.score_thresh = 2.0
    detector = as_detector(network)
    original = detector.dense([OTHER])
    assert len(original[0].tensors["mask_logits"]) == 0
    assert torch.isfinite(dense_distance(detector.dense([PICTURE], original)[0], original[0]))


# Losses


def test_losses_are_torchvisions_own_with_batch_norm_frozen(network: Any):
    detector = as_detector(network)
    pictures = [PICTURE, OTHER]
    torch.manual_seed(5)
    found = detector.losses(pictures, targets(network))
    reference = copy.deepcopy(network).train()
    for layer in reference.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
    reference.transform.eval()  # in training mode it would draw a size from the same random numbers
    torch.manual_seed(5)
    wanted = reference(pictures, targets(network))
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[key], wanted[key]) for key in wanted)
    assert all(value.requires_grad for value in found.values())


def test_losses_leave_modes_statistics_and_targets_as_they_were(network: Any):
    detector = as_detector(network)
    before, state = modes_of(detector), copy.deepcopy(detector.state_dict())
    wanted = targets(network)
    kept = copy.deepcopy(wanted)
    detector.losses([PICTURE, OTHER], wanted)
    assert modes_of(detector) == before
    assert all(torch.equal(value, state[key]) for key, value in detector.state_dict().items())
    assert all(torch.equal(wanted[0][key], kept[0][key]) for key in kept[0])


def test_modes_are_put_back_after_a_failure(network: Any):
    detector = as_detector(network)
    before = modes_of(detector)
    with pytest.raises(RuntimeError):
        detector.losses([torch.rand(5, 64, 80)], targets(network)[:1])
    assert modes_of(detector) == before


def test_a_picture_without_objects_and_a_box_without_area_have_losses(network: Any):
    detector = as_detector(network)
    whole = targets(network)[0]
    nothing = {key: value[:0] for key, value in whole.items()}
    flat = {**whole, "boxes": torch.tensor([[5.0, 6.0, 40.0, 50.0], [30.0, 10.0, 30.0, 60.0]])}
    first = {key: value[:1] for key, value in whole.items()}

    def losses(target: Any) -> dict[str, torch.Tensor]:
        torch.manual_seed(5)
        return detector.losses([PICTURE], [target])

    assert all(torch.isfinite(loss) for loss in losses(nothing).values())
    expected = losses(first)
    assert all(torch.equal(loss, expected[key]) for key, loss in losses(flat).items())


@pytest.mark.parametrize(("kind", "label", "first"), [("faster", 0, 1), ("faster", 4, 1), ("retina", 4, 0)])
def test_a_label_that_the_detector_does_not_know_is_refused(kind: str, label: int, first: int):
    """The second stage of an R-CNN keeps 0 for the background; a RetinaNet has no class for it."""
    wanted = {**some_target(), "labels": torch.tensor([1, label])}
    with pytest.raises(ModelError, match=f"knows the labels {first} to 3; the data set has"):
        as_detector(BUILDERS[kind]()).losses([PICTURE], [wanted])


def test_an_instance_segmenter_without_masks_to_learn_from_says_so():
    with pytest.raises(ModelError, match="needs the masks of the objects"):
        as_detector(tiny_mask_rcnn()).losses([PICTURE], [some_target()])


# Weights


def test_weights_are_saved_and_loaded_under_the_networks_own_names(network: Any):
    detector = as_detector(network)
    assert list(detector.state_dict()) == list(network.state_dict())
    changed = {key: torch.zeros_like(value) for key, value in network.state_dict().items()}
    detector.load_state_dict(changed)
    assert all((value == 0).all() for value in network.state_dict().values())


def test_a_copy_is_a_detector_of_its_own(network: Any):
    detector = as_detector(network)
    twin = copy.deepcopy(detector)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
        assert any((value != 0).any() for value in detector.dense([PICTURE])[0].tensors.values())
        assert float(twin.dense([PICTURE])[0].tensors["class_logits"].abs().sum()) == 0
