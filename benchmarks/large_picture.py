"""What `jpegproof correct` takes for 100 megapixels: resident memory and seconds, with and without the gate.

    python -m benchmarks.large_picture --real REAL --out docs/results/large_picture.json

The picture is a mosaic of photographs, sharp to the pixel. Each case is a process of its own on one thread, with the
default corrector in float32.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bounded_cost import mosaic
from jpegproof.data.find import open_pictures
from jpegproof.jpeg.codec import Pixels, decode, encode
from jpegproof.jpeg.compression import Compression

#: Rows and columns that a picture has lost since its hidden save: its blocks no longer lie on the file's grid.
MOVED = 3, 5

# The highest resident memory of the process, in kilobytes. (What getrusage tells of a child begins with what its parent
# took.)
MEASURE = """
import sys
from jpegproof.cli.main import main
code = main(["correct", *sys.argv[1:], "--threads", "1", "--device", "cpu", "--quiet"])
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print("peak", status["VmHWM"].split()[0])
sys.exit(code)
"""


def coarse(pixels: Pixels) -> bytes:
    """A coarse file of the kind that decoders need most for: every coefficient is kept until the last scan."""
    return encode(pixels, Compression("jpeg", 30, subsampling="4:4:4", progressive=True))


def hidden(pixels: Pixels) -> bytes:
    """The same behind a finer save on another grid: the most that the gate and the corrector have to do."""
    down, across = MOVED
    return encode(decode(encode(pixels, Compression("jpeg", 30))).pixels[down:, across:], Compression("jpeg", 95))


CASES = {
    "quality 30": (coarse, ()),
    "quality 30, --gate": (coarse, ("--gate",)),
    "quality 95 hiding 30 on another grid, --gate": (hidden, ("--gate",)),
}


def measured(data: bytes, options: tuple[str, ...]) -> dict[str, Any]:
    """Megabytes, seconds and outcome of one run of the command."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "large.jpg").write_bytes(data)
        command = [sys.executable, "-c", MEASURE, "large.jpg", "--out", "out", *options]
        begun = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - begun
    return {
        "peak_mib": round(int(done.stdout.split("peak ")[1]) / 1024),
        "seconds": round(seconds),
        "corrected": "1 corrected" in done.stdout,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True, help="the folder of the real photographs")
    parser.add_argument("--side", type=int, default=10_000, help="pixels along each side of the picture")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    pictures = open_pictures(args.real / "imagenet-sample" / "val", "folder")
    landscape = [
        pixels
        for number in range(0, len(pictures), 5)
        if (pixels := pictures.pixels(number)).shape[0] >= 360 and pixels.shape[1] >= 480
    ]
    pixels = mosaic(landscape, (args.side, args.side), np.random.Generator(np.random.PCG64(0)))
    report: dict[str, Any] = {"picture": f"{args.side} x {args.side}, default corrector, float32, one thread"}
    for name, (made, options) in CASES.items():
        report[name] = measured(made(pixels), options)
        print(name, json.dumps(report[name]), flush=True)
    if args.out is not None:
        args.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
