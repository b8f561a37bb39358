"""A model: a network, what it is asked, and how pictures are prepared for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import chain
from typing import Any

import torch

from jpegproof.exceptions import ModelError
from jpegproof.models.detectors.as_stored import AS_STORED
from jpegproof.models.detectors.find import as_detector
from jpegproof.models.forensics.own_detector import as_fake_detector
from jpegproof.models.preparation import Preparation, ResizeCrop
from jpegproof.models.segmenters.find import as_segmenter
from jpegproof.models.stated_preparation import stated_preparation
from jpegproof.models.trial_picture import try_out
from jpegproof.tasks.find import find_task, same_targets
from jpegproof.tasks.protocol import Task


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A network with its task and its preparation.

    Attributes:
        network: takes a (N, 3, H, W) float32 batch.
        task: what is asked of it.
        preparation: from a picture to its input.
        identity: plain data that changes whenever the answers may: where the weights come from, or their digest.
    """

    network: torch.nn.Module
    task: Task[Any, Any]
    preparation: Preparation
    identity: Mapping[str, Any] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        """Where the network is; the processor where it has no tensors of its own."""
        tensors = chain(self.network.parameters(), self.network.buffers())
        return next((tensor.device for tensor in tensors), torch.device("cpu"))


def wrap(
    network: torch.nn.Module,
    task: str = "classification",
    prepare: Preparation | None = None,
    features: Sequence[str] = (),
    trial: bool = True,
) -> Model:
    """Makes a model of a network of one's own, for every verb that takes one.

        model = jpegproof.wrap(network, task="classification", prepare=jpegproof.ResizeCrop(256, (224, 224)))
        jpegproof.measure(model, "uploads/")

    Args:
        network: a classifier takes (N, 3, H, W) float32 RGB batches, normalised as `prepare` says, and answers
            (N, classes) logits. A detector takes a list of (3, H, W) pictures in [0, 1] and answers torchvision's
            dictionaries, with boxes in pixels of the given pictures. A segmenter takes such batches as a classifier
            does, of whole pictures, and answers (N, classes, h, w) scores: see `OwnSegmenter`. A detector of fakes
            takes them too, and answers with logits of pictures or patches: see `OwnFakeDetector`. What does anything
            else (``tensors``) takes one picture at a time and answers with floating tensors: see `Tensors`.
        task: ``classification``, ``detection``, ``instance_segmentation``, ``semantic_segmentation``, ``forensics`` or
            ``tensors``.
        prepare: how a picture becomes its input; unless given, what timm says of a network of its own, else ImageNet's
            usual 256 / 224 `ResizeCrop` for a classifier and for ``tensors``, the picture as it is, in [0, 1], for a
            detector, and the same normalised by ImageNet's mean and deviation for a segmenter, which must see it
            whole, and for a detector of fakes, whose traces a resize would blur.
        features: of a detector without ``dense``: names of layers whose outputs are compared in label-free training.
        trial: whether the network is asked about a picture of noise first, so that one that does not do the task is
            found out at once.

    Raises:
        UnknownNameError: no such task, or no such layer.
        ModelError: `network` is no ``torch.nn.Module``, or fails on the trial picture, or answers it in another form
            than the task asks for.
    """
    if not isinstance(network, torch.nn.Module):
        raise ModelError(f"wrap takes a torch.nn.Module, not a {type(network).__name__}")
    identity = {"class": f"{type(network).__module__}.{type(network).__qualname__}", "state": state_digest(network)}
    found = find_task(task)
    if same_targets(task, "detection"):
        network, prepare = as_detector(network.eval(), features), prepare or AS_STORED
    elif found.name == "semantic_segmentation":
        network, prepare = as_segmenter(network.eval()), prepare or ResizeCrop(resize=None, crop=None)
    elif found.name == "forensics":
        network, prepare = as_fake_detector(network.eval()), prepare or ResizeCrop(resize=None, crop=None)
    model = Model(network.eval(), found, prepare or stated_preparation(network) or ResizeCrop(), identity)
    if trial:
        try_out(model.network, found, model.preparation, model.device)
    return model


def state_digest(network: torch.nn.Module) -> str:
    """A digest of a network's structure, parameters and buffers; the same on every machine."""
    # Without addresses in memory, which a function among a layer's settings brings into its description.
    digest = blake2b(re.sub(r" at 0x[0-9a-fA-F]+", "", repr(network)).encode(), digest_size=16)
    for name, tensor in sorted(network.state_dict().items()):
        if not isinstance(tensor, torch.Tensor):  # a layer's extra state may be anything
            digest.update(f"{name} {tensor!r}".encode())
            continue
        value = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
