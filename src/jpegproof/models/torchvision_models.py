"""torchvision's classifiers by name, with the preprocessing that their weights were published with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from jpegproof.exceptions import ModelError, UnknownNameError, missing_extra, nearest
from jpegproof.models.detectors.torchvision_names import TORCHVISION_DETECTORS
from jpegproof.models.preparation import ResizeCrop
from jpegproof.models.segmenters.torchvision_names import TORCHVISION_SEGMENTERS
from jpegproof.weights import file_digest, load_into, read_weights

# The first published weights of most networks, and the ones that the paper's references fit; their preprocessing is
# what a local file of weights is most likely to expect.
FIRST_WEIGHTS = "IMAGENET1K_V1"


def torchvision_classifier(
    name: str, weights: str | None, seed: int
) -> tuple[torch.nn.Module, ResizeCrop, Mapping[str, Any]]:
    """Builds a classifier of torchvision.

    Args:
        name: such as ``squeezenet1_1``.
        weights: a local file; one of torchvision's own names such as ``IMAGENET1K_V1`` (downloaded by torchvision);
            ``random``; or None for torchvision's default weights.
        seed: of random weights.

    Returns:
        The network, its preparation, and what identifies its weights.

    Raises:
        MissingExtraError: torchvision is not installed.
        UnknownNameError: torchvision has no such classifier or no such weights.
        ModelError: the named weights could not be downloaded.
        WeightsError: the local file does not fit.
    """
    library = _torchvision_models()
    if name not in library.list_models(module=library):
        known = [*library.list_models(module=library), *TORCHVISION_DETECTORS, *TORCHVISION_SEGMENTERS]
        raise UnknownNameError(f"torchvision has no classifier {name!r}.{nearest(name, known)}")
    published = library.get_model_weights(name)
    if weights is None or weights in published.__members__:
        chosen = published["DEFAULT" if weights is None else weights]
        return _pretrained(library, name, chosen), _preparation(chosen), {"weights": f"torchvision {chosen}"}
    preparation = _preparation(published[FIRST_WEIGHTS] if FIRST_WEIGHTS in published.__members__ else None)
    if weights == "random":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return _empty(library, name), preparation, {"weights": "random", "seed": seed}
    path = Path(weights).expanduser()
    if not path.suffix:
        raise UnknownNameError(
            f"torchvision has no weights {weights!r} for {name}.{nearest(weights, published.__members__)} "
            f"Known: {', '.join(published.__members__)}, random, or a local file."
        )
    network = _empty(library, name)
    load_into(network, read_weights(path), path)
    return network, preparation, {"weights": file_digest(path)}


def torchvision_classifier_names() -> list[str]:
    """The names that `torchvision_classifier` takes; see there for errors."""
    library = _torchvision_models()
    return list(library.list_models(module=library))


def _torchvision_models() -> ModuleType:
    try:
        from torchvision import models
    except ImportError as error:
        raise missing_extra("torchvision", "torchvision", "a model named torchvision:...") from error
    return models


def _empty(library: ModuleType, name: str) -> torch.nn.Module:
    # Inception and GoogLeNet warn about their slow initialisation, and their published weights want the input
    # rescaled, which torchvision does of itself only where it loads them itself.
    options = {"init_weights": True, "transform_input": True} if name in ("inception_v3", "googlenet") else {}
    return _ready(library.get_model(name, weights=None, **options))


def _pretrained(library: ModuleType, name: str, chosen: Any) -> torch.nn.Module:
    try:
        return _ready(library.get_model(name, weights=chosen))
    # The downloaders have errors of their own besides OSError: connections that break off, damaged caches.
    except Exception as error:
        raise ModelError(
            f"the weights {chosen} of torchvision:{name} could not be downloaded ({error}); download {chosen.url} "
            "elsewhere and name the file with --weights FILE (of study: --weights NAME=FILE), or weights: FILE in a "
            "study"
        ) from error


def _ready(network: torch.nn.Module) -> torch.nn.Module:
    return network.eval().to(memory_format=torch.channels_last)  # twice as fast on a processor, no slower on a GPU


def _preparation(chosen: Any) -> ResizeCrop:
    if chosen is None:
        return ResizeCrop()
    preset = chosen.transforms()
    return ResizeCrop(
        resize=preset.resize_size[0],
        crop=(preset.crop_size[0], preset.crop_size[0]),
        interpolation=preset.interpolation.value,
        mean=tuple(preset.mean),
        std=tuple(preset.std),
    )
