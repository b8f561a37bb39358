"""Every picture of a set at every quality through every corrector."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from jpegproof.analysis.rows import Skip
from jpegproof.correctors.protocol import Corrector
from jpegproof.data.picture_set import PictureSet
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.compression import Subsampling
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.restoration.planes import Plane, is_grey
from jpegproof.restoration.rows import Score
from jpegproof.restoration.scores import SHORTEST_SIDE, scores
from jpegproof.restoration.trial import Trial


class BenchmarkProgress(Protocol):
    """What a caller may want to hear while pictures are restored."""

    def begin(self, total: int, finished: int) -> None:
        """How many pictures there are, and how many of them were finished before: none."""
        ...

    def working(self, name: str, share: float) -> None:
        """How much of a picture is done, in (0, 1]."""
        ...

    def advance(self) -> None:
        """One more picture is finished or skipped."""
        ...


@dataclass(slots=True)
class PictureScores:
    """What was measured: every score of the pictures that could be used along every way, and the others.

    Attributes:
        scores: picture by picture.
        skips: pictures that could not be used, with the reason.
    """

    scores: list[Score] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)


def score_pictures(
    dataset: str,
    pictures: PictureSet,
    places: Sequence[int],
    correctors: Mapping[str, Corrector],
    qualities: Sequence[int],
    subsampling: Subsampling,
    planes: Collection[Plane],
    progress: BenchmarkProgress,
) -> PictureScores:
    """Scores correctors on pictures.

    A picture that fails anywhere is left out everywhere, so that all correctors and qualities meet the same ones. Grey
    pictures have luma only.

    Args:
        dataset: its name in the rows.
        pictures: the originals.
        places: the numbers of those that are used.
        correctors: by name.
        qualities: libjpeg's.
        subsampling: of the chroma of colour pictures.
        planes: what is compared.
        progress: hears how it goes.

    Returns:
        The scores. A picture with a side shorter than SSIM's window, or a grey one where only colour is asked for, is
        among the skipped.
    """
    done = PictureScores()
    progress.begin(len(places), 0)
    for place in places:
        name = pictures.name(place)
        steps = _steps(pictures, place, correctors, qualities, subsampling, planes)
        found: list[Score] = []
        try:
            for share, (trial_subsampling, quality, corrector, values) in steps:
                found += [
                    Score(dataset, name, quality, trial_subsampling, corrector, metric, value)
                    for metric, value in values.items()
                ]
                progress.working(name, share)
            done.scores += found
        # A side beyond JPEG's, an answer that is not finite, a picture too large for memory.
        except (UnusablePictureError, ValueError, RuntimeError, MemoryError) as error:
            done.skips.append(Skip(dataset, name, str(error) or type(error).__name__))
        progress.advance()
    return done


_Step = tuple[str, int, str, dict[str, float]]


def _steps(
    pictures: PictureSet,
    place: int,
    correctors: Mapping[str, Corrector],
    qualities: Sequence[int],
    subsampling: Subsampling,
    planes: Collection[Plane],
) -> Iterator[tuple[float, _Step]]:
    """(share of the picture that is done, (subsampling, quality, corrector, its scores))."""
    pixels = pictures.pixels(place)
    used = _usable_planes(pixels, planes)
    total, count = len(used) * len(qualities) * len(correctors), 0
    for plane in used:
        for quality in qualities:
            trial = Trial(pixels, plane, quality, subsampling)
            for name, corrector in correctors.items():
                values = scores(trial.original, trial.corrected(corrector), plane)
                count += 1
                yield count / total, (trial.subsampling, quality, name, values)


def _usable_planes(pixels: Pixels, planes: Collection[Plane]) -> list[Plane]:
    """Which of the planes a picture has.

    Raises:
        UnusablePictureError: it is too small, or has none of them.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < SHORTEST_SIDE:
        reason = f"is {width}x{height}; SSIM's window takes {SHORTEST_SIDE}x{SHORTEST_SIDE} pixels"
        raise UnusablePictureError(reason, "too small")
    grey = is_grey(pixels)
    used: list[Plane] = [plane for plane in planes if plane == "luma" or not grey]
    if not used:
        raise UnusablePictureError("is grey, and only colour is asked for; use planes luma or both", "grey")
    return used
