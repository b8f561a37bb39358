"""The rows of a comparison of servers: plain data that tables, figures and other tools rely on."""

from __future__ import annotations

from dataclasses import dataclass

#: The kind of files in which chroma is stored at less than full size, so that decoders must make up the rest of it.
SUBSAMPLED = "chroma-subsampled"


@dataclass(frozen=True, slots=True)
class PictureRow:
    """One picture through one server. One row of ``parity.csv``.

    Attributes:
        picture: its name in the data set.
        server: decoder and resizer.
        own_file: whether the file is a JPEG that was read as it is, rather than saved as one first.
        subsampling: of the JPEG, as `jpegproof.jpeg.header.JpegHeader` says it; empty where it cannot be told.
        colours: what its components are: grey, YCbCr, RGB, CMYK, YCCK; empty where it cannot be told.
        orientation: EXIF's, 1 for upright.
        height, width: as decoded, in pixels; None where it was not.
        decoded_mse, decoded_mean, decoded_largest: how far the decoded pixels are from the reference's, in squared
            levels and levels of 8 bits; None where sizes differ.
        input_mse, input_mean, input_largest: the same after resize and crop.
        agreement: 100 where the answer is the reference's, 0 where not; None where it is no question of one picture.
        distance: of the output from the reference's, in the task's label-free measure; None where it has none.
        score: what `score_name` names, of this picture alone; None where it says nothing.
        score_name: the metric.
        reason: why the server has no answer; empty where it has one.
    """

    picture: str
    server: str
    own_file: bool
    subsampling: str
    colours: str
    orientation: int
    height: int | None
    width: int | None
    decoded_mse: float | None
    decoded_mean: float | None
    decoded_largest: int | None
    input_mse: float | None
    input_mean: float | None
    input_largest: int | None
    agreement: float | None
    distance: float | None
    score: float | None
    score_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One server. One row of ``parity_servers.csv``.

    Attributes:
        step: what differs from the reference: ``decoder``, ``resizer`` or ``both``; empty for the reference itself.
        n: pictures with an answer.
        failed: pictures without one though the reference has one; of the reference itself all without one.
        decoded_n: pictures whose decoded pixels could be compared; those of another size cannot.
        decoded_psnr: dB, from the mean over pictures of the mean squared differences; None where none differs.
        decoded_mean: mean absolute difference in levels of 8 bits, averaged over pictures.
        decoded_largest: of all pictures.
        input_n, input_psnr, input_mean, input_largest: the same after resize and crop.
    """

    task: str
    dataset: str
    model: str
    server: str
    decoder: str
    resizer: str
    step: str
    n: int
    failed: int
    decoded_n: int
    decoded_psnr: float | None
    decoded_mean: float | None
    decoded_largest: int | None
    input_n: int
    input_psnr: float | None
    input_mean: float | None
    input_largest: int | None


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric of one server. One row of ``parity_metrics.csv``.

    Attributes:
        value: with its 95 % bootstrap interval over pictures.
        change: the server's less the reference's over the pictures that both could use, paired, with its interval;
            None for the reference, and for metrics that compare with it.
        n: pictures that count for the value.
    """

    task: str
    dataset: str
    model: str
    server: str
    metric: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    change: float | None
    change_low: float | None
    change_high: float | None
    n: int
    seed: int


@dataclass(frozen=True, slots=True)
class BlameRow:
    """Which step of a server that changes both costs more. One row of ``parity_blame.csv``.

    Attributes:
        metric: what is compared: ``agreement``, or where that does not tell the steps apart, ``distance``.
        decoder_cost: what the decoder costs alone: points of agreement, or output distance.
        resizer_cost: the same of the resizer.
        difference: the second less the first, paired, with its 95 % interval.
        blamed: ``resizer`` or ``decoder``; empty where the interval holds zero.
    """

    task: str
    dataset: str
    model: str
    server: str
    metric: str
    decoder_cost: float
    resizer_cost: float
    difference: float
    ci_low: float | None
    ci_high: float | None
    n: int
    blamed: str
    seed: int


@dataclass(frozen=True, slots=True)
class KindRow:
    """What a server makes of files of one kind. One row of ``parity_kinds.csv``.

    Attributes:
        kind: ``turned by EXIF``, ``grey``, ``CMYK``, ``chroma-subsampled``, ...
        decoder: the server's.
        pictures: of this kind that the reference could use.
        failed: of them without an answer.
        other_size: of them decoded to another width and height.
        decoded_psnr: from the reference's pixels, in dB, over those of equal size; None where none differs.
        decoded_mean: mean absolute difference of the same in levels.
        agreement: the share of answers that are the reference's, in percent; None where it is no question of one
            picture.
    """

    task: str
    dataset: str
    model: str
    kind: str
    server: str
    decoder: str
    pictures: int
    failed: int
    other_size: int
    decoded_psnr: float | None
    decoded_mean: float | None
    agreement: float | None
