"""How well real pictures can be told from fake ones by what their files say of themselves, pixels unseen."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from jpegproof.jpeg.file_facts import FileFacts

IN_PIXELS: Mapping[str, Callable[[FileFacts], Hashable]] = {
    "format": lambda facts: facts.format,
    "JPEG quality": lambda facts: facts.quality,
    "quantisation tables": lambda facts: facts.tables,
    "subsampling": lambda facts: facts.subsampling,
    "colours": lambda facts: facts.colours,
    "width": lambda facts: facts.width,
    "height": lambda facts: facts.height,
    "size": lambda facts: (facts.width, facts.height),
}
"""What a model may see in the pixels."""

IN_HEADERS: Mapping[str, Callable[[FileFacts], Hashable]] = {
    "scan order": lambda facts: bool(facts.progressive),
    "EXIF": lambda facts: facts.exif,
}
"""What no model sees, but what says that the halves come from different places."""

ALL = "all together"
LEVEL = 0.95

_HALF = 2
_ENOUGH = 3  # so often must a number have been seen for a rule of its own; rarer ones go by their tenth
_TENTHS = np.arange(1, 10) / 10

_Evidence = Callable[[Hashable], float]


@dataclass(frozen=True, slots=True)
class Tell:
    """How well one fact tells real from fake.

    Attributes:
        fact: its name in `IN_PIXELS` or `IN_HEADERS`, or `ALL` of `IN_PIXELS`.
        accuracy: balanced, 0..1, chance 0.5: on pictures that the rule was not made from.
        low: lower end of its interval; all intervals of one check hold together at 95 %.
        high: upper end.
        pictures: how many were looked at.
    """

    fact: str
    accuracy: float
    low: float
    high: float
    pictures: int


def tells(facts: Sequence[FileFacts], fake: Sequence[bool]) -> list[Tell]:
    """Works out how well each fact, and all of `IN_PIXELS` together, tell real from fake.

    For each value of a fact the rule says real or fake, of whichever it is the likelier; of numbers that are rare, each
    tenth of the pictures by that number is a value. All facts together add up their log-odds. The rule is made from one
    half of the pictures and tried on the other, and the other way round: values that are merely many have no success.

    Args:
        facts: of each picture.
        fake: whether it is fake.

    Returns:
        `ALL` first, then each fact; empty where one of the halves has fewer than two pictures.
    """
    truth = np.array(fake, dtype=bool)
    if min(truth.sum(), (~truth).sum()) < _HALF:
        return []
    side = _halves(truth)
    evidence = {name: np.zeros(len(truth)) for name in (*IN_PIXELS, *IN_HEADERS)}
    for name, fact in {**IN_PIXELS, **IN_HEADERS}.items():
        values = [fact(item) for item in facts]
        for made in (False, True):
            here = side == made
            rule = _rule([values[place] for place in np.flatnonzero(here)], truth[here])
            for place in np.flatnonzero(~here):
                evidence[name][place] = rule(values[place])
    every = {ALL: np.sum([evidence[name] for name in IN_PIXELS], axis=0), **evidence}
    sure = NormalDist().inv_cdf(1 - (1 - LEVEL) / 2 / len(every))
    return [_tell(name, odds, truth, sure) for name, odds in every.items()]


def _halves(truth: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which pictures make the second half: at random, but the same each time and as many of either class."""
    side = np.zeros(len(truth), dtype=bool)
    random = np.random.default_rng(0)
    for kind in (False, True):
        places = random.permutation(np.flatnonzero(truth == kind))
        side[places[: len(places) // 2]] = True
    return side


def _rule(values: Sequence[Hashable], fake: NDArray[np.bool_]) -> _Evidence:
    """The log-odds that a picture is fake, by its value."""
    exact = _odds(values, fake)
    numbers = np.array([value for value in values if _is_number(value)], dtype=np.float64)
    if not numbers.size:
        return lambda value: exact[value][0] if value in exact else 0.0
    edges = np.unique(np.quantile(numbers, _TENTHS))

    def group(value: Hashable) -> Hashable:
        return int(np.searchsorted(edges, float(value))) if _is_number(value) else value  # pyright: ignore[reportArgumentType]

    grouped = _odds([group(value) for value in values], fake)

    def odds(value: Hashable) -> float:
        if value in exact and (exact[value][1] >= _ENOUGH or not _is_number(value)):
            return exact[value][0]
        return grouped[group(value)][0] if group(value) in grouped else 0.0

    return odds


def _odds(values: Sequence[Hashable], fake: NDArray[np.bool_]) -> dict[Hashable, tuple[float, int]]:
    """Of each value the log-odds, both classes counting alike however many there are of each; and how often it is."""
    counts: dict[Hashable, list[int]] = defaultdict(lambda: [0, 0])
    for value, is_fake in zip(values, fake, strict=True):
        counts[value][int(is_fake)] += 1
    fakes = int(fake.sum())
    reals = len(fake) - fakes
    return {
        value: (math.log((f + 0.5) / (fakes + 1)) - math.log((r + 0.5) / (reals + 1)), r + f)
        for value, (r, f) in counts.items()
    }


def _is_number(value: Hashable) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _tell(name: str, odds: NDArray[np.float64], truth: NDArray[np.bool_], sure: float) -> Tell:
    """Balanced accuracy with its interval; where nothing speaks either way, half of the pictures are right.

    Source: A. Agresti, B. Caffo, Simple and effective confidence intervals for proportions and differences of
    proportions, The American Statistician 54 (2000): the normal interval after adding z^2 / 2 of either answer to each
    class, here for the mean of two proportions.
    """
    right = np.where(odds == 0, 0.5, (odds > 0) == truth)
    shares = [(right[truth == kind].sum(), int((truth == kind).sum())) for kind in (False, True)]
    accuracy = sum(hits / count for hits, count in shares) / 2
    moved = [(hits + sure**2 / 2) / (count + sure**2) for hits, count in shares]
    variance = sum(p * (1 - p) / (n + sure**2) for p, (_, n) in zip(moved, shares, strict=True))
    middle, reach = sum(moved) / 2, sure / 2 * math.sqrt(variance)
    return Tell(name, float(accuracy), float(middle - reach), float(min(middle + reach, 1.0)), len(truth))
