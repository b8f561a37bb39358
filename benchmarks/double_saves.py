"""What correctors and the gate give back, in decibels, of pictures that were saved twice on shifted grids.

    python -m benchmarks.double_saves PICTURES --out docs/results/double-saves/psnr.json
        --corrector restored-chains=FILE [--corrector NAME=FILE ...]

Each picture goes save, crop, save; the truth is the original, cropped alike. Rows: the JPEG as it is; the default
corrector, which reads the last save's tables; the default behind its gate, which looks for the earlier save and
corrects for that one; the default told the earlier save, as if its quality and grid had been handed on, the most that
a blind estimate could give; and each corrector that was named, plain and behind the gate. Single saves stand beside
them: there learning from chains might cost something.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from jpegproof.analysis.bootstrap import mean_intervals
from jpegproof.correctors.default import default_corrector, load_corrector
from jpegproof.correctors.gate import as_it_was, default_gate, gated
from jpegproof.correctors.protocol import Corrector, to_pixels
from jpegproof.jpeg.codec import DecodedJpeg, Pixels
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.dct import BLOCK
from jpegproof.jpeg.earlier_save import EarlierSave
from jpegproof.jpeg.intake import open_picture
from jpegproof.jpeg.steps import Crop
from jpegproof.restoration.psnr import psnr
from jpegproof.training.deliveries import Step, deliver

SEED = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """One or two saves; `first` is None for one. `crop` rows and columns go between them, above and at the left."""

    first: int | None
    crop: int
    last: int

    @property
    def steps(self) -> list[Step]:
        """What happens to a picture."""
        before: list[Step] = [] if self.first is None else [Compression("jpeg", self.first)]
        between: list[Step] = [Crop(self.crop)] if self.crop else []
        return [*before, *between, Compression("jpeg", self.last)]


CHAINS = (
    Chain(10, 4, 50),
    Chain(20, 4, 50),
    Chain(10, 4, 80),
    Chain(10, 0, 50),
    Chain(None, 0, 10),
    Chain(None, 0, 50),
)
Way = Callable[[DecodedJpeg, Chain], torch.Tensor]


def main() -> None:
    """Reads the arguments, corrects every picture in every way, and writes the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, help="folder of lossless pictures")
    parser.add_argument("--corrector", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--limit", type=int, help="only the first so many, by name")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    files = sorted(path for path in args.pictures.rglob("*") if path.suffix.lower() in {".bmp", ".png", ".jpg", ".tif"})
    pictures = [open_picture(path) for path in files[: args.limit]]
    if not pictures:
        parser.error(f"{args.pictures}: holds no pictures")
    torch.set_num_threads(1)
    ways = _ways(dict(named.split("=", 1) for named in args.corrector))
    told = [_row(chain, pictures, ways) for chain in CHAINS]
    if args.out:
        args.out.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def _row(chain: Chain, pictures: Sequence[Pixels], ways: Mapping[str, Way]) -> dict[str, Any]:
    decibels: dict[str, list[float]] = {name: [] for name in ways}
    found = 0
    for picture in pictures:
        truth, jpeg = deliver(picture, chain.steps)
        admitted = default_gate().admits(jpeg)
        found += admitted is not None and admitted.earlier is not None
        for name, way in ways.items():
            decibels[name].append(psnr(truth, to_pixels(way(jpeg, chain))))
    row = {
        "first_quality": chain.first,
        "crop": chain.crop,
        "last_quality": chain.last,
        "n": len(pictures),
        "earlier_save_found": found,
        "psnr": {name: round(fmean(values), 3) for name, values in decibels.items()},
        "gain_over_none": {
            name: _interval(np.subtract(values, decibels["none"]))
            for name, values in decibels.items()
            if name != "none"
        },
    }
    print(json.dumps(row), flush=True)
    return row


def _interval(gains: NDArray[np.float64]) -> list[float | None]:
    [mean] = mean_intervals(gains[:, None], SEED)
    return [None if end is None else round(float(end), 3) for end in (mean.value, mean.low, mean.high)]


def _ways(named: Mapping[str, str]) -> dict[str, Way]:
    default = default_corrector()
    ways: dict[str, Way] = {
        "none": lambda jpeg, chain: jpeg.tensor(),
        "default": _plain(default),
        "default, gated": _plain(gated(default)),
        "default, told the first save": _told(default),
    }
    for name, file in named.items():
        corrector = load_corrector(Path(file))
        ways |= {name: _plain(corrector), f"{name}, gated": _plain(gated(corrector))}
    return ways


def _plain(corrector: Corrector) -> Way:
    return lambda jpeg, chain: corrector([jpeg])[0]


def _told(corrector: Corrector) -> Way:
    """Corrects for the first save, on its grid, whatever the last one's tables say."""

    def way(jpeg: DecodedJpeg, chain: Chain) -> torch.Tensor:
        if chain.first is None:
            return corrector([jpeg])[0]
        offset = -chain.crop % BLOCK
        hidden = as_it_was(jpeg, EarlierSave(chain.first, (offset, offset), math.inf))
        margin = -offset % BLOCK
        return corrector([hidden])[0][:, margin:, margin:]

    return way


if __name__ == "__main__":
    main()
