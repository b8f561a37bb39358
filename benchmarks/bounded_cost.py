"""What correction costs and gives by the size of the upload: bounded by the model's input, and at full size.

    python -m benchmarks.bounded_cost --real REAL --out docs/results/bounded_cost.json

Uploads of 0.2 megapixels are photographs as they are; those of 2 and 12 megapixels are mosaics of them, sharp to the
pixel: photographs of that size are not at hand, and enlarged ones would hold no detail to lose. The model is SqueezeNet
1.1 (224 x 224).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from jpegproof.correctors.default import default_corrector
from jpegproof.correctors.gate import default_gate
from jpegproof.correctors.protocol import to_pixels
from jpegproof.data.find import open_pictures
from jpegproof.deploy.bounded import corrected_input
from jpegproof.jpeg.codec import Pixels, decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.find import find_model
from jpegproof.restoration.psnr import psnr

#: Name: (width, height, how many uploads); None for a photograph as it is.
SIZES: dict[str, tuple[int, int] | None] = {"0.2 MP": None, "2 MP": (1632, 1224), "12 MP": (4000, 3000)}
QUALITIES = (10, 20, 30, 50)

#: Equal pictures have no finite PSNR; better than this counts no more.
BEST = 78.0


def mosaic(photographs: list[Pixels], size: tuple[int, int], random: np.random.Generator) -> Pixels:
    """(height, width, 3) of photographs side by side, each cut to 480 x 360."""
    width, height = size
    rows = []
    for _ in range(-(-height // 360)):
        chosen = [photographs[int(random.integers(len(photographs)))] for _ in range(-(-width // 480))]
        rows.append(np.concatenate([photograph[:360, :480] for photograph in chosen], axis=1))
    return np.ascontiguousarray(np.concatenate(rows)[:height, :width])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True, help="the folder of the real photographs")
    parser.add_argument("--uploads", type=int, nargs=3, default=(40, 12, 4), help="how many of each size")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    pictures = open_pictures(args.real / "imagenet-sample" / "val", "folder")
    landscape = [
        pixels
        for number in range(0, len(pictures), 2)
        if (pixels := pictures.pixels(number)).shape[0] >= 360 and pixels.shape[1] >= 480
    ]
    corrector, gate = default_corrector(precision="bfloat16"), default_gate()
    weights = str(args.real / "weights" / "squeezenet1_1.safetensors")
    model = find_model("torchvision:squeezenet1_1", weights=weights)

    def answer(framed: Pixels) -> torch.Tensor:
        with torch.inference_mode():
            return model.network(model.preparation.normalise(np.ascontiguousarray(framed))[None])[0]

    report: list[dict[str, Any]] = []
    for (name, size), count in zip(SIZES.items(), args.uploads, strict=True):
        random = np.random.Generator(np.random.PCG64(0))
        uploads = landscape[:count] if size is None else [mosaic(landscape, size, random) for _ in range(count)]
        for quality in QUALITIES:
            rows: list[dict[str, float]] = []
            for original in uploads:
                data = encode(original, Compression("jpeg", quality))
                clean = model.preparation.frame(original)[0]
                wanted = answer(clean)
                plain = model.preparation.frame(decode(data).pixels)[0]
                bounded, seconds = timed(lambda data=data: corrected_input(data, model.preparation, corrector))
                gated = corrected_input(data, model.preparation, corrector, gate)
                full, full_seconds = timed(
                    lambda data=data: model.preparation.frame(to_pixels(corrector([decode(data)])[0]))[0]
                )
                height, width = original.shape[:2]
                rows.append(
                    {
                        "none_psnr": min(psnr(clean, plain), BEST),
                        "bounded_psnr": min(psnr(clean, bounded.framed), BEST),
                        "full_psnr": min(psnr(clean, full), BEST),
                        "none_distance": float((answer(plain) - wanted).abs().mean()),
                        "bounded_distance": float((answer(bounded.framed) - wanted).abs().mean()),
                        "full_distance": float((answer(full) - wanted).abs().mean()),
                        "bounded_gmac": bounded.multiply_adds / 1e9,
                        "gated_gmac": gated.multiply_adds / 1e9,
                        "full_gmac": height * width * corrector.network.multiply_adds_per_pixel / 1e9,
                        "decoded_at": bounded.decoded_at,
                        "bounded_seconds": seconds,
                        "full_seconds": full_seconds,
                    }
                )
            means = {key: round(float(np.mean([row[key] for row in rows])), 3) for key in rows[0]}
            most = round(max(row["bounded_gmac"] for row in rows), 3)
            report.append({"upload": name, "quality": quality, "n": count, **means, "most_bounded_gmac": most})
            print(json.dumps(report[-1]), flush=True)
    if args.out is not None:
        args.out.write_text(json.dumps(report, indent=1) + "\n")


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.perf_counter()
    return work(), time.perf_counter() - begun


if __name__ == "__main__":
    main()
