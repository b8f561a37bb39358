"""The published detectors of fakes by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from jpegproof.exceptions import ModelError, UnknownNameError, missing_extra, nearest
from jpegproof.models.forensics.names import CNNDETECTION, FORENSICS_NETWORKS, RESNET_LAYER1, XCEPTION_BLOCKS
from jpegproof.models.preparation import ResizeCrop
from jpegproof.models.published_weights import where_published
from jpegproof.weights import file_digest, load_into, read_weights

#: Wang's evaluation: no resizing, which would blur the traces; smaller pictures stand on black.
_WHOLE = ResizeCrop(resize=None, crop=(224, 224))


def forensics_detector(
    name: str, weights: str | None, seed: int, arguments: Mapping[str, Any]
) -> tuple[torch.nn.Module, ResizeCrop, Mapping[str, Any]]:
    """Builds one of the published networks.

    Args:
        name: one of `FORENSICS_NETWORKS`.
        weights: a local file, the published one or a plain state dict, or ``random``; nothing is downloaded. Of the
            published files only the tensors of the network are looked at, and nothing in them is run.
        seed: of random weights.
        arguments: there are none.

    Returns:
        The network, its preparation, and what identifies its weights.

    Raises:
        UnknownNameError: there is no such network.
        MissingExtraError: timm or torchvision is not installed.
        ModelError: no weights are named, or there are arguments.
        WeightsError: the file cannot be read or does not fit.
    """
    if name not in FORENSICS_NETWORKS:
        raise UnknownNameError(
            f"there is no network forensics:{name}.{nearest(name, FORENSICS_NETWORKS)} "
            f"Known: {', '.join(FORENSICS_NETWORKS)}."
        )
    if weights is None:
        raise ModelError(
            f"forensics:{name} needs weights: the published file (.pth), one that fit wrote, or random; nothing is "
            f"downloaded.{where_published(f'forensics:{name}')}"
        )
    if arguments:
        raise ModelError(f"forensics:{name} takes no arguments, not {', '.join(arguments)}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network(name).eval().to(memory_format=torch.channels_last)
    if weights == "random":
        return network, _preparation(name), {"weights": "random", "seed": seed}
    path = Path(weights).expanduser()
    # Beside the tensors lie the optimiser's and scheduler's states, some of whose numbers are objects of numpy.
    load_into(network, read_weights(path, foreign="ignore"), path)
    return network, _preparation(name), {"weights": file_digest(path)}


def _network(name: str) -> torch.nn.Module:
    library = "timm" if name in XCEPTION_BLOCKS else "torchvision"
    try:
        if name in XCEPTION_BLOCKS:
            from jpegproof.models.forensics.truncated_xception import TruncatedXception

            return TruncatedXception(XCEPTION_BLOCKS[name])
        if name == RESNET_LAYER1:
            from jpegproof.models.forensics.truncated_resnet import TruncatedResNet

            return TruncatedResNet()
        from torchvision.models import resnet50

        return resnet50(weights=None, num_classes=1)
    except ImportError as error:
        raise missing_extra(library, "forensics", "a model named forensics:...") from error


def _preparation(name: str) -> ResizeCrop:
    if name == CNNDETECTION:
        return _WHOLE
    side = 224 if name == RESNET_LAYER1 else 299
    half = (0.5, 0.5, 0.5)
    return ResizeCrop(resize=side, crop=(side, side), interpolation="lanczos", mean=half, std=half)
