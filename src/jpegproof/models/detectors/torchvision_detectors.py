"""torchvision's detectors and instance segmenters by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from jpegproof.exceptions import ModelError, UnknownNameError, missing_extra, nearest
from jpegproof.models.detectors.as_stored import AS_STORED
from jpegproof.models.detectors.torchvision_names import TORCHVISION_DETECTORS
from jpegproof.models.preparation import ResizeCrop
from jpegproof.weights import file_digest, load_into, read_weights


def torchvision_detector(
    name: str, weights: str | None, seed: int
) -> tuple[torch.nn.Module, ResizeCrop, Mapping[str, Any]]:
    """Builds a detector of torchvision. It resizes by itself; its labels are COCO's category ids.

    Args:
        name: one of `TORCHVISION_DETECTORS`.
        weights: a local file; one of torchvision's own names such as ``COCO_V1`` (downloaded by torchvision);
            ``random``; or None for torchvision's default weights.
        seed: of random weights.

    Returns:
        The network, its preparation, and what identifies its weights.

    Raises:
        MissingExtraError: torchvision is not installed.
        UnknownNameError: no detector of the name is known, or torchvision has no such weights.
        ModelError: the named weights could not be downloaded.
        WeightsError: the local file does not fit.
    """
    if name not in TORCHVISION_DETECTORS:
        raise UnknownNameError(
            f"torchvision has no detector {name!r} that is known here.{nearest(name, TORCHVISION_DETECTORS)} "
            f"Known: {', '.join(TORCHVISION_DETECTORS)}."
        )
    library = _torchvision_models()
    published = library.get_model_weights(name)
    if weights is None or weights in published.__members__:
        chosen = published["DEFAULT" if weights is None else weights]
        return _pretrained(library, name, chosen), AS_STORED, {"weights": f"torchvision {chosen}"}
    if weights == "random":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return _empty(library, name, len(_categories(published))), AS_STORED, {"weights": "random", "seed": seed}
    path = Path(weights).expanduser()
    if not path.suffix:
        raise UnknownNameError(
            f"torchvision has no weights {weights!r} for {name}.{nearest(weights, published.__members__)} "
            f"Known: {', '.join(published.__members__)}, random, or a local file."
        )
    from jpegproof.models.detectors.published_form import current_keys, freeze_norms

    state = current_keys(read_weights(path))
    network = _empty(library, name, len(_categories(published)))
    freeze_norms(network, name, state)
    load_into(network, state, path)
    return network, AS_STORED, {"weights": file_digest(path)}


def _torchvision_models() -> ModuleType:
    try:
        from torchvision import models
    except ImportError as error:
        raise missing_extra("torchvision", "detection", "a detector named torchvision:...") from error
    return models


def _categories(published: Any) -> list[str]:
    return published.DEFAULT.meta["categories"]


def _empty(library: ModuleType, name: str, classes: int) -> torch.nn.Module:
    # The backbone's own weights come along in the detector's; torchvision would download them first.
    return library.get_model(name, weights=None, weights_backbone=None, num_classes=classes).eval()


def _pretrained(library: ModuleType, name: str, chosen: Any) -> torch.nn.Module:
    try:
        return library.get_model(name, weights=chosen).eval()
    # The downloaders have errors of their own besides OSError: connections that break off, damaged caches.
    except Exception as error:
        raise ModelError(
            f"the weights {chosen} of torchvision:{name} could not be downloaded ({error}); download {chosen.url} "
            "elsewhere and name the file with --weights FILE (of study: --weights NAME=FILE), or weights: FILE in a "
            "study"
        ) from error
