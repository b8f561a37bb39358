"""The rows of the benchmark's result files: plain data that other tools rely on."""

from __future__ import annotations

from dataclasses import dataclass

#: How the JPEG itself, without any corrector, is named in the result files.
JPEG = "identity"

#: What is added to a metric's name for the paired difference to the JPEG itself.
GAIN = "_gain"


@dataclass(frozen=True, slots=True)
class Score:
    """One metric of one picture. One row of ``restoration_pictures.csv``.

    Attributes:
        dataset: the data set's name.
        picture: the picture's name in it.
        quality: libjpeg quality 1..100.
        subsampling: of chroma; ``4:0:0`` for luma, which is compressed as a grey picture.
        corrector: the corrector's name; ``identity`` for the JPEG itself.
        metric: plane and metric, such as ``colour_psnr`` or ``luma_ssim_box``; decibels, or -1 to 1.
        value: the number; infinite for the PSNR of a picture that came back exactly.
    """

    dataset: str
    picture: str
    quality: int
    subsampling: str
    corrector: str
    metric: str
    value: float


@dataclass(frozen=True, slots=True)
class Number:
    """One metric of one corrector at one quality. One row of ``restoration.csv``.

    Attributes:
        metric: as in `Score`; with ``_gain`` at its end the paired difference to the JPEG itself.
        value: mean over the pictures; ``None`` where it cannot be computed.
        ci_low: lower end of the 95 % bootstrap interval over pictures; ``None`` with fewer than two.
        ci_high: upper end.
        n: pictures that count; those of infinite PSNR do not.
        n_skipped: pictures that could not be used.

    The other columns are those of `Score`.
    """

    dataset: str
    quality: int
    subsampling: str
    corrector: str
    metric: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
    n_skipped: int
