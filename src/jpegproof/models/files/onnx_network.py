"""ONNX: a network's graph in one file, computed by onnxruntime. Nothing is differentiated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jpegproof.exceptions import ModelError, missing_extra
from jpegproof.models.files.input_shape import InputShape

_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}


class OnnxNetwork(nn.Module):
    """An ONNX graph on the processor.

    Args:
        path: of the file; data beside it is found by onnxruntime.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        ModelError: it is missing, damaged, or takes something else than pictures.
    """

    #: See `refuse_without_gradients`.
    differentiable = False

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._session = _session(path)
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in _TYPES:
            told = ", ".join(f"{item.name}: {item.type}" for item in inputs)
            raise ModelError(f"{path}: takes {told}; one input of floating pictures is needed")
        self._input = inputs[0]
        sides = [side if isinstance(side, int) and side > 0 else None for side in inputs[0].shape]
        self.shape = InputShape.of(sides, str(path))
        self._outputs = [item.name for item in self._session.get_outputs()]

    def forward(self, pictures: Tensor) -> Any:
        """(N, 3, H, W) -> the graph's output; several by name.

        Raises:
            ModelError: gradients are asked for.
        """
        if torch.is_grad_enabled() and pictures.requires_grad:
            raise ModelError(f"{self.path}: onnxruntime computes no gradients, so nothing is trained through it")
        return self.shape.fed(self._ask, pictures, str(self.path))

    def __deepcopy__(self, memo: dict[int, Any]) -> OnnxNetwork:
        return self  # nothing in it ever changes

    def __repr__(self) -> str:
        return f"OnnxNetwork({self.path.name})"

    def _ask(self, pictures: Tensor) -> Any:
        given = np.ascontiguousarray(pictures.detach().cpu().numpy(), dtype=_TYPES[self._input.type])
        answers = self._session.run(None, {self._input.name: given})
        found = {
            name: torch.from_numpy(np.array(answer)).to(pictures.device)
            for name, answer in zip(self._outputs, answers, strict=True)
            if isinstance(answer, np.ndarray) and answer.dtype != object
        }
        return next(iter(found.values())) if len(found) == 1 else found


def _session(path: Path) -> Any:
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file")
    try:
        import onnxruntime
    except ImportError as error:
        raise missing_extra("onnxruntime", "onnx", "a model named onnx:...") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = torch.get_num_threads()
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    # Damaged files and unknown operators fail in whatever way the reader stumbles.
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{path}: cannot be loaded as ONNX: {reason}") from error
