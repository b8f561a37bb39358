"""Of a detector: the score of the box that it is surest of on the original."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from jpegproof.exceptions import DataError, ModelError
from jpegproof.models.model import Model
from jpegproof.probes.explanations.layer import Parts
from jpegproof.probes.explanations.unexplainable import UnexplainableError
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.detection import Detection
from jpegproof.tasks.detector import Dense, Detector
from jpegproof.tasks.objects import Detections

#: What dense tensors of class logits are called, (places, classes).
_LOGITS = ("class_logits", "logits", "cls_logits")

#: A box of another version of the picture is the same one from this overlap on.
SAME_BOX = 0.5

#: Of each dense tensor so many places are looked at, evenly spaced: the first is on the finest level, the last on the
#: coarsest.
_PLACES = 3


@dataclass(frozen=True, slots=True, eq=False)
class PlaceScore:
    """The class logit at one place of a detector's dense answer. See `Subject`.

    It is the place and the class in which the detector believes most on the original, so that the best detection there
    comes from it; an R-CNN is asked about the original's proposals in every version. The same place is there in every
    version of the picture, whether a detection comes of it or not.
    """

    label: str
    box: NDArray[np.float32]
    tensor: str
    place: int
    column: int
    like: Dense
    region: None = None
    classes: None = None

    def score(self, network: nn.Module, batch: Batch) -> Tensor:
        """See `Subject.score`."""
        (dense,) = Detection().observe(network, batch, [self.like])
        logits = dense.tensors[self.tensor]
        if logits.shape != self.like.tensors[self.tensor].shape:
            raise UnexplainableError("the detector's answer has other places than that on the original")
        return logits[self.place, self.column]

    def parts(self, network: nn.Module, batch: Batch) -> Parts:
        """See `Subject.parts`: places of every dense tensor, so that no layer is taken that classes alone depend on."""
        (dense,) = Detection().observe(network, batch, [self.like])
        return [
            tensor[place].square().sum()
            for tensor in dense.tensors.values()
            if tensor.requires_grad and tensor.ndim > 0 and len(tensor) > 0
            for place in np.linspace(0, len(tensor) - 1, _PLACES).astype(int).tolist()
        ]


@dataclass(frozen=True, slots=True, eq=False)
class OverlapScore:
    """The score of the detection of the same class that overlaps the original's best box most. See `Subject`.

    For detectors that show no class logits before boxes are chosen. Where no detection of the class overlaps by half,
    there is nothing to explain.
    """

    label: str
    box: NDArray[np.float32]
    number: int
    region: None = None
    classes: None = None

    def score(self, network: nn.Module, batch: Batch) -> Tensor:
        """See `Subject.score`."""
        (answer,) = cast(Detector, network)(list(batch.inputs))
        boxes = batch.geometries[0].to_source(answer["boxes"].detach().float()).cpu().numpy()
        overlap = np.where(answer["labels"].cpu().numpy() == self.number, _overlaps(boxes, self.box), 0.0)
        if not len(overlap) or overlap.max() < SAME_BOX:
            raise UnexplainableError(f"no detection of {self.label} is left where the original's best one is")
        return answer["scores"][int(overlap.argmax())]

    def parts(self, network: nn.Module, batch: Batch) -> Parts:
        """See `Subject.parts`: one box's score is all that is shown."""
        return [self.score(network, batch)]


def box_of_picture(
    model: Model, batch: Batch, wanted: int | None, names: Mapping[int, str]
) -> PlaceScore | OverlapScore:
    """The detection with the greatest score on the original.

    Raises:
        UnexplainableError: there is no detection on the original.
        DataError: a class is wanted; of a detector the box decides.
    """
    if wanted is not None:
        raise DataError("of a detector the box that it is surest of is explained; leave --class out")
    with torch.no_grad():
        (said,) = cast("list[Detections]", model.task.answer(model.network, batch))
        if not len(said.scores):
            raise UnexplainableError("there is no detection on the original")
        dense = _dense(model, batch)
    best = int(said.scores.argmax())
    label = names.get(int(said.labels[best]), f"class {said.labels[best]}")
    tensor = next((name for name in _LOGITS if dense is not None and name in dense.tensors), None)
    if dense is None or tensor is None or dense.tensors[tensor].ndim != 2:
        return OverlapScore(label, said.boxes[best], int(said.labels[best]))
    place, column = _surest(dense, tensor)
    return PlaceScore(label, said.boxes[best], tensor, place, column, dense)


def _dense(model: Model, batch: Batch) -> Dense | None:
    """The dense answer; None of a detector that has none."""
    try:
        return cast("list[Dense]", model.task.observe(model.network, batch))[0]
    except ModelError:  # a detector of one's own need not have one
        return None


def _surest(dense: Dense, tensor: str) -> tuple[int, int]:
    """The place and the class of the greatest probability in a tensor of class logits."""
    logits = dense.tensors[tensor]
    if dense.proposals is None:
        probability = logits.sigmoid()  # each class for itself
    else:
        probability = logits.softmax(dim=1)
        # The background is first with torchvision and last with Detectron2: belief is what it leaves over.
        background = (1 - probability - _belief(dense, tensor)).abs().sum(dim=0).argmin()
        probability[:, background] = -1
    place, column = divmod(int(probability.argmax()), probability.shape[1])
    return place, column


def _belief(dense: Dense, tensor: str) -> Any:
    return dense.belief[tensor].reshape(-1, 1)


def _overlaps(boxes: NDArray[Any], box: NDArray[Any]) -> NDArray[np.float64]:
    """Intersection over union of (N, 4) xyxy boxes with one."""
    low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1)
    whole = areas + np.prod(np.clip(box[2:] - box[:2], 0, None)) - shared
    return np.divide(shared, whole, out=np.zeros(len(boxes)), where=whole > 0)
