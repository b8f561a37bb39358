"""timm's classifiers by name, with the preprocessing that timm states for them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from jpegproof.exceptions import ModelError, UnknownNameError, missing_extra, nearest
from jpegproof.models.preparation import ResizeCrop
from jpegproof.weights import file_digest, load_into, read_weights


def timm_classifier(name: str, weights: str | None, seed: int) -> tuple[torch.nn.Module, ResizeCrop, Mapping[str, Any]]:
    """Builds a classifier of timm.

    Args:
        name: such as ``resnet18`` or, with the tag of certain weights, ``resnet18.tv_in1k``.
        weights: a local file, ``random``, or None for timm's own (downloaded by timm).
        seed: of random weights.

    Returns:
        The network, its preparation, and what identifies its weights.

    Raises:
        MissingExtraError: timm is not installed.
        UnknownNameError: timm has no such model, or no weights of that tag.
        ModelError: the weights could not be downloaded, the model is no classifier, or timm's preprocessing is of a
            kind not known here.
        WeightsError: the local file does not fit.
    """
    library = _timm()
    _check_name(library, name)
    if weights is None:
        try:
            network = library.create_model(name, pretrained=True)
        # The downloader has errors of its own besides OSError: connections that break off, refused access.
        except Exception as error:
            raise ModelError(
                f"the weights of timm:{name} could not be downloaded ({type(error).__name__}); download "
                f"{_published(library, name)} elsewhere and name the file with --weights FILE (of study: --weights "
                "NAME=FILE), or weights: FILE in a study"
            ) from error
        identity: Mapping[str, Any] = {"weights": f"timm {network.pretrained_cfg.get('tag') or 'default'}"}
    elif weights == "random":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = library.create_model(name, pretrained=False)
        identity = {"weights": "random", "seed": seed}
    else:
        path = Path(weights).expanduser()
        network = library.create_model(name, pretrained=False)
        load_into(network, read_weights(path), path)
        identity = {"weights": file_digest(path)}
    if not getattr(network, "num_classes", 1):
        raise ModelError(f"timm:{name} answers with features, not with the scores of classes; name a classifier")
    # Twice as fast on a processor, no slower on a GPU.
    network = network.eval().to(memory_format=torch.channels_last)
    return network, _preparation(library, network, name), identity


def timm_classifier_names() -> list[str]:
    """The names that `timm_classifier` takes; see there for errors."""
    return list(_timm().list_models(pretrained=False))


def _timm() -> ModuleType:
    try:
        import timm
    except ImportError as error:
        raise missing_extra("timm", "timm", "a model named timm:...") from error
    return timm


def _check_name(library: ModuleType, name: str) -> None:
    if not library.is_model(name):
        raise UnknownNameError(f"timm has no model {name!r}.{nearest(name, library.list_models(pretrained=False))}")
    model, _, tag = name.partition(".")
    tags = [known.partition(".")[2] for known in library.list_pretrained(model)]
    if tag and tag not in tags:
        raise UnknownNameError(
            f"timm has no weights {tag!r} of {model}.{nearest(tag, tags)} Known: {', '.join(tags) or 'none'}."
        )


def _published(library: ModuleType, name: str) -> str:
    """Where a model's own weights are, as timm states it."""
    config = library.get_pretrained_cfg(name)
    repository = f"https://huggingface.co/{config.hf_hub_id}" if config.hf_hub_id else ""
    return config.url or repository or "them"


def _preparation(library: ModuleType, network: torch.nn.Module, name: str) -> ResizeCrop:
    config = library.data.resolve_model_data_config(network)
    mode = config.get("crop_mode", "center")
    if mode not in ("center", "squash"):
        raise ModelError(
            f"timm:{name} crops by {mode!r}; only center and squash are known here: wrap the model instead"
        )
    _, height, width = config["input_size"]
    # timm's own rule: resize to the size of which the crop is the stated share, rounded down.
    resized = math.floor(height / config["crop_pct"]), math.floor(width / config["crop_pct"])
    return ResizeCrop(
        resize=resized if mode == "squash" else min(resized),
        crop=(height, width),
        interpolation=config["interpolation"],
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
    )
