"""A detector of fakes' answers: its verdict and score, and of one that looks at patches what it says of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import matplotlib
import numpy as np
import torch

from jpegproof.analysis.forensics import THRESHOLD
from jpegproof.probes.drawn import Bar, Drawn, DrawnPicture, Layer, LegendEntry, Picture
from jpegproof.probes.shown import Look, ShownPicture
from jpegproof.tasks.fake_detector import CLASS_NAMES, FAKE, REAL

_HEAT = "RdBu_r"
"""Of the probability of being fake: blue, white, red, which nearly everybody can tell apart."""


def draw_verdicts(shown: ShownPicture) -> DrawnPicture:
    """Draws the verdict and, where a network has more than one patch, the probability of each over the picture.

    A patch is drawn where its share of the model's input lies, as if patches stood side by side; what each of them sees
    reaches further. Source of the stretched map: Chai et al., "What makes fake images detectable?", ECCV 2020.

    Args:
        shown: with answers of `Forensics`.
    """
    label = cast("int | None", shown.target)
    scores = {id(look): _score(look) for look in (shown.original, *shown.looks)}
    own = scores[id(shown.original)]
    wanted = label if label is not None else None if own is None else _verdict(own)

    def drawn(look: Look) -> Drawn | None:
        score = scores[id(look)]
        if score is None or wanted is None:
            return None
        said = _verdict(score)
        bars = tuple(
            Bar(CLASS_NAMES[kind], share, ("right" if said == wanted else "wrong") if kind == said else None)
            for kind, share in ((FAKE, score), (REAL, 1 - score))
        )
        words = f"{CLASS_NAMES[said]}, score {score:.3f}: {'right' if said == wanted else 'wrong'}"
        return Drawn(look.pixels, look.shown, _heat(look), bars=bars, words=words)

    truth = None
    if label is not None:
        bars = (Bar(CLASS_NAMES[label], 1.0, "truth"),)
        truth = Drawn(shown.original.pixels, shown.original.shown, bars=bars, words=CLASS_NAMES[label])
    key = f"Fake from a score above {THRESHOLD}; \N{CHECK MARK} right, \N{BALLOT X} wrong."
    key += "" if label is not None else " No label: right is what the model says of the original."
    mapped = any(_heat(look) is not None for look in (shown.original, *shown.looks))
    return DrawnPicture(drawn(shown.original), tuple(map(drawn, shown.looks)), truth, _legend() if mapped else (), key)


def _logits(look: Look) -> torch.Tensor | None:
    return None if look.answer is None else cast("Sequence[torch.Tensor]", look.answer)[0]


def _score(look: Look) -> float | None:
    logits = _logits(look)
    return None if logits is None else float(logits.sigmoid().mean())


def _verdict(score: float) -> int:
    return FAKE if score > THRESHOLD else REAL


def _heat(look: Look) -> Layer | None:
    logits = _logits(look)
    if logits is None or logits.numel() == 1:
        return None
    return Layer(_heated(logits.sigmoid().cpu().numpy()), look.given, alone=False)


def _heated(shares: np.ndarray) -> Picture:
    return np.asarray(matplotlib.colormaps[_HEAT](shares.astype(float), bytes=True))[..., :3]


def _legend() -> tuple[LegendEntry, ...]:
    entries = []
    for share, name in ((0.0, "real, 0"), (0.25, "0.25"), (0.5, "0.5"), (0.75, "0.75"), (1.0, "fake, 1")):
        red, green, blue = _heated(np.array(share)).tolist()
        entries.append(LegendEntry(name, (red, green, blue)))
    return tuple(entries)
