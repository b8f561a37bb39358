"""What a pipeline says of a picture: the task's answer as plain data, and how the picture came to it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from jpegproof.deploy.bounded import Place
from jpegproof.jpeg.codec import Pixels
from jpegproof.tasks.class_map import ClassMap
from jpegproof.tasks.objects import Detections

#: What could not be answered for a reason that lies in the model's answer.
NOT_FINITE = "the model's answer is not finite"


@dataclass(frozen=True, slots=True)
class ClassScore:
    """A class and how sure the model is of it.

    Attributes:
        label: the class's number.
        name: what it is called; None where nobody said.
        probability: by softmax over all classes, 0..1.
    """

    label: int
    name: str | None
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """A classifier's answer.

    Attributes:
        top: the likeliest classes, falling.
        logits: (C,) float32 of all classes.
    """

    top: tuple[ClassScore, ...]
    logits: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """A detector of fakes' answer.

    Attributes:
        fake: the probability that the picture is fake, 0..1: the mean over its patches.
        patches: (h, w) float32 logits of the patches; above 0 where fake is the likelier.
    """

    fake: float
    patches: NDArray[np.float32]


Value = Classes | Detections | ClassMap | Verdict | dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What became of one upload.

    Attributes:
        value: the task's answer, in pixels of the upload as stored; None where there is an error.
        error: why there is no answer; None where there is one.
        hazard: what is the matter with the file, one of `jpegproof.jpeg.hazards.HAZARDS`; None where nothing is, or
            where the fault is not the file's.
        size: (H, W) of the upload, pixels; None where it could not be read.
        corrected: where it was corrected, see `CorrectedInput`.
        multiply_adds: of the corrector.
        decoded_at: 1, 2, 4 or 8: it was decoded at this fraction of its size.
        framed: (H, W, 3) uint8, the model's input before it was normalised, where that was asked for.
    """

    value: Value | None
    error: str | None = None
    hazard: str | None = None
    size: tuple[int, int] | None = None
    corrected: Place = "nowhere"
    multiply_adds: int = 0
    decoded_at: int = 1
    framed: Pixels | None = None

    @property
    def ok(self) -> bool:
        """Whether there is an answer."""
        return self.error is None

    def plain(self) -> dict[str, Any]:
        """All but `framed` and a classifier's logits as data that JSON can hold; masks and maps as base64 text."""
        told: dict[str, Any] = {"error": self.error} if self.error else {"answer": _plain(self.value)}
        return {
            **told,
            **({"hazard": self.hazard} if self.hazard else {}),
            "size": None if self.size is None else list(self.size),
            "corrected": self.corrected,
            "decoded_at": self.decoded_at,
        }


def values_of(task: str, answer: Any, top: int, names: Sequence[str] | None) -> list[Value | str]:
    """A task's answer as one value per picture; text where the picture has none, saying why.

    Args:
        task: its name.
        answer: as `Task.answer` gives it.
        top: how many classes are told, at most.
        names: of the classes, by number.
    """
    return [_VALUES[task](item, top, names) for item in answer]


def _classes(logits: torch.Tensor, top: int, names: Sequence[str] | None) -> Classes | str:
    if not torch.isfinite(logits).all():
        return NOT_FINITE
    probabilities = logits.softmax(0)
    # Stable, so that equal scores come in class order, as in stored predictions.
    best = torch.sort(logits, descending=True, stable=True).indices[:top].tolist()
    called = dict(enumerate(names if names is not None else ()))
    scores = tuple(ClassScore(label, called.get(label), float(probabilities[label])) for label in best)
    return Classes(scores, logits.cpu().numpy())


def _detections(found: Detections, top: int, names: Sequence[str] | None) -> Detections | str:
    del top, names
    finite = np.isfinite(found.boxes).all() and np.isfinite(found.scores).all()
    return found if finite else NOT_FINITE


def _map(found: ClassMap, top: int, names: Sequence[str] | None) -> ClassMap:
    del top, names
    return found


def _verdict(logits: torch.Tensor, top: int, names: Sequence[str] | None) -> Verdict | str:
    del top, names
    if not torch.isfinite(logits).all():
        return NOT_FINITE
    return Verdict(float(logits.sigmoid().mean()), logits.cpu().numpy())


def _tensors(
    found: Mapping[str, torch.Tensor], top: int, names: Sequence[str] | None
) -> dict[str, NDArray[np.float32]] | str:
    del top, names
    if not all(bool(torch.isfinite(tensor).all()) for tensor in found.values()):
        return NOT_FINITE
    return {name: tensor.float().cpu().numpy() for name, tensor in found.items()}


_VALUES: Mapping[str, Callable[..., Value | str]] = {
    "classification": _classes,
    "detection": _detections,
    "instance_segmentation": _detections,
    "semantic_segmentation": _map,
    "forensics": _verdict,
    "tensors": _tensors,
}


def _plain(value: Value | None) -> Any:
    if isinstance(value, Classes):
        return [
            {"label": score.label, "name": score.name, "probability": round(score.probability, 6)}
            for score in value.top
        ]
    if isinstance(value, Detections):
        masks = [None] * len(value) if value.masks is None else [_text(mask) for mask in value.masks]
        rows = zip(value.boxes.tolist(), value.labels.tolist(), value.scores.tolist(), masks, strict=True)
        keys = ("box", "label", "score", "mask")
        return [{key: item for key, item in zip(keys, row, strict=True) if item is not None} for row in rows]
    if isinstance(value, ClassMap):
        return {"size": list(value.numbers.shape), "classes": value.classes, "zlib": _text(value.packed())}
    if isinstance(value, Verdict):
        return {"fake": round(value.fake, 6), "patches": list(value.patches.shape)}
    return {name: item.tolist() for name, item in (value or {}).items()}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
