"""How long onnxruntime takes for what PyTorch computes, one picture at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from jpegproof.deploy.checks import picture
from jpegproof.deploy.export_config import ExportConfig
from jpegproof.deploy.folder import Exported
from jpegproof.deploy.graphs import graph_inputs
from jpegproof.deploy.sessions import open_session, run_session
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression

#: (H, W) of the picture.
SIZE = (375, 500)
_REPEATS = 7


@dataclass(frozen=True, slots=True)
class Speed:
    """Milliseconds for one picture, the median of repeats that took turns.

    Attributes:
        what: a file of the folder.
        precision: of it.
        torch: PyTorch, the same computation in float32.
        onnx: onnxruntime.
        threads: of each.
        size: (H, W) of the picture; of a network's input where it is that.
    """

    what: str
    precision: str
    torch: float
    onnx: float
    threads: int
    size: tuple[int, int]


def measure_speeds(folder: Path, config: ExportConfig, exported: Exported) -> list[Speed]:
    """Times every ONNX graph of a folder beside PyTorch."""
    image = decode(encode(picture(SIZE, 0), Compression("jpeg", 30)))
    speeds = []
    for graph in config.graphs:
        if graph.format != "onnx":
            continue
        inputs: dict[str, Any] = dict(graph_inputs(image))
        if graph.role == "network" and exported.model is not None:
            framed = np.ascontiguousarray(exported.model.preparation.frame(image.pixels)[0])
            inputs = {"inputs": exported.model.preparation.normalise(framed)[None].numpy()}
        module = exported.module(graph.role).to(memory_format=torch.channels_last)
        tensors = [torch.from_numpy(value.copy()) for value in inputs.values()]
        session = open_session(folder / graph.file)
        with torch.inference_mode():
            asked = (
                (lambda module=module, tensors=tensors: module(*tensors)),
                (lambda session=session, inputs=inputs: run_session(session, inputs)),
            )
            own, theirs = _medians(asked)
        size = tensors[0].shape[2:4] if graph.role == "network" else tensors[0].shape[1:3]
        speeds.append(
            Speed(graph.file, graph.precision, own, theirs, torch.get_num_threads(), (int(size[0]), int(size[1])))
        )
    return speeds


def _medians(asked: tuple[Callable[[], Any], ...]) -> list[float]:
    """Milliseconds of each, in turns, so that what else the machine does falls on all alike."""
    taken: list[list[float]] = [[] for _ in asked]
    for repeat in range(_REPEATS + 1):
        for ask, times in zip(asked, taken, strict=True):
            begun = time.perf_counter()
            ask()
            if repeat:  # the first one warms up
                times.append(1000 * (time.perf_counter() - begun))
    return [float(np.median(times)) for times in taken]
