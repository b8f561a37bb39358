"""A cured pipeline's speed beside the bare one's, from the bytes of uploads to answers, in PyTorch and onnxruntime.

    python -m benchmarks.pipeline_speed --real REAL --out docs/results/pipeline_speed.json

The model is torchvision's ResNet-50 with random weights, which take as long as trained ones. Uploads of 0.2 megapixels
are photographs as they are; those of 2 and 12 megapixels are mosaics of them. Each is saved at a quality drawn evenly
from 30 to 95. The bare pipeline decodes a picture whole, prepares it and asks the network; ``bare, scaled`` decodes
large ones at a fraction, as the cured pipeline does. The pipelines take turns upload by upload, in one process, so that
whatever else the machine does falls on all alike. A cured pipeline's ``ratio`` is its time over that of the bare one of
the same engine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

import jpegproof
from benchmarks.bounded_cost import SIZES, mosaic
from jpegproof.correctors.default import SHIPPED, default_corrector, shipped_corrector
from jpegproof.correctors.gate import default_gate, shipped_gate
from jpegproof.data.find import open_pictures
from jpegproof.deploy.onnx_corrector import OnnxCorrector
from jpegproof.deploy.pipeline import Pipeline
from jpegproof.jpeg.codec import encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.find import find_model

MODEL = "torchvision:resnet50"
QUALITIES = (30, 95)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True, help="the folder of the real photographs")
    parser.add_argument("--uploads", type=int, nargs=3, default=(100, 40, 12), help="how many of each size")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch and of onnxruntime")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    pictures = open_pictures(args.real / "imagenet-sample" / "val", "folder")
    photographs = [
        pixels
        for number in range(1, len(pictures), 2)
        if (pixels := pictures.pixels(number)).shape[0] >= 360 and pixels.shape[1] >= 480
    ]
    report: dict[str, Any] = {
        "model": MODEL,
        "threads": args.threads,
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "torch": str(torch.__version__),
        "qualities": f"drawn evenly from {QUALITIES[0]} to {QUALITIES[1]}",
        "rows": [],
    }
    with tempfile.TemporaryDirectory() as scratch:
        pipelines = _pipelines(Path(scratch), args.real / "bsds500", args.threads)
        for (name, size), count in zip(SIZES.items(), args.uploads, strict=True):
            random = np.random.Generator(np.random.PCG64(1))
            uploads = []
            for number in range(count):
                original = photographs[number] if size is None else mosaic(photographs, size, random)
                quality = int(random.integers(QUALITIES[0], QUALITIES[1] + 1))
                uploads.append(encode(original, Compression("jpeg", quality)))
            for row in _timed(pipelines, uploads):
                report["rows"].append({"upload": name, "n": count, **row})
                print(json.dumps(report["rows"][-1]), flush=True)
    if args.out is not None:
        args.out.write_text(json.dumps(report, indent=1) + "\n")


def _pipelines(scratch: Path, calibration: Path, threads: int) -> dict[str, Pipeline]:
    """By name: engine, and what stands in front of the model; the bare one of an engine before its others."""
    model = find_model(MODEL, weights="random")
    model.network.requires_grad_(False)
    gate = default_gate()
    exported = {
        size: jpegproof.export(model, scratch / size, corrector=size, gate=True, formats="onnx", threads=threads).folder
        for size in SHIPPED
    }
    whole_numbers = jpegproof.export(
        None, scratch / "int8", formats="onnx", precision="int8", data=calibration, limit=1, threads=threads
    ).folder
    coarse = OnnxCorrector(whole_numbers / "corrector.onnx", default_corrector().multiply_adds_per_pixel)
    onnx = jpegproof.load(exported["default"], engine="onnx", at_once=1)
    return {
        "torch, bare": Pipeline(model, budget=None, at_once=1),
        "torch, bare, scaled": Pipeline(model, at_once=1),
        "torch, cured": Pipeline(model, default_corrector(), gate, at_once=1),
        "torch, cured, bfloat16": Pipeline(model, default_corrector(precision="bfloat16"), gate, at_once=1),
        "torch, cured, small": Pipeline(model, shipped_corrector("small"), shipped_gate("small"), at_once=1),
        "onnx, bare": Pipeline(onnx.model, budget=None, at_once=1),
        "onnx, bare, scaled": Pipeline(onnx.model, at_once=1),
        "onnx, cured": onnx,
        "onnx, cured, int8": Pipeline(onnx.model, coarse, gate, at_once=1),
        "onnx, cured, small": jpegproof.load(exported["small"], engine="onnx", at_once=1),
    }


def _timed(pipelines: dict[str, Pipeline], uploads: list[bytes]) -> list[dict[str, Any]]:
    taken: dict[str, list[float]] = {name: [] for name in pipelines}
    corrected: dict[str, int] = dict.fromkeys(pipelines, 0)
    for pipeline in pipelines.values():
        pipeline(uploads[0])  # warms up
    for data in uploads:
        for name, pipeline in pipelines.items():
            begun = time.perf_counter()
            answer = pipeline(data)
            taken[name].append(time.perf_counter() - begun)
            assert answer.ok, answer.error
            corrected[name] += answer.corrected != "nowhere"
    rows = []
    for name, times in taken.items():
        bare = taken[f"{name.partition(',')[0]}, bare"]
        rows.append(
            {
                "pipeline": name,
                "images_per_second": round(len(times) / sum(times), 2),
                "median_ms": round(1000 * float(np.median(times)), 1),
                "ratio": round(sum(times) / sum(bare), 3),
                "corrected": corrected[name],
            }
        )
    return rows


if __name__ == "__main__":
    main()
