"""Small models whose weights come with the package, for the embedded world. Each has a card beside its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from importlib import import_module
from importlib.resources import as_file, files
from pathlib import Path

from torch.nn import Module

from jpegproof.exceptions import UnknownNameError, nearest
from jpegproof.models.detectors.as_stored import AS_STORED
from jpegproof.models.detectors.find import as_detector
from jpegproof.models.forensics.own_detector import as_fake_detector
from jpegproof.models.model import Model
from jpegproof.models.preparation import ResizeCrop
from jpegproof.models.segmenters.find import as_segmenter
from jpegproof.tasks.find import find_task
from jpegproof.weights import file_digest, load_into, read_weights

#: Name: where the function stands that builds the network, and its task. Weights are ``shipped/NAME.safetensors``.
SHIPPED = {
    "world-classifier": ("jpegproof.models.world_classifier:world_classifier", "classification"),
    "world-mobile": ("jpegproof.models.world_classifier:world_mobile", "classification"),
    "world-detector": ("jpegproof.models.world_detectors:world_detector", "detection"),
    "world-segmenter": ("jpegproof.models.world_detectors:world_segmenter", "instance_segmentation"),
    "world-semantic-segmenter": (
        "jpegproof.models.pyramid_segmenter:world_semantic_segmenter",
        "semantic_segmentation",
    ),
    "world-fake-detector": ("jpegproof.models.world_fake_detectors:world_fake_detector", "forensics"),
    "world-patch-fake-detector": ("jpegproof.models.world_fake_detectors:world_patch_fake_detector", "forensics"),
}

#: Each task asks a network through its own protocol; a classifier is asked as it is.
_SEEN_AS: Mapping[str, Callable[[Module], Module]] = {
    "classification": lambda network: network,
    "detection": as_detector,
    "instance_segmentation": as_detector,
    "semantic_segmentation": as_segmenter,
    "forensics": as_fake_detector,
}

#: The world's pictures go into its networks as they are; detectors normalise them by themselves.
_NORMALISED = ResizeCrop(resize=None, crop=None, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def shipped_model(name: str, weights: Path | None = None) -> Model:
    """A model of the embedded world, with its weights.

    Args:
        name: ``world-classifier``, ``world-mobile`` (an unlike second one), ``world-detector``, ``world-segmenter`` (of
            objects' masks), ``world-semantic-segmenter`` (of every pixel), ``world-fake-detector`` or
            ``world-patch-fake-detector``.
        weights: a file of other weights for it, such as ``fit`` has written.

    Raises:
        UnknownNameError: no such model is shipped.
        WeightsError: the weights do not fit.
    """
    if name not in SHIPPED:
        raise UnknownNameError(f"no model {name!r} is shipped.{nearest(name, SHIPPED)} Known: {', '.join(SHIPPED)}.")
    place, task = SHIPPED[name]
    module, function = place.split(":")
    network = getattr(import_module(module), function)()
    own = files("jpegproof.models").joinpath("shipped", f"{name}.safetensors")
    with nullcontext(weights) if weights is not None else as_file(own) as path:
        load_into(network, read_weights(path), path)
        digest = file_digest(path)
    identity = {"name": f"jpegproof:{name}", "weights": digest}
    preparation = AS_STORED if task in ("detection", "instance_segmentation") else _NORMALISED
    return Model(_SEEN_AS[task](network.eval()), find_task(task), preparation, identity)
