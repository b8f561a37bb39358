"""Writes an exported folder: what `jpegproof.deploy.loading` reads, and graphs for other programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy
import PIL
import torch
from safetensors.torch import save

from jpegproof.correctors.default import corrector_bytes
from jpegproof.correctors.gate import Gate
from jpegproof.correctors.grid_corrector import GridCorrector
from jpegproof.deploy.bounded import BUDGET
from jpegproof.deploy.export_config import (
    CORRECTOR_FILE,
    MAX_UPLOAD_PIXELS,
    MODEL_FILE,
    CorrectorPart,
    ExportConfig,
    GatePart,
    GraphFormat,
    GraphPart,
    GraphPrecision,
    ModelPart,
    Role,
    stored,
    write_config,
)
from jpegproof.deploy.graph_files import SUFFIXES, write_graph
from jpegproof.deploy.graph_resize import fixed_size
from jpegproof.deploy.graphs import CorrectorGraph, NetworkGraph, PipelineGraph
from jpegproof.deploy.loading import is_rebuilt
from jpegproof.exceptions import ModelError
from jpegproof.models.described_preparation import is_described
from jpegproof.models.model import Model
from jpegproof.version import __version__

#: Of the corrector; the model and the graphs that hold it stay in float32.
ExportPrecision = Literal["float32", "float16", "bfloat16", "int8"]

#: Makes a graph of another precision of one in float32: (float32 file, new file).
Convert = Callable[[Path, Path], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """What is to be exported.

    Attributes:
        model: None for a corrector alone.
        source: the model's name, where its name builds it.
        arguments: further ones of the name.
        classes: what its numbers mean.
        corrector: None for a model without one.
        gate: in front of the corrector; None corrects all.
        graphs: formats of graphs.
        precision: of the corrector.
        budget, max_pixels: see `ExportConfig`.
        convert: how a corrector's graph comes to its precision, where that is another than float32.
    """

    model: Model | None
    source: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    classes: Sequence[str] | None = None
    corrector: GridCorrector | None = None
    gate: Gate | None = None
    graphs: Sequence[GraphFormat] = ()
    precision: ExportPrecision = "float32"
    budget: float = BUDGET
    max_pixels: int = MAX_UPLOAD_PIXELS
    convert: Convert | None = None

    def module(self, role: Role) -> torch.nn.Module:
        """What a graph computes, in PyTorch.

        Raises:
            ModelError: there is none of this role; see `PipelineGraph`.
        """
        network = None if self.corrector is None else self.corrector.network
        if role == "corrector" and network is not None:
            return CorrectorGraph(network).eval()
        if role == "network" and self.model is not None:
            return NetworkGraph(self.model.network).eval()
        if role == "pipeline" and self.model is not None:
            return PipelineGraph(self.model, network, self.gate).eval()
        raise ModelError(f"there is nothing to export as a {role}")


def write_folder(folder: Path, exported: Exported) -> ExportConfig:
    """Writes weights, graphs and ``config.json`` into an empty folder.

    Raises:
        ModelError: a graph cannot be exported.
        MissingExtraError: what writes it is not installed.
    """
    graphs = tuple(_graph(folder, exported, role, form) for form in exported.graphs for role in _roles(exported, form))
    config = ExportConfig(
        written_by=_versions(),
        corrector=_corrector(folder, exported),
        gate=None if exported.gate is None else GatePart(limits=exported.gate.limits, hidden=exported.gate.hidden),
        model=None if exported.model is None else _model(folder, exported, exported.model),
        graphs=graphs,
        budget=exported.budget,
        max_pixels=exported.max_pixels,
    )
    write_config(folder, config)
    return config


def graph_precision(exported: Exported, role: Role, form: GraphFormat) -> GraphPrecision:
    """The precision of a graph: that asked for where it is an ONNX corrector, float32 of all else."""
    if role == "corrector" and form == "onnx" and exported.precision in ("float16", "int8"):
        return exported.precision
    return "float32"


def _roles(exported: Exported, form: GraphFormat) -> list[Role]:
    """What is exported in a format: the corrector; the fused pipeline; and for the loader's onnxruntime the network."""
    roles: list[Role] = []
    if exported.corrector is not None:
        roles.append("corrector")
    if exported.model is not None:
        if exported.model.task.name != "classification":
            raise ModelError(
                f"graphs from pixels to the answer are made of classifiers; this model's task is "
                f"{exported.model.task.name}. Export it as safetensors, or the corrector alone (corrector_only)"
            )
        if form == "onnx":
            roles.append("network")
        roles.append("pipeline")
    return roles


def _graph(folder: Path, exported: Exported, role: Role, form: GraphFormat) -> GraphPart:
    size = fixed_size(exported.model.preparation) if exported.model is not None else None
    module = exported.module("pipeline" if role == "network" else role)  # refuses inputs of an open size
    module = exported.module(role) if role == "network" else module
    name = f"{role}{SUFFIXES[form]}"
    precision = graph_precision(exported, role, form)
    if precision == "float32" or exported.convert is None:
        write_graph(module, role, form, folder / name, size)
    else:
        whole = folder / f"{role}.float32{SUFFIXES[form]}"
        write_graph(module, role, form, whole, size)
        exported.convert(whole, folder / name)
        whole.unlink()
    return GraphPart(**stored(folder, name).model_dump(), role=role, format=form, precision=precision)


def _corrector(folder: Path, exported: Exported) -> CorrectorPart:
    if exported.corrector is None:
        return CorrectorPart(kind="identity")
    network = exported.corrector.network
    content = corrector_bytes(network.state_dict(), network, half=exported.precision == "float16")
    (folder / CORRECTOR_FILE).write_bytes(content)
    precision = "bfloat16" if exported.precision == "bfloat16" else "float32"
    return CorrectorPart(kind="jpegproof", weights=stored(folder, CORRECTOR_FILE), precision=precision)


def _model(folder: Path, exported: Exported, model: Model) -> ModelPart:
    source = exported.source if exported.source is not None and is_rebuilt(exported.source) else None
    if source is not None:
        tensors = {
            name: value.detach().cpu().clone().contiguous()
            for name, value in model.network.state_dict().items()
            if isinstance(value, torch.Tensor)
        }
        (folder / MODEL_FILE).write_bytes(save(tensors))
    return ModelPart(
        source=source,
        arguments=dict(exported.arguments),
        weights=None if source is None else stored(folder, MODEL_FILE),
        task=model.task.name,
        preparation=dict(model.preparation.describe()) if is_described(model.preparation) else None,
        classes=None if exported.classes is None else tuple(exported.classes),
    )


def _versions() -> dict[str, str]:
    versions = {
        "jpegproof": __version__,
        "torch": str(torch.__version__),
        "pillow": PIL.__version__,
        "numpy": numpy.__version__,
    }
    for library in ("onnxruntime", "onnx", "torchvision", "timm"):
        try:
            versions[library] = __import__(library).__version__
        except ImportError:
            continue
    return versions
