"""segmentation-models-pytorch's networks by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from jpegproof.exceptions import ModelError, UnknownNameError, missing_extra, nearest
from jpegproof.models.rounded_sides import RoundedSides
from jpegproof.models.segmenters.class_count import class_count
from jpegproof.weights import file_digest, load_into, read_weights

#: Of what the sides of a picture are made multiples: what most of its networks demand, and none minds.
MULTIPLE = 32


def smp_segmenter(
    name: str, weights: str | None, seed: int, arguments: Mapping[str, Any]
) -> tuple[torch.nn.Module, RoundedSides, Mapping[str, Any]]:
    """Builds a network of segmentation-models-pytorch.

    Args:
        name: of the architecture, such as ``Unet`` or ``DeepLabV3Plus``.
        weights: a local file of the whole network's, or ``random``; nothing is downloaded.
        seed: of random weights.
        arguments: ``classes``, and whatever else the architecture takes: ``encoder_name``, ...

    Returns:
        The network, its preparation (the whole picture at its own size, sides rounded up to multiples of `MULTIPLE`,
        ImageNet's mean and deviation), and what identifies its weights.

    Raises:
        MissingExtraError: segmentation-models-pytorch is not installed.
        UnknownNameError: it has no such architecture.
        ModelError: no weights or classes are named, or the architecture does not take the arguments.
        WeightsError: the local file does not fit.
    """
    library = _library()
    known = smp_architectures()
    if name not in known:
        raise UnknownNameError(
            f"segmentation-models-pytorch has no architecture {name!r}.{nearest(name, known)} "
            f"Known: {', '.join(known)}."
        )
    if weights is None:
        raise ModelError(f"smp:{name} needs weights: a local file, or random; nothing is downloaded")
    if "classes" not in arguments:
        raise ModelError(f"smp:{name} needs the number of its classes: arguments: {{classes: 11, encoder_name: ...}}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network(library, name, arguments)
    identity: dict[str, Any] = {"weights": "random", "seed": seed}
    if weights != "random":
        path = Path(weights).expanduser()
        load_into(network, read_weights(path), path)
        identity = {"weights": file_digest(path)}
    return network.eval(), RoundedSides(None, None, MULTIPLE), {**identity, "arguments": dict(arguments)}


def smp_architectures() -> list[str]:
    """The names that `smp_segmenter` takes; see there for errors."""
    return [kind.__name__ for kind in _library().MODEL_ARCHITECTURES_MAPPING.values()]


def _network(library: ModuleType, name: str, arguments: Mapping[str, Any]) -> torch.nn.Module:
    classes = class_count(arguments["classes"])
    for refused in ("encoder_weights", "in_channels", "aux_params"):
        if refused in arguments:
            raise ModelError(
                f"smp:{name}: the argument {refused} cannot be given here: networks take RGB pictures, answer with "
                "class scores alone, and have all their weights from the one file"
            )
    try:
        return library.create_model(name, **{**arguments, "encoder_weights": None, "classes": classes})
    # Whatever the architecture says of arguments that it does not take.
    except Exception as error:
        raise ModelError(f"smp:{name} cannot be built with {dict(arguments)}: {error}") from error


def _library() -> ModuleType:
    try:
        import segmentation_models_pytorch
    except ImportError as error:
        raise missing_extra("segmentation-models-pytorch", "segmentation", "a model named smp:...") from error
    return segmentation_models_pytorch
