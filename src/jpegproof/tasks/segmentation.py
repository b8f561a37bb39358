"""Semantic segmentation: a class for every pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import torch

from jpegproof.exceptions import ModelError
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.class_map import ClassCounts, ClassMap, count_classes
from jpegproof.tasks.frozen_norms import learn_with_frozen_norms
from jpegproof.tasks.label_map import ClassNumbers, LabelMap
from jpegproof.tasks.protocol import ClassNames
from jpegproof.tasks.segmentation_columns import (
    OWN_MAP_SCHEMA,
    SEGMENTATION_SCHEMA,
    count_columns,
    own_map_columns,
    own_maps_of,
)
from jpegproof.tasks.segmenter import VOID, Segmenter


class SemanticSegmentation:
    """Tells the class of every pixel; an answer is one `ClassMap` a picture, an observation its logits.

    Stored per picture: for each class that occurs how many pixels are said rightly, said and true, against the label
    and against the model's own answer on the original; beside the answers on the originals, these themselves. No
    distance is stored: the logits of the originals, hundreds of values for each place, are too large to keep.
    """

    name = "semantic_segmentation"
    version = 1
    #: The scores of every class at a stored picture's size take a gigabyte for some pictures of ADE20K, whose official
    #: evaluation takes one at a time too.
    batch_size = 1
    schema = SEGMENTATION_SCHEMA
    reference_schema = OWN_MAP_SCHEMA

    def __init__(self) -> None:
        self._classes: WeakKeyDictionary[torch.nn.Module, int] = WeakKeyDictionary()

    def answer(self, network: torch.nn.Module, batch: Batch) -> list[ClassMap]:
        """The class of each pixel of the stored pictures.

        Raises:
            ModelError: the preparation crops, or the network does not answer with one map of the stored picture's size
                for each picture, of classes that it knows.
        """
        _refuse_crops(batch)
        classes = self._classes_of(network, batch)
        sizes = [geometry.source for geometry in batch.geometries]
        maps = _segmenter(network).class_maps(list(batch.inputs), sizes)
        if not isinstance(maps, Sequence) or len(maps) != len(batch):
            raise ModelError(
                f"a segmenter must answer {len(batch)} pictures with a list of {len(batch)} maps of classes; this one "
                f"answered with a {type(maps).__name__}"
            )
        return [ClassMap(_numbers(found, size, classes), classes) for found, size in zip(maps, sizes, strict=True)]

    def observe(
        self, network: torch.nn.Module, batch: Batch, like: Sequence[torch.Tensor] | None = None
    ) -> list[torch.Tensor]:
        """The logits of each picture, (K, h, w) float32 each, at the network's own resolution.

        Raises:
            ModelError: the network answers with anything else.
        """
        del like  # two maps of logits are comparable as they are
        logits = _segmenter(network).logits(list(batch.inputs))
        shapes = [tuple(item.shape) for item in logits]
        if len(shapes) != len(batch) or any(len(shape) != 3 or shape[0] < 2 for shape in shapes):
            raise ModelError(
                f"a segmenter must answer {len(batch)} pictures with logits (classes, height, width) for each; "
                f"this one answered with {', '.join(map(str, shapes)) or 'nothing'}"
            )
        return [item.float() for item in logits]

    def distance(self, first: Sequence[torch.Tensor], second: Sequence[torch.Tensor]) -> torch.Tensor:
        """Mean absolute difference of the logits, per picture: (N,). Source: the paper's L1 loss of task targeting."""
        return torch.stack([(one - other).abs().mean() for one, other in zip(first, second, strict=True)])

    def supervised_loss(
        self, network: torch.nn.Module, batch: Batch, targets: Sequence[LabelMap | None]
    ) -> torch.Tensor:
        """The sum of the network's own losses against the labels: ().

        Raises:
            ModelError: the preparation crops, or a picture has no label.
        """
        _refuse_crops(batch)
        known = [target for target in targets if target is not None]
        if len(known) < len(batch):
            raise ModelError(
                "fine-tuning a segmenter needs the label map of each picture; without labels use self_distilled or "
                "task_targeted"
            )
        maps = [_read(target) for target in known]
        faults = [found for found in maps if isinstance(found, str)]
        if faults:
            raise ModelError(f"a label map cannot be learned from: it {faults[0]}")
        device = batch.inputs[0].device
        wanted = [torch.from_numpy(found.astype(np.int64)).to(device) for found in maps if not isinstance(found, str)]
        losses = _segmenter(network).losses(list(batch.inputs), wanted)
        return torch.stack([loss.float() for loss in losses.values()]).sum()

    def learning(self, network: torch.nn.Module) -> None:
        """See `Task.learning`."""
        learn_with_frozen_norms(network)

    def check(self, answer: Sequence[ClassMap], class_names: ClassNames | None) -> None:
        """See `Task.check`.

        Raises:
            ModelError: the data set numbers its classes, and the model knows another number of them.
        """
        for found in answer:
            if class_names is not None and found.classes != len(class_names):
                raise ModelError(
                    f"the data set has {len(class_names)} classes but the model answers with {found.classes}, so they "
                    "cannot be compared. List the model's classes in the order of its outputs (classes: FILE), name "
                    "what is no class of its as void, or leave the labels out to measure agreement"
                )

    def join(self, answers: Sequence[Sequence[ClassMap]]) -> list[ClassMap]:
        """See `Task.join`."""
        return [found for answer in answers for found in answer]

    def select(self, answer: Sequence[ClassMap], rows: Sequence[int]) -> list[ClassMap]:
        """See `Task.select`."""
        return [answer[row] for row in rows]

    def record(
        self, answer: Sequence[ClassMap], targets: Sequence[LabelMap | None], reference: Sequence[ClassMap]
    ) -> tuple[Mapping[str, Sequence[Any]], list[str | None]]:
        """See `Task.record`; a label that cannot be read or does not fit the picture is a reason not to use it."""
        counted = [_counted(found, target) for found, target in zip(answer, targets, strict=True)]
        labels = [None if isinstance(item, str) else item for item in counted]
        own = [count_classes(found, before.numbers) for found, before in zip(answer, reference, strict=True)]
        return count_columns([found.classes for found in answer], labels, own), [
            item if isinstance(item, str) else None for item in counted
        ]

    def keep(self, answer: Sequence[ClassMap], targets: Sequence[LabelMap | None]) -> Mapping[str, Sequence[Any]]:
        """See `Task.keep`: the maps themselves, packed."""
        del targets  # counted against each answer
        return own_map_columns(answer)

    def restore(self, kept: pa.Table, device: torch.device) -> list[ClassMap]:
        """See `Task.restore`."""
        del device
        return own_maps_of(kept)

    def _classes_of(self, network: torch.nn.Module, batch: Batch) -> int:
        """How many classes a network knows, which its maps do not say; asked of its logits, once a network."""
        if network not in self._classes:
            first = Batch(batch.inputs[:1], batch.geometries[:1], batch.names[:1])
            self._classes[network] = self.observe(network, first)[0].shape[0]
        return self._classes[network]


def _segmenter(network: torch.nn.Module) -> Segmenter:
    return cast(Segmenter, network)


def _refuse_crops(batch: Batch) -> None:
    """Raises ModelError where an input does not show the whole stored picture and nothing else."""
    for image, geometry in zip(batch.inputs, batch.geometries, strict=True):
        whole = [side * scale for side, scale in zip(geometry.source, geometry.scale, strict=True)]
        off = any(abs(side - wanted) > 0.5 for side, wanted in zip(image.shape[-2:], whole, strict=True))
        if off or geometry.offset != (0.0, 0.0):
            height, width = geometry.source
            raise ModelError(
                f"the preparation crops or pads: of a picture of {width} x {height} the model sees another part than "
                "the whole, and every pixel needs a class; use a preparation without crop (crop: null, resize alone)"
            )


def _numbers(found: Any, size: tuple[int, int], classes: int) -> ClassNumbers:
    if not isinstance(found, torch.Tensor) or tuple(found.shape) != tuple(size) or found.is_floating_point():
        got = f"{tuple(found.shape)} {found.dtype}" if isinstance(found, torch.Tensor) else type(found).__name__
        raise ModelError(f"a segmenter must answer with a whole-numbered map of the size asked for, {size}; got {got}")
    numbers = found.to(torch.int16).cpu().numpy()
    if numbers.size and (found.min() < 0 or found.max() >= classes):
        raise ModelError(
            f"the segmenter's map holds class {int(found.max()) if found.max() >= classes else int(found.min())}, and "
            f"its logits are of {classes} classes, 0 to {classes - 1}; every pixel needs one of them"
        )
    return numbers


def _read(target: LabelMap) -> ClassNumbers | str:
    """The map, or what is the matter with it."""
    try:
        return target.read()
    except UnusablePictureError as error:
        return str(error)


def _counted(found: ClassMap, target: LabelMap | None) -> ClassCounts | str | None:
    """An answer counted against its label; None without one, or what keeps the two from being compared."""
    truth = None if target is None else _read(target)
    if truth is None or isinstance(truth, str):
        return truth
    if truth.shape != found.numbers.shape:
        (height, width), (high, wide) = found.numbers.shape, truth.shape
        return f"is {width} x {height} pixels, and its label map {wide} x {high}"
    highest = int(truth.max(initial=VOID))
    if highest >= found.classes:
        return f"its label map holds class {highest}, and the model knows classes 0 to {found.classes - 1}"
    return count_classes(found, truth)
