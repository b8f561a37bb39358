"""Graphs as files: ONNX and torch.export, with every size open that a picture may have."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from jpegproof.deploy.export_config import GraphFormat, Role
from jpegproof.deploy.graphs import INPUTS
from jpegproof.exceptions import ModelError, missing_extra

#: The file of a role in a format.
SUFFIXES: Mapping[GraphFormat, str] = {"onnx": ".onnx", "torch_export": ".pt2"}

#: What graphs are traced with: no side is a multiple of 8, or equal to another, so that none is taken for fixed.
_EXAMPLE = (75, 90)

#: Pictures of one size at once: ONNX takes any number, which tracing must see as more than one. A program of
#: torch.export takes one, since what it knows of memory would hold for its own number alone.
_COUNT: Mapping[GraphFormat, int] = {"onnx": 2, "torch_export": 1}

_OUTPUTS: Mapping[Role, str] = {"corrector": "corrected", "network": "logits", "pipeline": "logits"}

#: protobuf's limit is 2 GiB for a file.
_MOST_BYTES = 2_000_000_000


def write_graph(module: nn.Module, role: Role, form: GraphFormat, path: Path, size: tuple[int, int] | None) -> None:
    """Exports a module of `jpegproof.deploy.graphs`.

    Args:
        module: in evaluation.
        role: what it computes, which decides its inputs.
        form: of the file.
        path: of the file.
        size: (H, W) of a network's input; None where pictures of any size go through.

    Raises:
        ModelError: the network cannot be exported.
        MissingExtraError: what writes ONNX is not installed.
    """
    if form == "onnx":
        _need_onnx()
    weights = sum(tensor.nbytes for tensor in module.state_dict().values())
    if form == "onnx" and weights > _MOST_BYTES:
        raise ModelError(f"its weights take {weights:,} bytes, more than one ONNX file holds; leave ONNX out")
    names, example, dynamic = _inputs(role, form, size)
    try:
        with _quiet(), torch.no_grad():
            program = torch.export.export(module.eval(), example, dynamic_shapes=dynamic)
            if form == "torch_export":
                torch.export.save(program, str(path))
                return
            made = torch.onnx.export(
                program,
                example,
                dynamo=True,
                verbose=False,
                input_names=names,
                output_names=[_OUTPUTS[role]],
                dynamic_shapes=dynamic,
            )
            assert made is not None
            made.save(str(path), external_data=False)
    # The exporters have many errors of their own, and a network may do what no graph can.
    except Exception as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise ModelError(
            f"the {role} cannot be exported to {form}: {reason[:300]}; export as safetensors alone, or the corrector "
            "alone (corrector_only)"
        ) from error


def _inputs(
    role: Role, form: GraphFormat, size: tuple[int, int] | None
) -> tuple[list[str], tuple[Tensor, ...], tuple[Any, ...]]:
    """Names, examples and open dimensions of a role's inputs."""
    anything = torch.export.Dim.DYNAMIC
    (height, width), count = _EXAMPLE, _COUNT[form]
    several = {0: anything} if count > 1 else {}
    if role == "network":
        assert size is not None
        return ["inputs"], (torch.zeros(count, 3, *size),), (several,)
    tables = torch.full((count, 8, 8), 16, dtype=torch.int32)
    pixels = torch.zeros(count, height, width, 3, dtype=torch.uint8)
    open_sides = ({**several, 1: anything, 2: anything}, *(several or None,) * 3)
    return list(INPUTS), (pixels, tables, tables + 1, torch.ones(count, 4)), open_sides


def _need_onnx() -> None:
    for library in ("onnx", "onnxscript", "onnxruntime"):
        try:
            __import__(library)
        except ImportError as error:
            raise missing_extra(library, "export", "writing ONNX") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporters tell of their own workings on every channel there is."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
