"""torch.export: a network's graph in one file."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch

from jpegproof.exceptions import ModelError
from jpegproof.models.detectors.adapter import Adapter
from jpegproof.models.files.input_shape import InputShape


class ExportedNetwork(Adapter):
    """The module of an exported program, which is always as it was when it was exported: in evaluation, it is hoped.

    Args:
        network: the program's module.
        shape: of its input.
        name: of its file.
    """

    def __init__(self, network: torch.nn.Module, shape: InputShape, name: str) -> None:
        super().__init__(network)
        self.shape = shape
        self._name = name

    def forward(self, pictures: torch.Tensor) -> Any:
        """What the program answers to (N, 3, H, W)."""
        return self.shape.fed(self.network, pictures, self._name)

    def train(self, mode: bool = True) -> ExportedNetwork:
        """Changes nothing but the mark: the program knows one mode."""
        self.training = mode
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> ExportedNetwork:
        return ExportedNetwork(copy.deepcopy(self.network, memo), self.shape, self._name)


def exported_network(path: Path, allow_code: bool) -> ExportedNetwork:
    """Loads a file that ``torch.export.save`` wrote.

    Reading one can run code of the file: torch unpickles parts of it, and evaluates the expressions of its shapes. This
    cannot be kept from happening, so that it is done on request alone.

    Args:
        path: of the file.
        allow_code: whether that was asked for.

    Raises:
        ModelError: it is missing, was not asked for, is damaged, or takes something else than pictures.
    """
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file")
    if not allow_code:
        raise ModelError(
            f"{path}: torch.export's files are read with pickle, so that reading one can run code; if you trust it, "
            "add --allow-code (allow_code=True). ONNX files run none"
        )
    try:
        program = torch.export.load(str(path))
        network = program.module()
    # Damaged files and files of other versions fail in whatever way the reader stumbles.
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{path}: cannot be loaded as an exported program: {reason}") from error
    return ExportedNetwork(network, _shape(program, str(path)), str(path))


def _shape(program: Any, name: str) -> InputShape:
    inputs = program.graph_signature.user_inputs
    places = [node for node in program.graph.nodes if node.op == "placeholder" and node.name in inputs]
    if len(places) != 1 or not isinstance(places[0].meta.get("val"), torch.Tensor):
        raise ModelError(f"{name}: takes {len(places)} inputs; one, of pictures, is needed")
    return InputShape.of([side if isinstance(side, int) else None for side in places[0].meta["val"].shape], name)
