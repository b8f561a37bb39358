"""Models by the name that a user types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jpegproof.exceptions import UnknownNameError
from jpegproof.models.entry_point import entry_point_model
from jpegproof.models.model import Model
from jpegproof.models.names import is_entry_point, unknown_model
from jpegproof.models.preparation import ResizeCrop
from jpegproof.tasks.find import find_task


def find_model(
    name: str,
    *,
    weights: str | None = None,
    preparation: Mapping[str, Any] | None = None,
    arguments: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> Model:
    """Builds the model of a name.

    Args:
        name: ``torchvision:NAME``, ``timm:NAME``, ``jpegproof:NAME`` (shipped), ``path/file.py:function`` or
            ``package.module:function``.
        weights: a local ``.safetensors`` or ``.pth`` file, the library's name of published weights, ``random``, or
            None for the library's default (an entry point: as it comes).
        preparation: fields of `ResizeCrop` that differ from what the model comes with.
        arguments: keyword arguments of an entry point's function.
        seed: of random weights, and of what an entry point's function draws from torch.

    Raises:
        UnknownNameError, ModelError, WeightsError, MissingExtraError: see the messages; each names the mend.
    """
    library, _, rest = name.partition(":")
    if library == "torchvision":
        from jpegproof.models.torchvision_models import torchvision_classifier

        network, prepared, identity = torchvision_classifier(rest, weights, seed)
        model = Model(network, find_task("classification"), prepared, {"name": name, **identity})
    elif library == "timm":
        from jpegproof.models.timm_models import timm_classifier

        network, prepared, identity = timm_classifier(rest, weights, seed)
        model = Model(network, find_task("classification"), prepared, {"name": name, **identity})
    elif library == "jpegproof":
        from jpegproof.models.shipped_models import shipped_model

        model = shipped_model(rest, Path(weights).expanduser() if weights is not None else None)
    elif is_entry_point(name):
        model = entry_point_model(name, weights, arguments or {}, seed)
    else:
        raise UnknownNameError(unknown_model(name))
    return replace(model, preparation=_changed(model, preparation)) if preparation else model


def _changed(model: Model, fields: Mapping[str, Any]) -> ResizeCrop:
    base = model.preparation if isinstance(model.preparation, ResizeCrop) else ResizeCrop()
    return replace(base, **fields)
