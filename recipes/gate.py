"""Fit the gate's limits, as jpegproof ships them.

    python recipes/gate.py --real REAL      # ten minutes on two cores
    python recipes/gate.py --real REAL --size small

Each shipped corrector has a gate of its own. Three-way split. The correctors learned from 250 photographs of BSDS500.
A gate is fitted on the 50 that were kept from them, and on 21 frames of CamVid's train part: every second one of two of
its drives, while all of its val part is from a third. What they do is reported on ImageNet's, LIVE1's, Classic5's,
COCO's and CamVid's val pictures, which none of them has seen.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from PIL import Image

from jpegproof.correctors.default import SHIPPED as CORRECTORS
from jpegproof.correctors.default import shipped_corrector
from jpegproof.correctors.gate import SHIPPED, Gate, Gated
from jpegproof.correctors.protocol import Corrector, to_pixels
from jpegproof.data.find import open_pictures
from jpegproof.jpeg.codec import DecodedJpeg, Pixels, decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.find import find_model
from jpegproof.models.model import Model
from jpegproof.restoration.psnr import psnr

FOLDER = Path(__file__).resolve().parents[1] / "src" / "jpegproof" / "correctors" / "shipped"
QUALITIES = (10, 20, 30, 40, 50, 60, 70, 80, 90, 95)
DOWNSCALES = (1, 2, 4, 8)

#: The drive that all of CamVid's val part is from.
DRIVE_OF_VAL = "0016E5"

#: What correction must be sure to give, in dB after shrinking: less is not worth what it costs.
WORTH_DB = 0.05

#: Equal pictures have no finite PSNR; better than this counts no more.
BEST = 78.0

#: The limit where the gate never opens.
NEVER = 0

#: Of hidden saves: the qualities tried, and that of the save behind which they hide.
HIDDEN, LAST = (10, 20, 30, 40, 50), 95

#: Opens at any save that can be found, whatever the file's own tables say.
OPEN = Gate(((1.0, 91.0),))

#: A hidden save is damage to some pictures and the original of others. Correction must pay where this share of them is
#: damaged; which share is, cannot be known from the pictures.
DAMAGED = 0.8

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Trial:
    """What correction did to one photograph.

    Attributes:
        nearer: by downscale, the logarithm of the distance to the original's answer, before over after.
        gains: by downscale, in dB of PSNR.
        won: by how much the answer came nearer to the original's, at full size.
        lost: by how much it went away from that on the hidden save; 0 where there is none.
    """

    nearer: tuple[float, ...]
    gains: tuple[float, ...]
    won: float
    lost: float = 0.0


class Trials:
    """Tries correction on photographs.

    Args:
        corrector: what stands behind the gate.
        model: whose answers count.
    """

    def __init__(self, corrector: Corrector, model: Model) -> None:
        self._corrector = corrector
        self._model = model

    def saved_once(self, original: Pixels, quality: int) -> Trial:
        image = saved(original, quality)
        return self._tried(original, image.pixels, to_pixels(self._corrector([image])[0]))

    def saved_twice(self, original: Pixels, quality: int) -> Trial:
        """Corrected for the first save, as far as that is found, after the second."""
        kept = saved(original, quality).pixels
        image = saved(kept, LAST)
        return self._tried(original, image.pixels, to_pixels(Gated(self._corrector, OPEN)([image])[0]), kept)

    def _tried(self, original: Pixels, before: Pixels, after: Pixels, kept: Pixels | None = None) -> Trial:
        nearer, gains, won, lost = [], [], 0.0, 0.0
        for factor in DOWNSCALES:
            versions = [shrunk(pixels, factor) for pixels in (original, before, after)]
            wanted, plain, repaired = (self._answer(version) for version in versions)
            nearer.append(math.log(distance(plain, wanted) / distance(repaired, wanted)))
            gains.append(min(psnr(versions[0], versions[2]), BEST) - min(psnr(versions[0], versions[1]), BEST))
            if factor == 1:
                won = distance(plain, wanted) - distance(repaired, wanted)
            if factor == 1 and kept is not None:
                lost = distance(repaired, self._answer(kept)) - distance(plain, self._answer(kept))
        return Trial(tuple(nearer), tuple(gains), won, lost)

    def _answer(self, pixels: Pixels) -> torch.Tensor:
        """Logits of a whole picture, whatever its size."""
        with torch.inference_mode():
            return self._model.network(self._model.preparation.normalise(pixels)[None])[0]


def photographs(real: Path) -> tuple[list[Pixels], list[Pixels]]:
    """Those of BSDS500, and the frames of CamVid."""
    bsds = open_pictures(real / "bsds500", "folder")
    kept = [bsds.pixels(number) for number in range(len(bsds)) if number % 6 == 5]
    camvid = open_pictures(real / "camvid" / "train", "folder")
    other_drives = [number for number in range(len(camvid)) if DRIVE_OF_VAL not in camvid.name(number)]
    return kept, [camvid.pixels(number) for number in other_drives[::2]]


def distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Mean absolute distance of two answers, never quite 0."""
    return max(float((one - other).abs().mean()), 1e-4)


def saved(pixels: Pixels, quality: int) -> DecodedJpeg:
    return decode(encode(pixels, Compression("jpeg", quality)))


def shrunk(pixels: Pixels, factor: int) -> Pixels:
    size = max(pixels.shape[1] // factor, 1), max(pixels.shape[0] // factor, 1)
    return pixels if factor == 1 else np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def lower(values: Sequence[float]) -> float:
    """The lower end of the 95 % interval of a mean."""
    return float(np.mean(values) - 1.96 * np.std(values, ddof=1) / math.sqrt(len(values)))


def nearer(ratio: float) -> str:
    """A logarithm of before over after, as the share by which the distance has fallen."""
    return f"{100 * (1 - math.exp(-ratio)):.1f} %"


def limit(qualities: Sequence[int], passed: Sequence[bool]) -> int:
    """The quality below which all tested qualities passed: nothing is promised between a pass and a failure."""
    last = 0
    for quality, fine in zip(qualities, passed, strict=True):
        if not fine:
            break
        last = quality
    return last + 1 if last else NEVER


def verdicts(trials: Sequence[Trial], coarser: Sequence[Trial]) -> tuple[list[bool], list[str]]:
    """By downscale whether correction helps for sure, and the table's cells.

    Args:
        trials: at a quality.
        coarser: on the same photographs at the next coarser quality; the same trials where there is none.
    """
    fine, cells = [], []
    for place in range(len(DOWNSCALES)):
        ratios, gains = [trial.nearer[place] for trial in trials], [trial.gains[place] for trial in trials]
        # Two neighbours together: answers of single pictures scatter so much that one of ten tests fails by chance.
        both = [(ratio + other.nearer[place]) / 2 for ratio, other in zip(ratios, coarser, strict=True)]
        fine.append(float(np.mean(ratios)) > 0 and lower(both) > 0 and lower(gains) > WORTH_DB)
        cells.append(f"{nearer(float(np.mean(ratios)))} [{nearer(lower(ratios))}]")
        cells.append(f"{np.mean(gains):.2f} [{lower(gains):.2f}]")
    return fine, cells


def at(quality: int, one: Callable[[Pixels, int], _T]) -> Callable[[Pixels], _T]:
    return lambda original: one(original, quality)


def table(first: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    heads = [*first, *(head for factor in DOWNSCALES for head in (f"nearer at 1/{factor}", "PSNR"))]
    lines = [heads, ["---:"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def limits_of(
    originals: Sequence[Pixels], trial: Callable[[Pixels, int], Trial], across: Callable[..., list[Trial]]
) -> tuple[list[tuple[int, int]], str]:
    """The limit at each downscale, and the table that they are from."""
    passed: list[list[bool]] = []
    rows: list[list[str]] = []
    coarser: list[Trial] = []
    for quality in QUALITIES:
        trials = across(at(quality, trial), originals)
        fine, cells = verdicts(trials, coarser or trials)
        coarser = trials
        passed.append(fine)
        rows.append([str(quality), *cells])
        print(rows[-1], flush=True)
    # Each downscale by itself: shrinking takes damage away, but also what correction has smoothed too much.
    limits = [(factor, limit(QUALITIES, [fine[place] for fine in passed])) for place, factor in enumerate(DOWNSCALES)]
    return [*limits, (2 * DOWNSCALES[-1], NEVER)], table(["quality"], rows)


def hidden_of(
    originals: Sequence[Pixels], trial: Callable[[Pixels, int], Trial], across: Callable[..., list[Trial]]
) -> tuple[int, str]:
    """The limit of hidden saves, and the table that it is from."""
    passed: list[bool] = []
    rows: list[list[str]] = []
    coarser: list[Trial] = []
    for quality in HIDDEN:
        trials = across(at(quality, trial), originals)
        fine, cells = verdicts(trials, coarser or trials)
        coarser = trials
        won, lost = (float(np.mean(values)) for values in zip(*((each.won, each.lost) for each in trials), strict=True))
        share = lost / (won + lost) if won > 0 else 1.0
        passed.append(fine[0] and share <= DAMAGED)
        rows.append([str(quality), f"{100 * share:.0f} %", *cells])
        print(rows[-1], flush=True)
    return limit(HIDDEN, passed), table(["hidden quality", "share that must be damaged"], rows)


def opened(originals: Sequence[Pixels], gate: Gate, across: Callable[..., list[bool]]) -> str:
    """How many photographs the gate opens for once they are saved again, by the quality of their own save."""

    def opens(original: Pixels, quality: int) -> bool:
        return gate.admits(saved(saved(original, quality).pixels, LAST)) is not None

    lines = ["| own save | opens |", "| ---: | ---: |"]
    for quality in (40, 50, 75):
        found = across(at(quality, opens), originals)
        lines.append(f"| {quality} | {sum(found)} of {len(found)} |")
        print(lines[-1], flush=True)
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True, help="the folder of the real photographs")
    parser.add_argument("--size", choices=CORRECTORS, default="default", help="which of the shipped correctors")
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(1)
    weights = args.real / "weights" / "squeezenet1_1.safetensors"
    trials = Trials(
        shipped_corrector(args.size, precision="bfloat16"),
        find_model("torchvision:squeezenet1_1", weights=str(weights)),
    )
    bsds, camvid = photographs(args.real)

    def across(one: Callable[[Pixels], _T], originals: Sequence[Pixels]) -> list[_T]:
        with ThreadPoolExecutor(args.threads) as pool:
            return list(pool.map(one, originals))

    hidden, hidden_table = hidden_of([*bsds, *camvid], trials.saved_twice, across)
    limits, limit_table = limits_of([*bsds, *camvid], trials.saved_once, across)
    gate = Gate(tuple((float(factor), float(quality)) for factor, quality in limits), float(hidden))
    opened_table = opened([*bsds, *camvid], gate, across)
    (args.out / f"{SHIPPED[args.size]}.json").write_text(json.dumps({"limits": limits, "hidden": hidden}) + "\n")
    facts = Facts(len(bsds), len(camvid), limits, hidden, limit_table, hidden_table, opened_table)
    (args.out / f"{SHIPPED[args.size]}.md").write_text(card(args.size, facts))


@dataclass(frozen=True, slots=True)
class Facts:
    """What the card tells: counts of photographs, the gate's numbers, and the tables in Markdown."""

    bsds: int
    camvid: int
    limits: list[tuple[int, int]]
    hidden: int
    limit_table: str
    hidden_table: str
    opened_table: str


def card(size: str, facts: Facts) -> str:
    """The card in Markdown."""
    told = ", ".join(f"{quality} at 1/{factor}" for factor, quality in facts.limits if quality)
    return f"""# {SHIPPED[size]}

The gate before jpegproof's {size} corrector (`jpegproof.correctors.gate`): the libjpeg quality below which a picture is
corrected, by how much it is shrunk afterwards. It opens below quality {told}; nowhere
at 1/16 and beyond. Between those the limit runs straight over the logarithm of the downscale. Where the file's own
tables leave it shut, it opens for a coarser save hidden behind them if that was below quality {facts.hidden}.

## Data and its terms
Three-way split:

- the corrector `{CORRECTORS[size]}` learned from 250 photographs of BSDS500;
- the gate is fitted on {facts.bsds + facts.camvid} others: the {facts.bsds} of BSDS500 that were kept from the
  corrector, and {facts.camvid} frames of CamVid's train part, every second one of two of its drives (terms:
  docs/real-data.md). BSDS500's are JPEGs of quality 95 themselves; CamVid's were never such JPEGs at their size;
- what corrector and gate do is reported on others: ImageNet's, LIVE1's, Classic5's, COCO's, and CamVid's val part, all
  of which is from a third drive. Only the validation table on the corrector's own card shares its 50 with the gate.

The gate holds {len(facts.limits)} pairs of numbers, one more number and no image. No label was used.

## Recipe
At each quality each photograph is saved (Pillow, 4:2:0), corrected in bfloat16, shrunk by 1, 2, 4 and 8 with Pillow's
bilinear filter, and compared with its original, shrunk alike: PSNR, and the mean absolute distance of SqueezeNet 1.1's
logits on the whole picture. At each downscale the limit is one above the highest quality up to which the mean logarithm
of the distance's fall is above 0, with the lower end of the 95 % interval of its mean over that quality and the next
coarser one, and the lower end of the gain in PSNR above {WORTH_DB} dB. Each downscale is fitted by itself: shrinking
takes damage away, but also what correction has smoothed too much, and the latter may count more.

A hidden save may be damage, or the original itself: a study's originals often are JPEGs that are then saved again.
Where it is damage, correction brings the model's answer nearer to the one wanted; where it is the original, it takes
the answer away from it, and by more. So its limit is stricter: each photograph is saved at a quality, then at
{LAST}, and corrected for the first save as far as that is found. The limit is one above the highest quality up to
which both means above pass at full size and correction still pays, by the mean distance won and lost, where
{100 * DAMAGED:.0f} % of the pictures are damaged ones. That share is a choice: what it truly is, no picture tells.

    python recipes/gate.py --real REAL --size {size}

## Measured
By how much the distance falls (geometric mean) and the gain in PSNR (dB), by how much the picture is shrunk; lower ends
of the 95 % intervals in brackets.

{facts.limit_table}

Hidden behind a save at {LAST}; the second column is the share of damaged pictures at which correction neither wins nor
loses.

{facts.hidden_table}

Originals of a quality saved again at {LAST}: for how many the gate opens.

{facts.opened_table}

What it promises: below the limit, on pictures like these, correction brings a classifier's answers nearer to those on
the originals, on average, with 95 % confidence at each two neighbouring tested qualities. Above the limit a
picture leaves as it came, unless a save below quality {facts.hidden} is found behind the last one; an original that was
kept at 50 or finer and saved again leaves as it came, as the last table counts. An original that was kept below
{facts.hidden} itself is taken for a damaged one.

## Limits
One classifier and one corrector decided it. A corrector trained through your own model may help at qualities where this
gate is shut, and a picture's own answer may still move the wrong way below it. A hidden earlier save is found only if
it was made with libjpeg's standard luma tables and the picture was not resized since. Frames of one drive are less
different than photographs are, so the intervals are a little too narrow.
"""


if __name__ == "__main__":
    main()
