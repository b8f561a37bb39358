"""torchvision's segmenters by name, with the preprocessing that their weights were published with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from jpegproof.exceptions import ModelError, UnknownNameError, missing_extra, nearest
from jpegproof.models.preparation import ResizeCrop
from jpegproof.models.segmenters.class_count import class_count
from jpegproof.models.segmenters.torchvision_names import TORCHVISION_SEGMENTERS
from jpegproof.weights import file_digest, load_into, read_weights


def torchvision_segmenter(
    name: str, weights: str | None, seed: int, arguments: Mapping[str, Any]
) -> tuple[torch.nn.Module, ResizeCrop, Mapping[str, Any]]:
    """Builds a segmenter of torchvision.

    Args:
        name: one of `TORCHVISION_SEGMENTERS`.
        weights: a local file; torchvision's own name ``COCO_WITH_VOC_LABELS_V1`` (downloaded by torchvision);
            ``random``; or None for torchvision's default weights.
        seed: of random weights.
        arguments: ``classes``, of a local file or of random weights: 21 unless given, Pascal VOC's with background.

    Returns:
        The network, its preparation (the whole picture, shorter side 520), and what identifies its weights.

    Raises:
        MissingExtraError: torchvision is not installed.
        UnknownNameError: no segmenter of the name is known, or torchvision has no such weights.
        ModelError: the named weights could not be downloaded, or the arguments are not this network's.
        WeightsError: the local file does not fit.
    """
    if name not in TORCHVISION_SEGMENTERS:
        raise UnknownNameError(
            f"torchvision has no segmenter {name!r} that is known here.{nearest(name, TORCHVISION_SEGMENTERS)} "
            f"Known: {', '.join(TORCHVISION_SEGMENTERS)}."
        )
    unknown = [argument for argument in arguments if argument != "classes"]
    if unknown:
        raise ModelError(f"torchvision:{name} takes no argument {unknown[0]!r}; it takes classes")
    library = _torchvision_models()
    published = library.get_model_weights(name)
    default = published.DEFAULT
    if weights is None or weights in published.__members__:
        if "classes" in arguments:
            raise ModelError(
                f"torchvision:{name}: its published weights know {len(default.meta['categories'])} classes; leave the "
                "argument classes out, or give a local file or random weights"
            )
        chosen = default if weights is None else published[weights]
        return _pretrained(library, name, chosen), _preparation(chosen), {"weights": f"torchvision {chosen}"}
    classes = class_count(arguments.get("classes", len(default.meta["categories"])))
    said = {"classes": classes} if "classes" in arguments else {}
    if weights == "random":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = _empty(library, name, classes, auxiliary=True)
        return network, _preparation(default), {"weights": "random", "seed": seed, **said}
    path = Path(weights).expanduser()
    if not path.suffix:
        raise UnknownNameError(
            f"torchvision has no weights {weights!r} for {name}.{nearest(weights, published.__members__)} "
            f"Known: {', '.join(published.__members__)}, random, or a local file."
        )
    state = read_weights(path)
    network = _empty(library, name, classes, auxiliary=any(key.startswith("aux_classifier.") for key in state))
    load_into(network, state, path)
    return network, _preparation(default), {"weights": file_digest(path), **said}


def _torchvision_models() -> ModuleType:
    try:
        from torchvision import models
    except ImportError as error:
        raise missing_extra("torchvision", "segmentation", "a segmenter named torchvision:...") from error
    return models


def _empty(library: ModuleType, name: str, classes: int, auxiliary: bool) -> torch.nn.Module:
    # The backbone's own weights come along in the segmenter's; torchvision would download them first.
    options = {} if name.startswith("lraspp") else {"aux_loss": auxiliary}
    return library.get_model(name, weights=None, weights_backbone=None, num_classes=classes, **options).eval()


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


def _preparation(chosen: Any) -> ResizeCrop:
    preset = chosen.transforms()
    return ResizeCrop(
        resize=preset.resize_size[0],
        crop=None,
        interpolation=preset.interpolation.value,
        mean=tuple(preset.mean),
        std=tuple(preset.std),
    )
