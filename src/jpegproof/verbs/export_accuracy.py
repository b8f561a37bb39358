"""What a corrector of fewer bits costs in accuracy, on the user's own pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from jpegproof.correctors.protocol import Corrector, to_pixels
from jpegproof.jpeg.codec import Pixels, decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.model import Model
from jpegproof.restoration.psnr import psnr

#: At which the pictures are saved.
QUALITIES = (10, 30, 50, 75)

#: Equal pictures have no finite PSNR; better than this counts no more.
_BEST = 78.0


@dataclass(frozen=True, slots=True)
class AccuracyCost:
    """A corrector of fewer bits beside the one in float32, at one quality.

    Attributes:
        precision: of the former.
        quality: of the files.
        n: pictures.
        psnr_without: dB, of the files themselves; like the others the mean over the pictures.
        psnr_float32: corrected in float32.
        psnr: corrected in fewer bits.
        worst: dB that the picture that loses most loses.
        agreement_float32: percent of the pictures whose top-1 is that on the original, corrected in float32; None
            without a classifier.
        agreement: the same in fewer bits.
        same_answer: percent of the pictures whose top-1 is the same with both.
    """

    precision: str
    quality: int
    n: int
    psnr_without: float
    psnr_float32: float
    psnr: float
    worst: float
    agreement_float32: float | None = None
    agreement: float | None = None
    same_answer: float | None = None


def accuracy_costs(
    originals: Sequence[Pixels], exact: Corrector, coarse: Corrector, precision: str, model: Model | None
) -> list[AccuracyCost]:
    """Compresses, corrects both ways and compares: PSNR with the originals, and the answers of a classifier."""
    classifier = model if model is not None and model.task.name == "classification" else None
    known = [_top(classifier, original) for original in originals]
    costs = []
    for quality in QUALITIES:
        dbs, tops = [], []
        for original in originals:
            image = decode(encode(original, Compression("jpeg", quality)))
            corrected = [to_pixels(corrector([image])[0]) for corrector in (exact, coarse)]
            dbs.append([min(psnr(original, pixels), _BEST) for pixels in (image.pixels, *corrected)])
            tops.append([_top(classifier, pixels) for pixels in corrected])
        without, whole, fewer = np.mean(dbs, axis=0).tolist()
        worst = max(row[1] - row[2] for row in dbs)
        shares: list[float | None] = [None, None, None]
        if classifier is not None:
            pairs = list(zip(tops, known, strict=True))
            shares = [
                100.0 * float(np.mean([top[0] == own for top, own in pairs])),
                100.0 * float(np.mean([top[1] == own for top, own in pairs])),
                100.0 * float(np.mean([top[0] == top[1] for top in tops])),
            ]
        costs.append(AccuracyCost(precision, quality, len(originals), without, whole, fewer, worst, *shares))
    return costs


def _top(model: Model | None, pixels: Pixels) -> int | None:
    if model is None:
        return None
    framed = np.ascontiguousarray(model.preparation.frame(pixels)[0])
    with torch.inference_mode():
        inputs = model.preparation.normalise(framed)[None].to(model.device)
        answer = model.network(inputs)
    return int(getattr(answer, "logits", answer)[0].argmax())
