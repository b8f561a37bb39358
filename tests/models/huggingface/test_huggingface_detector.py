"""Detectors of transformers behind the protocol: boxes as the library says them, dense answers, losses, labels."""

from __future__ import annotations

import copy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from tiny_transformers import detr
from torch import nn
from transformers import AutoImageProcessor, DetrForObjectDetection

from jpegproof.exceptions import ModelError
from jpegproof.models.detectron2.categories import COCO_CATEGORIES
from jpegproof.models.find import find_model
from jpegproof.models.huggingface.detector import HuggingFaceDetector, labels_of
from jpegproof.models.model import Model
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.objects import Objects


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return detr(tmp_path_factory.mktemp("detr"))


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return find_model(f"hf:{folder}", arguments={"categories": [7, 3, 9, 1]})


def stored_picture() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (120, 90, 3), dtype=np.uint8)


def batch_of(model: Model) -> Batch:
    framed, geometry = model.preparation.frame(stored_picture())
    return Batch((model.preparation.normalise(framed),), (geometry,), (None,))


def test_boxes_are_what_the_library_says_in_pixels_of_the_stored_picture(model: Model, folder: Path):
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    network = DetrForObjectDetection.from_pretrained(folder).eval()
    inputs = processor(stored_picture(), input_data_format="channels_last", return_tensors="pt")
    with torch.no_grad():
        (theirs,) = processor.post_process_object_detection(network(**inputs), 0.0, [(120, 90)])
    (ours,) = model.task.answer(model.network, batch_of(model))
    order = theirs["scores"].sort(descending=True, stable=True).indices
    assert len(ours) == 7
    assert ours.scores == pytest.approx(theirs["scores"][order].numpy(), abs=1e-6)
    assert ours.boxes == pytest.approx(theirs["boxes"][order].numpy(), abs=1e-3)
    assert [int(label) for label in ours.labels] == [[7, 3, 9, 1][int(label)] for label in theirs["labels"][order]]


def test_dense_answers_are_of_every_query_and_carry_gradients(model: Model):
    image = batch_of(model).inputs[0].clone().requires_grad_()
    detector: Any = model.network
    (dense,) = detector.dense([image])
    assert {name: tuple(tensor.shape) for name, tensor in dense.tensors.items()} == {
        "class_logits": (7, 5),
        "boxes": (7, 4),
    }
    # The last of the five logits is that of no object.
    expected = 1 - dense.tensors["class_logits"].softmax(dim=1)[:, 4:]
    assert torch.allclose(dense.belief["boxes"], expected)
    (other,) = detector.dense([image.detach() + 0.1])
    distance = model.task.distance([dense], [other])
    assert distance.item() > 0
    distance.sum().backward()
    assert image.grad is not None
    assert image.grad.abs().sum() > 0


class TwoStage(nn.Module):
    """Answers as a detector that takes its queries from the best places."""

    def forward(self, pixel_values: torch.Tensor) -> Any:
        places = pixel_values.mean(dim=1).flatten(1)[..., None]
        return SimpleNamespace(
            logits=torch.zeros(1, 2, 3),
            pred_boxes=torch.zeros(1, 2, 4),
            enc_outputs_class=places.expand(-1, -1, 3),
            enc_outputs_coord_logits=places.expand(-1, -1, 4),
        )


def test_of_a_detector_with_queries_from_the_picture_the_places_are_compared():
    image = torch.rand(3, 4, 5)
    (dense,) = HuggingFaceDetector(TwoStage(), None, [0, 1, 2]).dense([image])
    values = image.mean(dim=0).flatten()[:, None]
    assert torch.allclose(dense.tensors["place_logits"], values.expand(-1, 3))
    assert torch.allclose(dense.tensors["place_boxes"], values.sigmoid().expand(-1, 4))
    # As many logits as classes: each class is for itself.
    assert torch.allclose(dense.belief["place_logits"], values.sigmoid())


def test_it_learns_from_boxes_in_pixels_and_category_ids(model: Model):
    pytest.importorskip("scipy")
    network: Any = copy.deepcopy(model.network).requires_grad_(True)
    batch = batch_of(model)
    truth = Objects((120, 90), np.array([[9.0, 12, 45, 60]]), np.array([9]), np.zeros(1, bool), np.array([1728.0]))
    seen: list[Any] = []
    hook = network.network.register_forward_pre_hook(lambda *call: seen.append(call[2]), with_kwargs=True)
    loss = model.task.supervised_loss(network, batch, [truth])
    hook.remove()
    (wanted,) = seen[0]["labels"]
    assert wanted["class_labels"].tolist() == [2]
    assert wanted["boxes"][0].tolist() == pytest.approx([0.3, 0.3, 0.4, 0.4])
    loss.backward()
    assert all(torch.isfinite(item.grad).all() for item in network.parameters() if item.grad is not None)
    with pytest.raises(ModelError, match="category ids that the network has no class for: 5"):
        model.task.supervised_loss(
            network, batch, [Objects(truth.size, truth.boxes, np.array([5]), truth.crowd, truth.areas)]
        )


def test_classes_are_numbered_as_they_are_said_or_as_coco_numbers_its_own():
    names = {number: f"thing {number}" for number in range(80)}
    assert labels_of(names, {}) == tuple(range(80))
    assert labels_of({**names, 0: "person", 79: "toothbrush"}, {}) == COCO_CATEGORIES
    with pytest.raises(ModelError, match="of the detector's 80 classes"):
        labels_of(names, {"categories": [1, 2]})
    with pytest.raises(ModelError, match="takes no argument 'classes'"):
        labels_of(names, {"classes": 3})
