"""How fast correctors are: pictures of 500 x 375 a second, all timed in turn in one run, on one thread.

    python -m benchmarks.corrector_speed [--rounds 5] [--real REAL] [--out docs/results/corrector_speed.json]

QGAC's networks have random weights here, which changes nothing about their speed. ResNet-50's forward pass at 224 x 224
(random weights too) stands beside them, so that costs can be read in passes of the model that is protected. With --real
the published DnCNN-3 takes part.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from jpegproof.correctors.default import default_corrector
from jpegproof.correctors.off_the_shelf import OffTheShelf
from jpegproof.correctors.protocol import to_pixels
from jpegproof.correctors.qgac.corrector import Qgac
from jpegproof.correctors.qgac.crab import QgacCrab
from jpegproof.jpeg.codec import DecodedJpeg, decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.training.precision import has_bfloat16


def photograph(height: int = 375, width: int = 500) -> DecodedJpeg:
    """A JPEG of quality 30 with structure at all sizes."""
    random = np.random.Generator(np.random.PCG64(0))
    coarse = random.integers(0, 256, (30, 40, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), float)
    pixels = np.clip(smooth + random.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8)
    return decode(encode(pixels, Compression("jpeg", 30)))


def contestants(real: Path | None) -> dict[str, Callable[[], Any]]:
    from torchvision.models import resnet50

    image = photograph()
    half = [False, True] if has_bfloat16(torch.device("cpu")) else [False]
    works: dict[str, Callable[[], Any]] = {}

    def corrected(corrector: Any) -> Callable[[], Any]:
        return lambda: to_pixels(corrector([image])[0])

    qgac = QgacCrab()
    for low in half:
        precision = "bfloat16" if low else "float32"
        works[f"default, {precision}"] = corrected(default_corrector(precision=precision))
        works[f"qgac_crab, {precision}"] = corrected(Qgac(qgac, {"weights": "random"}, "pixels", precision))
        if real is not None:
            weights = real / "weights" / "dncnn3.safetensors"
            works[f"dncnn3 on luma, {precision}"] = corrected(OffTheShelf(weights, "luma", precision))
    network = resnet50(weights=None).eval()
    batch = torch.rand(1, 3, 224, 224)

    def forward() -> None:
        with torch.inference_mode():
            network(batch)

    works["resnet50 at 224, float32"] = forward
    return works


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--real", type=Path, help="the folder of the real photographs and weights")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    works = contestants(args.real)
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for name, work in works.items():
        work()  # once to warm up
        print(f"{name}: ready", flush=True)
    for _ in range(args.rounds):
        for name, work in works.items():
            repeats = 1 if name.startswith(("qgac", "dncnn")) else 5
            begun = time.perf_counter()
            for _ in range(repeats):
                work()
            seconds[name].append((time.perf_counter() - begun) / repeats)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    report = {
        "pictures": "500 x 375, one thread",
        "rounds": args.rounds,
        "per_second": {name: round(1 / median, 3) for name, median in medians.items()},
        "default_over_qgac": {
            precision: {
                "median": round(medians[f"qgac_crab, {precision}"] / medians[f"default, {precision}"], 1),
                "least": round(min(seconds[f"qgac_crab, {precision}"]) / max(seconds[f"default, {precision}"]), 1),
            }
            for precision in ("float32", "bfloat16")
            if f"default, {precision}" in medians
        },
        "resnet50_passes": {
            name: round(median / medians["resnet50 at 224, float32"], 2) for name, median in medians.items()
        },
    }
    print(json.dumps(report, indent=1))
    if args.out is not None:
        args.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
