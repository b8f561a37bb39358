"""Detection and instance segmentation: boxes with classes and scores, and with masks where the network draws them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import pyarrow as pa
import torch

from jpegproof.exceptions import ModelError
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.dense_distance import dense_distance
from jpegproof.tasks.detection_columns import (
    DETECTION_SCHEMA,
    TRUTH_SCHEMA,
    detection_columns,
    detections_of,
    truth_columns,
)
from jpegproof.tasks.detector import Boxes, Dense, Detector
from jpegproof.tasks.frozen_norms import learn_with_frozen_norms
from jpegproof.tasks.geometry import Geometry
from jpegproof.tasks.masks import decode_mask, encode_mask
from jpegproof.tasks.objects import Detections, Objects
from jpegproof.tasks.protocol import ClassNames

#: So many of a picture's detections are kept, the best: what COCO's metric looks at.
MOST = 100


class Detection:
    """Finds objects; an answer is one `Detections` a picture, an observation one `Dense` a picture.

    Stored per picture: the 100 best boxes in pixels of the stored picture, with masks as run lengths for instance
    segmentation. No distance is stored: what is compared in training, every place of a detector's dense maps, is too
    large to keep of the originals. The truth is stored once, beside the answers on the originals.

    Args:
        masks: whether the network draws a mask for each box: the task is then instance segmentation.
    """

    version = 1
    #: Pictures are padded to one size in a batch, and what is beside a picture changes its answer.
    batch_size = 1
    schema = DETECTION_SCHEMA
    reference_schema = TRUTH_SCHEMA

    def __init__(self, masks: bool = False) -> None:
        self.name = "instance_segmentation" if masks else "detection"
        self._masks = masks

    def answer(self, network: torch.nn.Module, batch: Batch) -> list[Detections]:
        """The best boxes of each picture, in pixels of the stored picture.

        Raises:
            ModelError: the network does not answer with torchvision's dictionaries, or draws no masks where it should.
        """
        answers = _detector(network)(list(batch.inputs), **_supplied(network, batch))
        if not isinstance(answers, Sequence) or len(answers) != len(batch):
            raise ModelError(
                f"a detector must answer {len(batch)} pictures with a list of {len(batch)} dictionaries of boxes, "
                f"labels and scores; this one answered with a {type(answers).__name__}"
            )
        return [
            _in_source(network, answer, image, geometry, self._masks)
            for answer, image, geometry in zip(answers, batch.inputs, batch.geometries, strict=True)
        ]

    def observe(self, network: torch.nn.Module, batch: Batch, like: Sequence[Dense] | None = None) -> list[Dense]:
        """The dense maps of each picture, about the proposals of `like` where that is given."""
        return _detector(network).dense(list(batch.inputs), like, **_supplied(network, batch))

    def distance(self, first: Sequence[Dense], second: Sequence[Dense]) -> torch.Tensor:
        """The distance of the dense maps, per picture: (N,). See `dense_distance`; `second` is the original's."""
        return torch.stack([dense_distance(one, other) for one, other in zip(first, second, strict=True)])

    def learning(self, network: torch.nn.Module) -> None:
        """See `Task.learning`."""
        learn_with_frozen_norms(network)

    def supervised_loss(
        self, network: torch.nn.Module, batch: Batch, targets: Sequence[Objects | None]
    ) -> torch.Tensor:
        """The sum of the detector's own losses, crowd regions left out: ().

        Raises:
            ModelError: a picture has no truth.
        """
        known = [target for target in targets if target is not None]
        if len(known) < len(batch):
            raise ModelError(
                "fine-tuning a detector needs the boxes of each picture; without labels use self_distilled or "
                "task_targeted"
            )
        wanted = [
            _as_target(objects, image, geometry, self._masks)
            for objects, image, geometry in zip(known, batch.inputs, batch.geometries, strict=True)
        ]
        losses = _detector(network).losses(list(batch.inputs), wanted, **_supplied(network, batch))
        return torch.stack([loss.float() for loss in losses.values()]).sum()

    def check(self, answer: Sequence[Detections], class_names: ClassNames | None) -> None:
        """See `Task.check`.

        Raises:
            ModelError: a label that is not among the data set's category ids.
        """
        if class_names is None:
            return
        known = set(class_names) if isinstance(class_names, Mapping) else set(range(len(class_names)))
        strange = sorted({int(label) for detections in answer for label in detections.labels} - known)
        if strange:
            raise ModelError(
                f"the model answers with category {strange[0]}, which the data set does not know (it has "
                f"{_shortly(sorted(known))}). Labels are the data set's category ids: let the model answer with these, "
                "or list all categories that it knows in the annotations"
            )

    def join(self, answers: Sequence[Sequence[Detections]]) -> list[Detections]:
        """See `Task.join`."""
        return [detections for answer in answers for detections in answer]

    def select(self, answer: Sequence[Detections], rows: Sequence[int]) -> list[Detections]:
        """See `Task.select`."""
        return [answer[row] for row in rows]

    def record(
        self, answer: Sequence[Detections], targets: Sequence[Objects | None], reference: Sequence[Detections]
    ) -> tuple[Mapping[str, Sequence[Any]], list[str | None]]:
        """See `Task.record`."""
        del targets, reference  # compared when metrics are made
        finite = [bool(np.isfinite(item.boxes).all() and np.isfinite(item.scores).all()) for item in answer]
        return detection_columns(answer), [None if fine else "the model's answer is not finite" for fine in finite]

    def keep(self, answer: Sequence[Detections], targets: Sequence[Objects | None]) -> Mapping[str, Sequence[Any]]:
        """See `Task.keep`: the truth."""
        del answer
        return truth_columns(targets)

    def restore(self, kept: pa.Table, device: torch.device) -> list[Detections]:
        """See `Task.restore`."""
        del device
        return [item for item in detections_of(kept) if item is not None]


def _detector(network: torch.nn.Module) -> Any:
    return cast(Detector, network)


def _supplied(network: torch.nn.Module, batch: Batch) -> dict[str, Any]:
    """What a network without proposals of its own is told beside the pictures."""
    of = getattr(network, "proposals_of", None)
    return {} if of is None else {"proposals": of(batch)}


def _in_source(
    network: torch.nn.Module, answer: Any, image: torch.Tensor, geometry: Geometry, masks: bool
) -> Detections:
    """The best of one picture's boxes, as the stored picture has them."""
    pastes = isinstance(answer, Mapping) and "mask_probabilities" in answer
    wanted = ("boxes", "labels", "scores", *(("masks",) if masks and not pastes else ()))
    missing = [key for key in wanted if not isinstance(answer, Mapping) or key not in answer]
    if missing:
        raise ModelError(
            f"a detector must answer each picture with a dictionary of {', '.join(wanted)}; this one gave no "
            f"{', '.join(missing)}"
        )
    boxes, labels, scores = (answer[key].detach() for key in ("boxes", "labels", "scores"))
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not len(boxes) == len(labels) == len(scores):
        raise ModelError(
            f"a detector must answer with boxes (N, 4), labels (N,) and scores (N,); got {tuple(boxes.shape)}, "
            f"{tuple(labels.shape)} and {tuple(scores.shape)}"
        )
    # Stable, so that equal scores keep the detector's own order on every machine.
    best = torch.sort(scores.float(), descending=True, stable=True).indices[:MOST]
    drawn = None
    if masks and pastes:
        drawn = tuple(encode_mask(mask) for mask in _pasted(network, answer, best, geometry))
    elif masks:
        drawn = tuple(encode_mask(mask) for mask in _masks_in_source(answer["masks"][best], image, geometry))
    return Detections(
        geometry.source,
        geometry.to_source(boxes[best].float()).cpu().numpy(),
        labels[best].long().cpu().numpy(),
        scores[best].float().cpu().numpy(),
        drawn,
    )


def _pasted(network: Any, answer: Any, best: torch.Tensor, geometry: Geometry) -> np.ndarray:
    """(N, H, W) bool of the stored picture's size, from small masks that the network knows how to paste into boxes."""
    height, width = geometry.source
    boxes = geometry.to_source(answer["boxes"][best].float()).clamp(min=0)
    boxes = boxes.minimum(boxes.new_tensor([width, height, width, height]))
    return network.paste(answer["mask_probabilities"][best], boxes, geometry.source).cpu().numpy()


def _masks_in_source(masks: torch.Tensor, image: torch.Tensor, geometry: Geometry) -> np.ndarray:
    """(N, H, W) bool of the stored picture's size, from masks or their probabilities of the input's size."""
    given = masks[:, 0] if masks.ndim == 4 else masks
    if given.shape[-2:] != image.shape[-2:]:
        raise ModelError(
            f"a detector must answer with masks of its input's size {tuple(image.shape[-2:])}; got {tuple(masks.shape)}"
        )
    height, width = geometry.source
    if (height, width) == tuple(given.shape[-2:]) and geometry.scale == (1.0, 1.0) and geometry.offset == (0.0, 0.0):
        return _drawn(given).cpu().numpy()
    # Where each pixel of the stored picture lies in the input, in grid_sample's -1..1.
    down = (torch.arange(height, device=given.device) + 0.5) * geometry.scale[0] + geometry.offset[0]
    right = (torch.arange(width, device=given.device) + 0.5) * geometry.scale[1] + geometry.offset[1]
    y, x = torch.meshgrid(2 * down / given.shape[-2] - 1, 2 * right / given.shape[-1] - 1, indexing="ij")
    grid = torch.stack([x, y], dim=-1).float().expand(len(given), -1, -1, -1)
    sampled = torch.nn.functional.grid_sample(given[:, None].float(), grid, align_corners=False)[:, 0]
    return _drawn(sampled).cpu().numpy()


def _drawn(masks: torch.Tensor) -> torch.Tensor:
    return masks if masks.dtype == torch.bool else masks >= 0.5


def _as_target(objects: Objects, image: torch.Tensor, geometry: Geometry, masks: bool) -> Boxes:
    """The truth in pixels of the input, as torchvision's detectors learn it."""
    boxes = geometry.to_input(torch.from_numpy(objects.boxes)).float()
    kept = np.flatnonzero(~objects.crowd & ((boxes[:, 2:] - boxes[:, :2]) > 0).all(dim=1).numpy())
    target = {"boxes": boxes[kept].to(image.device), "labels": torch.from_numpy(objects.labels[kept]).to(image.device)}
    if masks:
        if objects.masks is None:
            raise ModelError(
                "fine-tuning an instance segmenter needs the objects' masks; this data set has boxes alone"
            )
        height, width = image.shape[-2:]
        drawn = [torch.from_numpy(decode_mask(objects.masks[place], objects.size)) for place in kept]
        whole = torch.stack(drawn) if drawn else torch.zeros((0, *objects.size), dtype=torch.bool)
        if (height, width) != objects.size:
            whole = torch.nn.functional.interpolate(whole[None].float(), (height, width), mode="nearest-exact")[0] > 0.5
        target["masks"] = whole.to(torch.uint8).to(image.device)
    return target


def _shortly(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:6]))
    return shown + (f", ... {numbers[-1]}" if len(numbers) > 6 else "")
