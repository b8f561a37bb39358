"""How many DCT coefficients come back from pixels and tables alone: share per quality, subsampling and plane.

Each photograph is compressed, decoded, and its coefficients are recovered from the pixels; the truth is what the file
holds. Counted are the blocks that lie wholly within the picture: ``all`` coefficients, most of which are zero, and
``nonzero``, those that are not zero in the file. ``edges`` is the share among all coefficients of the other blocks,
whose pixels beyond the edge nobody has.

    python -m benchmarks.coefficient_recovery FOLDER [--limit 60] [--out docs/results/coefficient_recovery.json]
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np

from jpegproof.jpeg.codec import Pixels, decode, encode
from jpegproof.jpeg.coefficients import Component, read_coefficients
from jpegproof.jpeg.compression import SUBSAMPLINGS, Compression
from jpegproof.jpeg.intake import open_picture
from jpegproof.jpeg.recovery import recover_coefficients
from jpegproof.jpeg.sampling import FACTORS

QUALITIES = (10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100)


def count(pixels: Pixels, quality: int, subsampling: str, counts: Counter[str]) -> None:
    """Adds one picture at one compression."""
    data = encode(pixels, Compression(quality=quality, subsampling=subsampling))  # type: ignore[arg-type]
    image = decode(data)
    read, recovered = read_coefficients(data, subsampling), recover_coefficients(image.pixels, image.header)
    _count_plane(read.luma, recovered.luma, pixels.shape[0] // 8, pixels.shape[1] // 8, "luma", counts)
    down, across = FACTORS[subsampling]
    for first, second in zip(read.chroma, recovered.chroma, strict=True):
        whole = pixels.shape[0] // (8 * down), pixels.shape[1] // (8 * across)
        _count_plane(first, second, *whole, "chroma", counts)


def _count_plane(truth: Component, found: Component, down: int, across: int, name: str, counts: Counter[str]) -> None:
    right = truth.coefficients == found.coefficients
    inner, nonzero = right[:down, :across], truth.coefficients[:down, :across] != 0
    for kind, hits, seen in (
        ("all", inner.sum(), inner.size),
        ("nonzero", inner[nonzero].sum(), nonzero.sum()),
        ("edges", right.sum() - inner.sum(), right.size - inner.size),
    ):
        counts[f"{name} {kind} right"] += int(hits)
        counts[f"{name} {kind} seen"] += int(seen)


def main() -> None:
    parser = argparse.ArgumentParser(description="How many DCT coefficients come back from pixels?")
    parser.add_argument("folder", type=Path, help="photographs, best not compressed themselves")
    parser.add_argument("--limit", type=int, default=60, help="use so many, evenly spaced")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    files = sorted(path for path in arguments.folder.rglob("*") if path.suffix.lower() in (".png", ".jpg", ".bmp"))
    chosen = [files[int(place)] for place in np.linspace(0, len(files) - 1, min(arguments.limit, len(files)))]
    pictures = [open_picture(path) for path in chosen]
    names = [f"{plane} {kind}" for plane in ("luma", "chroma") for kind in ("all", "nonzero", "edges")]
    print("sampling quality  " + "  ".join(f"{name:>14}" for name in names))
    rows = []
    for subsampling in reversed(SUBSAMPLINGS):
        for quality in QUALITIES:
            counts: Counter[str] = Counter()
            for pixels in pictures:
                count(pixels, quality, subsampling, counts)
            shares = {name: round(counts[f"{name} right"] / max(counts[f"{name} seen"], 1), 5) for name in names}
            print(f"{subsampling:>8} {quality:>7}  " + "  ".join(f"{shares[name]:14.5f}" for name in names), flush=True)
            rows.append({"subsampling": subsampling, "quality": quality, **shares})
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps({"pictures": len(pictures), "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
