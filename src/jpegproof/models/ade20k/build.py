"""CSAIL's networks by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from jpegproof.exceptions import ModelError, UnknownNameError, missing_extra, nearest
from jpegproof.models.ade20k.names import CLASSES, NETWORKS
from jpegproof.models.detectors.as_stored import AS_STORED
from jpegproof.models.preparation import ResizeCrop
from jpegproof.models.published_weights import where_published
from jpegproof.models.rounded_sides import RoundedSides
from jpegproof.models.segmenters.class_count import class_count

if TYPE_CHECKING:
    from jpegproof.models.ade20k.scene_parser import SceneParser

_ARGUMENTS = ("classes", "multi_scale")


def ade20k_segmenter(
    name: str, weights: str | None, seed: int, arguments: Mapping[str, Any]
) -> tuple[torch.nn.Module, RoundedSides | ResizeCrop, Mapping[str, Any]]:
    """Builds one of the seven networks.

    Args:
        name: one of `NETWORKS`.
        weights: local files (see `load_checkpoint`), or ``random``; nothing is downloaded.
        seed: of random weights.
        arguments: ``classes``, ADE20K's 150 unless given; ``multi_scale``, true for the official shorter sides, or a
            list of them (see `MultiScale`).

    Returns:
        The network, its preparation, and what identifies its weights.

    Raises:
        UnknownNameError: there is no such network.
        MissingExtraError: timm is not installed.
        ModelError: no weights are named, or the arguments are not this network's.
        WeightsError: a file cannot be read or does not fit.
    """
    if name not in NETWORKS:
        raise UnknownNameError(
            f"there is no network ade20k:{name}.{nearest(name, NETWORKS)} Known: {', '.join(NETWORKS)}."
        )
    if weights is None:
        raise ModelError(
            f"ade20k:{name} needs weights: a folder with the published encoder_*.pth and decoder_*.pth, the two files "
            f"as ENCODER.pth,DECODER.pth, or random; nothing is downloaded.{where_published(f'ade20k:{name}')}"
        )
    unknown = [argument for argument in arguments if argument not in _ARGUMENTS]
    if unknown:
        raise ModelError(f"ade20k:{name} takes no argument {unknown[0]!r}; it takes {', '.join(_ARGUMENTS)}")
    classes, sizes = class_count(arguments.get("classes", CLASSES)), _sizes(arguments.get("multi_scale", False))
    try:
        import timm  # noqa: F401
    except ImportError as error:
        raise missing_extra("timm", "segmentation", "a model named ade20k:...") from error
    from jpegproof.models.ade20k.checkpoint import load_checkpoint
    from jpegproof.models.ade20k.multi_scale import OFFICIAL_SIZES, MultiScale

    encoder, decoder, multiple = NETWORKS[name]
    identity: dict[str, Any] = {"weights": "random", "seed": seed}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network(encoder, decoder, classes)
    if weights != "random":
        identity = {"weights": load_checkpoint(network, weights)}
    if classes != CLASSES:
        identity["classes"] = classes
    network = network.eval()
    preparation = RoundedSides(multiple=multiple)
    if not sizes:
        return network, preparation, identity
    scales = OFFICIAL_SIZES if sizes is True else sizes
    identity["multi_scale"] = list(scales)
    sides = [RoundedSides(short, multiple=multiple) for short in scales]
    return MultiScale(network, sides, preparation), AS_STORED, identity


def _network(encoder: str, decoder: str, classes: int) -> SceneParser:
    from jpegproof.models.ade20k.c1 import C1, SupervisedC1
    from jpegproof.models.ade20k.hrnet import HighResolutionEncoder
    from jpegproof.models.ade20k.mobilenet import DilatedMobileNet
    from jpegproof.models.ade20k.pyramid_pooling import PyramidPooling
    from jpegproof.models.ade20k.resnet import DeepStemResNet
    from jpegproof.models.ade20k.scene_parser import SceneParser
    from jpegproof.models.ade20k.upernet import UPerNet

    residual = re.fullmatch(r"resnet(\d+)(dilated)?", encoder)
    if residual:
        first: Any = DeepStemResNet(int(residual[1]), dilated=residual[2] is not None)
    else:
        first = HighResolutionEncoder() if encoder == "hrnetv2" else DilatedMobileNet()
    decoders = {"c1": C1, "c1_deepsup": SupervisedC1, "ppm_deepsup": PyramidPooling, "upernet": UPerNet}
    return SceneParser(first, decoders[decoder](first.channels, classes))


def _sizes(given: Any) -> bool | tuple[int, ...]:
    """Whether to look at several scales, or the shorter sides of these."""
    if isinstance(given, bool):
        return given
    if isinstance(given, list | tuple) and given and all(type(side) is int and side > 0 for side in given):
        return tuple(given)
    raise ModelError(f"multi_scale: {given!r}; give true for the official sizes, or a list of shorter sides in pixels")
