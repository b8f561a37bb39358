"""onnxruntime's sessions, as this room opens and asks them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from jpegproof.exceptions import ModelError, missing_extra


def open_session(path: Path, threads: int | None = None) -> Any:
    """A session on the processor; it may be asked from several threads at once.

    Args:
        path: of the graph.
        threads: that it computes with; torch's number unless given.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        ModelError: the file is missing or damaged.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise missing_extra("onnxruntime", "onnx", "a graph in ONNX") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads or torch.get_num_threads()
    # What a large upload once took is given back to the system, not kept for the next one.
    options.enable_cpu_mem_arena = False
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    # Damaged files and unknown operators fail in whatever way the reader stumbles.
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{path}: cannot be loaded as ONNX: {reason}") from error


def run_session(session: Any, inputs: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """A graph's one output, (N, ...) float32."""
    given = {item.name: np.ascontiguousarray(inputs[item.name]) for item in session.get_inputs()}
    return session.run(None, given)[0]
