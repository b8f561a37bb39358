"""The verb ``export``: a corrector, alone or with its model, as a folder that ``jpegproof.load`` and others read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

import torch

from jpegproof.correctors.default import load_corrector
from jpegproof.correctors.gate import gate_for
from jpegproof.correctors.grid_corrector import GridCorrector
from jpegproof.correctors.identity import Identity
from jpegproof.correctors.protocol import Corrector
from jpegproof.data.find import open_pictures
from jpegproof.data.picture_set import PictureSet
from jpegproof.deploy.bounded import BUDGET
from jpegproof.deploy.checks import Check, check_folder
from jpegproof.deploy.conversions import to_float16, to_int8
from jpegproof.deploy.export_config import MAX_UPLOAD_PIXELS, GraphFormat, write_config
from jpegproof.deploy.folder import Exported, ExportPrecision, write_folder
from jpegproof.deploy.onnx_corrector import OnnxCorrector
from jpegproof.deploy.speeds import Speed, measure_speeds
from jpegproof.exceptions import JpegproofError, StoreError, UnknownNameError, nearest
from jpegproof.jpeg.codec import DecodedJpeg, Pixels, decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.models.find import find_model
from jpegproof.models.model import Model
from jpegproof.studies.engine import limited_threads
from jpegproof.tasks.find import same_targets
from jpegproof.verbs.corrector_name import named_corrector
from jpegproof.verbs.export_accuracy import AccuracyCost, accuracy_costs
from jpegproof.verbs.names import built_model

#: What a folder can hold beside ``config.json``.
FORMATS = ("safetensors", "torch-export", "onnx")
_GRAPHS: Mapping[str, GraphFormat] = {"torch-export": "torch_export", "onnx": "onnx"}

#: Qualities of the pictures that say how wide a network's activations range, in turn, and how many of them.
_CALIBRATION = (10, 20, 30, 40, 50, 60, 70, 80, 90, 95)
_CALIBRATED = 20
_CALIBRATION_SIDE = 256


@dataclass(frozen=True, slots=True)
class Export:
    """What was exported, and what was found on the way.

    Attributes:
        folder: for `jpegproof.load`.
        files: in it, with their bytes.
        checks: how far each is from PyTorch.
        speeds: of onnxruntime beside PyTorch.
        costs: of a corrector in fewer bits; empty in float32 and without pictures.
    """

    folder: Path
    files: dict[str, int]
    checks: list[Check]
    speeds: list[Speed]
    costs: list[AccuracyCost]


def export(
    model: str | Model | None = None,
    out: str | Path | None = None,
    *,
    corrector: str | Corrector = "default",
    gate: bool = False,
    formats: str | Sequence[str] = ("safetensors",),
    corrector_only: bool = False,
    precision: str = "float32",
    data: str | Path | None = None,
    layout: str = "auto",
    limit: int = 50,
    weights: str | Path | None = None,
    task: str | None = None,
    arguments: Mapping[str, Any] | None = None,
    preparation: Mapping[str, Any] | None = None,
    classes: Sequence[str] | None = None,
    budget: float = BUDGET,
    max_pixels: int = MAX_UPLOAD_PIXELS,
    threads: int | None = None,
    allow_code: bool = False,
) -> Export:
    """Exports a corrector, alone or with its model, checks it against PyTorch on the spot, and times it.

    The folder is written whole or not at all. `jpegproof.load` reads it without running anything of it. Graphs in ONNX
    and torch.export take pictures of any size: pixels, both quantisation tables and four numbers about the sampling.

    Args:
        model: as in `measure`; None for a corrector alone. A network that only your own code builds is not stored: give
            it to `load` again, or let onnxruntime compute its graph.
        out: the folder; it must not be there, or be empty.
        corrector: ``default``, ``FILE`` (which `fit` wrote), ``identity`` (none), or a `GridCorrector`.
        gate: whether the gate that comes with the package stands in front: good pictures pass untouched. In ONNX it
            selects between what was computed either way, and saves no time; in `load` it does.
        formats: ``safetensors`` is always written; beside it ``onnx`` and ``torch-export``: a list, or ``onnx``.
        corrector_only: leave the model out.
        precision: of the corrector. ``float16`` halves its file and its ONNX graph, which computes in it; ``bfloat16``
            is how `load` has PyTorch compute it; ``int8`` is its ONNX graph with convolutions in 8 bits.
        data: a folder of pictures of the kind it will see: the accuracy that fewer bits cost is measured on them,
            and ``int8`` takes its ranges from others of them. Without one, ``int8`` takes generated pictures.
        layout: of `data`, as in `measure`.
        limit: so many pictures of it are measured, evenly spaced.
        weights, task, preparation, allow_code: of the model, as in `measure`.
        arguments: of the model's name, as a study file has them.
        classes: what a classifier's numbers mean; the class names of `data` unless given.
        budget: multiply-adds per pixel of the model's input that correction may take in `load`.
        max_pixels: an upload that claims more is refused there.
        threads: of PyTorch and onnxruntime, for the times.

    Raises:
        JpegproofError: what was given is at fault; or what was exported is not what PyTorch computes, and nothing is
            left behind.
    """
    wanted, chosen = _formats(formats), _precision(precision, formats)
    if out is None:
        raise JpegproofError("out: name the folder that the export is written into")
    folder = _free(Path(out).expanduser())
    alone = corrector_only or model is None
    if alone and model is not None and any(item is not None for item in (weights, task, preparation, arguments)):
        raise JpegproofError("corrector_only: the model is left out, so leave out what describes it")
    pictures = open_pictures(Path(data).expanduser(), layout) if data is not None else None
    built = None if alone or model is None else _model(model, weights, task, arguments, preparation, allow_code)
    own = _corrector(corrector)
    if own is None and (built is None or precision != "float32" or gate):
        raise JpegproofError("corrector: identity corrects nothing, so give a model and leave gate and precision out")
    named = model if isinstance(model, str) and not alone else None
    exported = Exported(
        built,
        named,
        dict(arguments or {}),
        _classes(classes, pictures, built),
        own,
        gate_for(own) if gate and own is not None else None,
        [_GRAPHS[form] for form in wanted if form in _GRAPHS],
        chosen,
        budget,
        max_pixels,
    )
    if chosen in ("float16", "int8"):
        exported = replace(exported, convert=_conversion(chosen, pictures, limit))
    with limited_threads(threads or torch.get_num_threads()):
        return _written(folder, exported, pictures, limit)


def _written(folder: Path, exported: Exported, pictures: PictureSet | None, limit: int) -> Export:
    """Writes beside the folder and puts it in place once everything holds."""
    part = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        part.mkdir(parents=True)
        config = write_folder(part, exported)
        checks = check_folder(part, config, exported)
        speeds = measure_speeds(part, config, exported)
        costs = _costs(part, exported, pictures, limit)
        found = {name: [asdict(item) for item in items] for name, items in _named(checks, speeds, costs)}
        write_config(part, config.model_copy(update={"checks": found}))
        if folder.exists():
            folder.rmdir()  # empty, as was seen before
        part.replace(folder)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    files = {file.name: file.stat().st_size for file in sorted(folder.iterdir())}
    return Export(folder, files, checks, speeds, costs)


def _named(*items: Sequence[Any]) -> list[tuple[str, Sequence[Any]]]:
    return list(zip(("checks", "speeds", "costs"), items, strict=True))


def _costs(folder: Path, exported: Exported, pictures: PictureSet | None, limit: int) -> list[AccuracyCost]:
    if exported.precision == "float32" or exported.corrector is None or pictures is None:
        return []
    coarse: Corrector
    if exported.precision in ("float16", "int8") and "onnx" in exported.graphs:
        coarse = OnnxCorrector(folder / "corrector.onnx", exported.corrector.multiply_adds_per_pixel)
    elif exported.precision == "float16":
        coarse = load_corrector(folder / "corrector.safetensors")
    else:
        coarse = GridCorrector(exported.corrector.network, {}, "bfloat16")
    originals = _evenly(pictures, limit, 0)
    return accuracy_costs(originals, exported.corrector, coarse, exported.precision, exported.model)


def _formats(formats: str | Sequence[str]) -> list[str]:
    given = formats.split(",") if isinstance(formats, str) else list(formats)
    for form in given:
        if form not in FORMATS:
            raise UnknownNameError(
                f"format {form!r} is not known.{nearest(form, FORMATS)} Known: {', '.join(FORMATS)}."
            )
    return list(dict.fromkeys(given))


def _precision(precision: str, formats: str | Sequence[str]) -> ExportPrecision:
    for known in get_args(ExportPrecision):
        if precision == known:
            if precision == "int8" and "onnx" not in _formats(formats):
                raise JpegproofError("precision int8 is onnxruntime's; add onnx to the formats")
            if precision == "bfloat16" and _formats(formats) != ["safetensors"]:
                raise JpegproofError(
                    "precision bfloat16 is how PyTorch computes; graphs have float32, float16 or int8: leave them out"
                )
            return known
    raise UnknownNameError(f"precision {precision!r} is not known; use {', '.join(get_args(ExportPrecision))}")


def _free(folder: Path) -> Path:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError(f"{folder}: is there already; name another folder, or remove it")
    return folder.absolute()


def _model(
    model: str | Model, weights: Any, task: str | None, arguments: Any, preparation: Any, allow_code: bool
) -> Model:
    built = built_model(model, weights, preparation)
    if built is None:
        built = find_model(
            str(model),
            weights=None if weights is None else str(weights),
            preparation=preparation,
            arguments=arguments,
            task=task,
            allow_code=allow_code,
        )
    built.network.eval().requires_grad_(False)
    return built


def _corrector(corrector: str | Corrector) -> GridCorrector | None:
    built = named_corrector(corrector, torch.device("cpu")) if isinstance(corrector, str) else corrector
    if isinstance(built, Identity):
        return None
    if not isinstance(built, GridCorrector):
        raise JpegproofError(
            f"corrector: {corrector} is somebody else's; only jpegproof's own are: default, small, or a file from fit"
        )
    return built


def _classes(given: Sequence[str] | None, pictures: PictureSet | None, model: Model | None) -> list[str] | None:
    if given is not None:
        return list(given)
    if model is None or pictures is None or not same_targets(pictures.task, model.task.name):
        return None
    names = pictures.class_names
    return list(names) if names is not None and not isinstance(names, Mapping) else None


def _conversion(precision: str, pictures: PictureSet | None, limit: int) -> Any:
    if precision == "float16":
        return to_float16
    return lambda whole, path: to_int8(whole, path, _calibration(pictures, limit))


def _calibration(pictures: PictureSet | None, limit: int) -> list[DecodedJpeg]:
    """Pictures for int8: between those that the accuracy is measured on, where the folder holds as many."""
    if pictures is None:
        from jpegproof.data.world_pictures import WorldPictures

        pictures = WorldPictures("train", _CALIBRATED)
    originals = _evenly(pictures, _CALIBRATED, max(len(pictures) // max(2 * limit, 1), 0))
    return [
        decode(encode(original[:_CALIBRATION_SIDE, :_CALIBRATION_SIDE], Compression("jpeg", quality)))
        for original, quality in zip(originals, _CALIBRATION * len(originals), strict=False)
    ]


def _evenly(pictures: PictureSet, count: int, shift: int) -> list[Pixels]:
    """So many of the pictures that can be used, evenly spaced, from `shift` on."""
    count = min(count, len(pictures))
    found: list[Pixels] = []
    for place in range(count):
        try:
            found.append(pictures.pixels((place * len(pictures) // count + shift) % len(pictures)))
        except UnusablePictureError:
            continue
    if not found:
        raise JpegproofError("data: not one of the pictures can be used; look at them with jpegproof audit")
    return found
