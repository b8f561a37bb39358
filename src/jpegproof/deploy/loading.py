"""From an exported folder to a pipeline. Nothing in the folder is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch

from jpegproof.correctors.default import load_corrector
from jpegproof.correctors.gate import Gate
from jpegproof.deploy.bounded import Costed
from jpegproof.deploy.export_config import ExportConfig, ModelPart, checked_path, read_config
from jpegproof.deploy.pipeline import BATCH, TOP, Pipeline
from jpegproof.exceptions import JpegproofError, ModelError
from jpegproof.models.described_preparation import described_preparation
from jpegproof.models.find import find_model
from jpegproof.models.model import Model
from jpegproof.tasks.find import find_task
from jpegproof.weights import load_into, read_weights

#: Libraries whose networks are built by name alone, without the network and without anybody's code.
REBUILT = ("torchvision", "timm", "smp", "ade20k", "forensics", "detectron2", "jpegproof")

Engine = Literal["torch", "onnx"]


def is_rebuilt(source: str) -> bool:
    """Whether a model's name and a file of weights are enough to build it again."""
    return source.partition(":")[0] in REBUILT


def load(
    folder: str | Path,
    *,
    model: Model | None = None,
    engine: Engine = "torch",
    budget: float | Literal["as exported"] | None = "as exported",
    max_pixels: int | None = None,
    device: str | torch.device = "cpu",
    batch: int = BATCH,
    at_once: int | None = None,
    top: int = TOP,
    classes: Sequence[str] | None = None,
) -> Pipeline:
    """Loads what `jpegproof export` wrote, ready to answer uploads.

        pipeline = jpegproof.load("exported")
        answer = pipeline(Path("upload.jpg").read_bytes())
        answers = pipeline([first, second])

    Weights are read from safetensors and graphs by onnxruntime; no code of the folder is run, and torch.export's files,
    which are read with pickle, are left alone. PyTorch starts as many threads for every thread that calls it as
    ``torch.set_num_threads`` says: a server that answers from several threads sets 1.

    Args:
        folder: written by `jpegproof export`.
        model: in place of the folder's, where it holds a corrector alone, or a model that only your own code can build.
        engine: ``torch``, or ``onnx``: corrector and network are computed by onnxruntime on the processor, from the
            folder's graphs.
        budget: multiply-adds that correction may take per pixel of the model's input, where it is to be another than
            the folder says. None answers exactly as a study would: every upload is decoded and corrected whole.
        max_pixels: an upload that claims more is refused; the folder's number unless given.
        device: of the networks, with ``torch``.
        batch: inputs that go through the network at once.
        at_once: calls that work at the same time, see `Pipeline`.
        top: classes told per picture.
        classes: what a classifier's numbers mean; the folder's names unless given.

    Raises:
        JpegproofError: the folder is no export, is damaged, or cannot be loaded so; the message says how to mend it.
    """
    place = Path(folder).expanduser()
    config = read_config(place)
    known: tuple[str, ...] = ("torch", "onnx")
    if engine not in known:
        raise JpegproofError(f"engine {engine!r} is not known; use {' or '.join(known)}")
    on = torch.device(device)
    corrector = _corrector(place, config, engine, on)
    told = Gate(config.gate.limits, config.gate.hidden) if config.gate is not None else None
    if model is None:
        model = _network_graph(place, config) if engine == "onnx" else _rebuilt(place, config)
    model.network.to(on).eval().requires_grad_(False)
    return Pipeline(
        model,
        corrector,
        told if corrector is not None else None,
        budget=config.budget if budget == "as exported" else budget,
        max_pixels=config.max_pixels if max_pixels is None else max_pixels,
        batch=batch,
        at_once=at_once,
        top=top,
        classes=classes if classes is not None else (config.model.classes if config.model else None),
    )


def _corrector(folder: Path, config: ExportConfig, engine: Engine, device: torch.device) -> Costed | None:
    part = config.corrector
    if part.kind == "identity":
        return None
    if part.weights is None:
        raise ModelError(f"{folder}: says nothing of its corrector's weights; export it again")
    corrector = load_corrector(checked_path(folder, part.weights), device, part.precision)
    if engine == "torch":
        return corrector
    from jpegproof.deploy.onnx_corrector import OnnxCorrector

    return OnnxCorrector(_graph(folder, config, "corrector"), corrector.multiply_adds_per_pixel)


def _graph(folder: Path, config: ExportConfig, role: Any) -> Path:
    graph = config.graph(role, "onnx")
    if graph is None:
        raise ModelError(
            f"{folder}: holds no ONNX graph of the {role}; export with --formats safetensors,onnx, or leave the engine "
            "at torch"
        )
    return checked_path(folder, graph)


def _network_graph(folder: Path, config: ExportConfig) -> Model:
    """The model whose network is the folder's ONNX graph."""
    part = _model_part(folder, config)
    path = _graph(folder, config, "network")
    from jpegproof.models.files.onnx_network import OnnxNetwork

    return Model(OnnxNetwork(path), find_task(part.task), _preparation(folder, part), {"file": "onnx"})


def _rebuilt(folder: Path, config: ExportConfig) -> Model:
    part = _model_part(folder, config)
    if part.source is None or part.weights is None:
        raise ModelError(
            f"{folder}: its model is built by code that no folder holds; build it and give load(folder, model=...)"
            + (', or use load(folder, engine="onnx")' if config.graph("network", "onnx") else "")
        )
    if not is_rebuilt(part.source):
        # An entry point would run code that the folder names.
        raise ModelError(f"{folder}: names the model {part.source!r}, which is not built by its name; give model=")
    path = checked_path(folder, part.weights)
    weights = None if part.source.startswith("jpegproof:") else "random"
    model = find_model(part.source, weights=weights, arguments=part.arguments, task=part.task)
    load_into(model.network, read_weights(path), path)
    if part.preparation is not None:
        model = replace(model, preparation=_preparation(folder, part))
    return model


def _model_part(folder: Path, config: ExportConfig) -> ModelPart:
    if config.model is None:
        raise ModelError(
            f"{folder}: holds a corrector alone; give the model that it works for: load(folder, model=...), from "
            "jpegproof.wrap"
        )
    return config.model


def _preparation(folder: Path, part: ModelPart) -> Any:
    if part.preparation is None:
        raise ModelError(f"{folder}: says nothing of how pictures become the model's input; give load(folder, model=)")
    return described_preparation(part.preparation)
