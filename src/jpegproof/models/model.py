"""A model: a network, what it is asked, and how pictures are prepared for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import torch

from jpegproof.exceptions import ModelError
from jpegproof.models.preparation import Preparation, ResizeCrop
from jpegproof.tasks.find import find_task
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
    task: Task[Any]
    preparation: Preparation
    identity: Mapping[str, Any] = field(default_factory=dict)


def wrap(network: torch.nn.Module, task: str = "classification", prepare: Preparation | None = None) -> Model:
    """Makes a model of a network of one's own.

    Args:
        network: takes (N, 3, H, W) float32 RGB batches, normalised as `prepare` says; for classification it answers
            (N, classes) logits.
        task: the task's name.
        prepare: how a picture becomes its input; ImageNet's usual 256 / 224 `ResizeCrop` unless given.

    Raises:
        UnknownNameError: no such task.
        ModelError: `network` is no ``torch.nn.Module``.
    """
    if not isinstance(network, torch.nn.Module):
        raise ModelError(f"wrap takes a torch.nn.Module, not a {type(network).__name__}")
    return Model(
        network=network.eval(),
        task=find_task(task),
        preparation=prepare or ResizeCrop(),
        identity={"class": f"{type(network).__module__}.{type(network).__qualname__}", "state": state_digest(network)},
    )


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
