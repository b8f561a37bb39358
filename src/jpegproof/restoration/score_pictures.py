"""Every picture of a set at every quality through every corrector."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Protocol

from jpegproof.analysis.rows import Skip
from jpegproof.correctors.protocol import Corrector
from jpegproof.correctors.tiles import Tiled
from jpegproof.data.picture_set import PictureSet
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.compression import Subsampling
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.restoration.planes import Plane, is_grey
from jpegproof.restoration.rows import Score
from jpegproof.restoration.scores import SHORTEST_SIDE, scores
from jpegproof.restoration.trial import Trial, stated_subsampling


class BenchmarkProgress(Protocol):
    """What a caller may want to hear while pictures are restored."""

    def begin(self, total: int, finished: int) -> None:
        """How many pictures there are; all are gone through anew, and what was measured before takes no time."""
        ...

    def working(self, name: str, share: float) -> None:
        """How much of a picture is done, in (0, 1]."""
        ...

    def advance(self) -> None:
        """One more picture is finished or skipped."""
        ...


class KeptScores(Protocol):
    """What earlier runs have measured, and the place for what is measured now.

    Facts are plain data: all that the scores of one picture, at one quality, behind one corrector, depend on.
    """

    def find(self, facts: Mapping[str, Any]) -> dict[str, float] | None:
        """The scores by metric, or None where they are not known yet."""
        ...

    def keep(self, facts: Mapping[str, Any], values: Mapping[str, float]) -> None:
        """Takes scores in, for this run and later ones."""
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
    kept: KeptScores | None = None,
) -> PictureScores:
    """Scores correctors on pictures.

    A picture that fails anywhere is left out everywhere, so that all correctors and qualities meet the same ones. Grey
    pictures have luma only.

    Args:
        dataset: its name in the rows.
        pictures: the originals.
        places: the numbers of those that are used.
        correctors: by name; pictures too large for memory go through them in tiles.
        qualities: libjpeg's.
        subsampling: of the chroma of colour pictures.
        planes: what is compared.
        progress: hears how it goes.
        kept: scores of earlier runs; None to measure everything.

    Returns:
        The scores. A picture with a side shorter than SSIM's window, or a grey one where only colour is asked for, is
        among the skipped.

    Raises:
        ValueError: a corrector enlarges.
    """
    done = PictureScores()
    tiled = {
        name: corrector if isinstance(corrector, Tiled) else Tiled(corrector) for name, corrector in correctors.items()
    }
    progress.begin(len(places), 0)
    for place in places:
        name = pictures.name(place)
        steps = _steps(pictures, place, tiled, qualities, subsampling, planes, kept)
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
    correctors: Mapping[str, Tiled],
    qualities: Sequence[int],
    subsampling: Subsampling,
    planes: Collection[Plane],
    kept: KeptScores | None,
) -> Iterator[tuple[float, _Step]]:
    """(share of the picture that is done, (subsampling, quality, corrector, its scores))."""
    pixels, identity = pictures.pixels(place), pictures.identity(place)
    used = _usable_planes(pixels, planes)
    total, count = len(used) * len(qualities) * len(correctors), 0
    for plane, quality in product(used, qualities):
        stated = stated_subsampling(plane, subsampling)
        trial: Trial | None = None
        for name, corrector in correctors.items():
            facts = {
                "picture": identity,
                "plane": plane,
                "quality": quality,
                "subsampling": stated,
                "corrector": dict(corrector.describe()),
            }
            values = kept.find(facts) if kept else None
            if values is None:
                trial = trial or Trial(pixels, plane, quality, subsampling)
                values = scores(trial.original, trial.corrected(corrector), plane)
                if kept:
                    kept.keep(facts, values)
            count += 1
            yield count / total, (stated, quality, name, values)


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
