"""Whether what was exported computes what PyTorch computes, found out on the spot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from jpegproof.deploy.answers import Answer, Classes
from jpegproof.deploy.export_config import ExportConfig, GraphPart
from jpegproof.deploy.folder import Exported
from jpegproof.deploy.graph_resize import fixed_size
from jpegproof.deploy.graphs import graph_inputs
from jpegproof.deploy.loading import load
from jpegproof.deploy.pipeline import Pipeline
from jpegproof.deploy.sessions import open_session, run_session
from jpegproof.exceptions import ModelError
from jpegproof.jpeg.codec import DecodedJpeg, Pixels, decode, encode
from jpegproof.jpeg.compression import Compression, Subsampling

#: How far a graph in float32 may be from PyTorch, relative to the largest value where that is above 1.
LIMIT = 1e-4

#: (H, W) of the pictures that graphs are checked on, and how they are compressed.
_SIZES = ((64, 64), (75, 90), (9, 200), (240, 333), (511, 129))
_COMPRESSIONS: tuple[tuple[int, Subsampling], ...] = (
    (10, "4:2:0"),
    (30, "4:4:4"),
    (50, "4:2:2"),
    (75, "4:2:0"),
    (95, "4:2:0"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """How far something exported is from PyTorch.

    Attributes:
        what: a file of the folder, or how the folder was loaded.
        precision: of it.
        largest: difference of any number, relative to the largest number where that is above 1.
        n: pictures that were compared, of different sizes and qualities.
        limit: what the largest may be; None where it is told and not judged.
    """

    what: str
    precision: str
    largest: float
    n: int
    limit: float | None

    @property
    def holds(self) -> bool:
        """Whether the largest difference is a number within the limit."""
        return self.limit is None or self.largest <= self.limit


def check_folder(folder: Path, config: ExportConfig, exported: Exported) -> list[Check]:
    """Loads everything in a folder again and compares it with what was exported.

    Raises:
        ModelError: something in float32 is further from PyTorch than `LIMIT`.
    """
    checks = [_graph_check(folder, graph, exported) for graph in config.graphs]
    if exported.model is not None:
        checks += _loaded_checks(folder, config, exported)
    for check in checks:
        if not check.holds:
            raise ModelError(
                f"{check.what} is {check.largest:.1e} off PyTorch, more than {check.limit:.0e}; nothing was written. "
                "Leave this format out, and report the model"
            )
    return checks


def trial_files() -> list[bytes]:
    """JPEGs of several sizes, qualities and samplings; the last one is grey."""
    pictures = [picture(size, seed) for seed, size in enumerate(_SIZES)]
    files = [
        encode(picture, Compression("jpeg", quality, sampling))
        for picture, (quality, sampling) in zip(pictures, cycle(_COMPRESSIONS), strict=False)
    ]
    grey = np.repeat(pictures[0].mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    return [*files, encode(grey, Compression("jpeg", 20)), _grey_file(grey)]


def _grey_file(pixels: Pixels) -> bytes:
    import io

    out = io.BytesIO()
    Image.fromarray(pixels).convert("L").save(out, format="JPEG", quality=20)
    return out.getvalue()


def picture(size: tuple[int, int], seed: int) -> Pixels:
    """(H, W, 3) uint8: colours that change slowly, edges, and a little noise."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (4, 5, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((size[1], size[0]), Image.Resampling.BICUBIC)).astype(np.int64)
    smooth[:, size[1] // 2 :] = 255 - smooth[:, size[1] // 2 :]
    return np.clip(smooth + random.integers(-8, 9, smooth.shape), 0, 255).astype(np.uint8)


def _graph_check(folder: Path, graph: GraphPart, exported: Exported) -> Check:
    module = exported.module(graph.role)
    ask = _onnx(folder / graph.file) if graph.format == "onnx" else _program(folder / graph.file)
    apart = []
    for inputs in _examples(graph, exported):
        with torch.inference_mode():
            wanted = module(*(torch.from_numpy(value.copy()) for value in inputs.values())).numpy()
        apart.append(_apart(ask(inputs), wanted))
    limit = LIMIT if graph.precision == "float32" else None
    return Check(graph.file, graph.precision, max(apart), len(apart), limit)


def _examples(graph: GraphPart, exported: Exported) -> Iterator[dict[str, NDArray[Any]]]:
    """What a graph is given: one picture at a time, and where it takes several at once also two."""
    files = [decode(data) for data in trial_files()]
    if graph.role == "network":
        assert exported.model is not None
        prepare = exported.model.preparation
        assert fixed_size(prepare) is not None
        tensors = [prepare.normalise(np.ascontiguousarray(prepare.frame(file.pixels)[0])).numpy() for file in files]
        yield from ({"inputs": tensor[None]} for tensor in tensors)
        yield {"inputs": np.stack(tensors[:2])}
        return
    yield from map(graph_inputs, files)
    if graph.format == "onnx":
        both = [graph_inputs(image) for image in (files[0], DecodedJpeg(files[0].pixels[::-1], files[-2].header))]
        yield {name: np.concatenate([one[name] for one in both]) for name in both[0]}


def _onnx(path: Path) -> Any:
    session = open_session(path)
    return lambda inputs: run_session(session, inputs)


def _program(path: Path) -> Any:
    # A file that this process has just written itself.
    module = torch.export.load(str(path)).module()

    def ask(inputs: dict[str, NDArray[Any]]) -> NDArray[Any]:
        with torch.inference_mode():
            return module(*(torch.from_numpy(value.copy()) for value in inputs.values())).numpy()

    return ask


def _loaded_checks(folder: Path, config: ExportConfig, exported: Exported) -> list[Check]:
    """The folder as `load` reads it, against the model and the corrector as they are in memory."""
    assert exported.model is not None
    own = Pipeline(
        exported.model,
        exported.corrector,
        exported.gate if exported.corrector is not None else None,
        budget=exported.budget,
        max_pixels=exported.max_pixels,
        batch=1,
    )
    files = trial_files()
    wanted = [own(data) for data in files]
    checks = []
    given = None if config.model is not None and config.model.source is not None else exported.model
    exact = exported.precision not in ("float16", "bfloat16")
    loaded = load(folder, model=given, batch=1)
    checks.append(
        Check(
            "load(folder)",
            exported.precision if not exact else "float32",
            _answers_apart(loaded, files, wanted),
            len(files),
            LIMIT if exact else None,
        )
    )
    if config.graph("network", "onnx") is not None:
        loaded = load(folder, engine="onnx", batch=1)
        rounded = exported.precision == "int8" or exported.precision == "float16"
        # Corrected pictures are rounded to 8 bits here, so that a last bit may become a level of a pixel.
        checks.append(
            Check(
                "load(folder, engine='onnx')",
                exported.precision if rounded else "float32",
                _answers_apart(loaded, files, wanted),
                len(files),
                None,
            )
        )
    return checks


def _answers_apart(pipeline: Pipeline, files: list[bytes], wanted: list[Answer]) -> float:
    return max(_answer_apart(pipeline(data), answer) for data, answer in zip(files, wanted, strict=True))


def _answer_apart(found: Answer, wanted: Answer) -> float:
    if found.error or wanted.error:
        return 0.0 if found.error == wanted.error else float("inf")
    if isinstance(found.value, Classes) and isinstance(wanted.value, Classes):
        return _apart(found.value.logits, wanted.value.logits)
    return 0.0 if found.plain() == wanted.plain() else float("inf")


def _apart(found: NDArray[Any], wanted: NDArray[Any]) -> float:
    if found.shape != wanted.shape or not np.isfinite(found).all():
        return float("inf")
    return float(np.abs(found - wanted).max() / max(1.0, float(np.abs(wanted).max())))
