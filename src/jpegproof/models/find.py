"""Models by the name that a user types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from jpegproof.exceptions import UnknownNameError
from jpegproof.models.detectors.torchvision_names import TORCHVISION_DETECTORS
from jpegproof.models.entry_point import entry_point_model
from jpegproof.models.file_names import FILES
from jpegproof.models.files.find import model_of_file
from jpegproof.models.huggingface.frames import BoundedSides
from jpegproof.models.model import Model
from jpegproof.models.names import is_entry_point, unknown_model
from jpegproof.models.preparation import Preparation, ResizeCrop
from jpegproof.models.rounded_sides import RoundedSides
from jpegproof.models.segmenters.torchvision_names import TORCHVISION_SEGMENTERS
from jpegproof.models.shortest_side import ShortestSide
from jpegproof.tasks.find import find_task


def find_model(
    name: str,
    *,
    weights: str | None = None,
    preparation: Mapping[str, Any] | None = None,
    arguments: Mapping[str, Any] | None = None,
    seed: int = 0,
    task: str | None = None,
    features: Sequence[str] = (),
    allow_code: bool = False,
) -> Model:
    """Builds the model of a name.

    Args:
        name: ``torchvision:NAME``, ``timm:NAME``, ``hf:NAME`` or ``hf:FOLDER`` (transformers), ``detectron2:NAME``,
            ``ade20k:NAME``, ``smp:NAME``, ``forensics:NAME``, ``jpegproof:NAME`` (shipped), ``torchscript:FILE``,
            ``export:FILE``, ``onnx:FILE``, ``path/file.py:function`` or ``package.module:function``.
        weights: a local ``.safetensors`` or ``.pth`` file, the library's name of published weights, ``random``, or
            None for the library's default (an entry point: as it comes).
        preparation: fields of `ResizeCrop` that differ from what the model comes with.
        arguments: keyword arguments of an entry point's function; ``categories`` and ``proposals`` of a network of
            Detectron2; or those of a segmenter (``classes``, ``multi_scale``, ``encoder_name``, ...).
        seed: of random weights, and of what an entry point's function draws from torch.
        task: of an entry point that answers with a bare network, or of a file; classification unless given.
        features: of such a detector without ``dense``: see `wrap`.
        allow_code: whether a file may be read though that can run code of it. An entry point runs in any case.

    Raises:
        UnknownNameError, ModelError, WeightsError, MissingExtraError: see the messages; each names the mend.
    """
    library, _, rest = name.partition(":")
    if library == "torchvision" and rest in TORCHVISION_DETECTORS:
        from jpegproof.models.detectors.find import as_detector
        from jpegproof.models.detectors.torchvision_detectors import torchvision_detector

        network, prepared, identity = torchvision_detector(rest, weights, seed)
        model = Model(
            as_detector(network), find_task(TORCHVISION_DETECTORS[rest]), prepared, {"name": name, **identity}
        )
    elif library == "torchvision" and rest in TORCHVISION_SEGMENTERS:
        from jpegproof.models.segmenters.torchvision_segmenters import torchvision_segmenter

        model = _segmenter(name, torchvision_segmenter(rest, weights, seed, arguments or {}))
    elif library == "torchvision":
        from jpegproof.models.torchvision_models import torchvision_classifier

        network, prepared, identity = torchvision_classifier(rest, weights, seed)
        model = Model(network, find_task("classification"), prepared, {"name": name, **identity})
    elif library == "timm":
        from jpegproof.models.timm_models import timm_classifier

        network, prepared, identity = timm_classifier(rest, weights, seed)
        model = Model(network, find_task("classification"), prepared, {"name": name, **identity})
    elif library == "hf":
        from jpegproof.models.huggingface.build import huggingface_model

        model = _of_task(*huggingface_model(rest, weights, seed, task, arguments or {}))
    elif library in FILES:
        model = model_of_file(library, rest, weights, task, allow_code)
    elif library == "detectron2":
        from jpegproof.models.detectron2.build import detectron2_detector

        network, its_task, prepared, identity = detectron2_detector(rest, weights, seed, arguments or {})
        model = Model(network, find_task(its_task), prepared, {"name": name, **identity})
    elif library == "ade20k":
        from jpegproof.models.ade20k.build import ade20k_segmenter

        model = _segmenter(name, ade20k_segmenter(rest, weights, seed, arguments or {}))
    elif library == "smp":
        from jpegproof.models.segmenters.smp_segmenters import smp_segmenter

        model = _segmenter(name, smp_segmenter(rest, weights, seed, arguments or {}))
    elif library == "forensics":
        from jpegproof.models.forensics.build import forensics_detector
        from jpegproof.models.forensics.own_detector import as_fake_detector

        network, prepared, identity = forensics_detector(rest, weights, seed, arguments or {})
        model = Model(as_fake_detector(network), find_task("forensics"), prepared, {"name": name, **identity})
    elif library == "jpegproof":
        from jpegproof.models.shipped_models import shipped_model

        model = shipped_model(rest, Path(weights).expanduser() if weights is not None else None)
    elif is_entry_point(name):
        model = entry_point_model(name, weights, arguments or {}, seed, task, features)
    else:
        raise UnknownNameError(unknown_model(name))
    return replace(model, preparation=_changed(model, preparation)) if preparation else model


def _of_task(network: torch.nn.Module, task: str, prepared: Preparation, identity: Mapping[str, Any]) -> Model:
    if task == "semantic_segmentation":
        from jpegproof.models.segmenters.find import as_segmenter

        network = as_segmenter(network)
    return Model(network, find_task(task), prepared, identity)


def _segmenter(name: str, built: tuple[torch.nn.Module, Preparation, Mapping[str, Any]]) -> Model:
    from jpegproof.models.segmenters.find import as_segmenter

    network, prepared, identity = built
    return Model(as_segmenter(network), find_task("semantic_segmentation"), prepared, {"name": name, **identity})


def _changed(model: Model, fields: Mapping[str, Any]) -> Preparation:
    if isinstance(model.preparation, ShortestSide | RoundedSides | BoundedSides):
        return model.preparation.changed(fields)
    base = model.preparation if isinstance(model.preparation, ResizeCrop) else ResizeCrop()
    return replace(base, **fields)
