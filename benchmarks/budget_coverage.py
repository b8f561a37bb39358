"""Whether a budget's stated confidence holds: samples of a large pool, judged by the pool's truth.

The pool is ten thousand pictures of the embedded world, each predicted at every quality once. A sample is drawn from it
with replacement, so that the pool's own losses are the truth exactly, and asked for its budget. A claim "safe down to
quality q" is wrong where the pool loses the bound or more at q or at any better quality; "unsafe up to q" where it does
not lose more at q or at any worse one. Beside bounds of round numbers, bounds that are the pool's own loss at some
quality are asked for: there an error is as likely as it can be.

The same is asked of the rules by themselves, by counting every outcome rather than by sampling: how often each calls a
loss that lies on the bound smaller, at the worst share of changing pictures; beside rules that were not taken.

    python -m benchmarks.budget_coverage --pool out/budget-pool --out docs/results/budget_coverage.json

Makes the pool's predictions where they are not there yet: minutes on one core.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.budget.bets import mean_above
from jpegproof.analysis.budget.binomial import log_factorials, share_above
from jpegproof.analysis.budget.bounds import Bounds, Question, bounds_of_changes, bounds_of_differences
from jpegproof.analysis.budget.paired_shares import p_value, score
from jpegproof.analysis.budget.sequence import highest_unsafe, lowest_safe, next_undecided, verdicts
from jpegproof.analysis.results import METRICS
from jpegproof.analysis.stored import read_cells
from jpegproof.studies.engine import find_hands
from jpegproof.studies.run import run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store

Values = NDArray[np.float64]

QUALITIES = [10, 15, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95]
SIZES = (500, 2000)
BOUNDS = (0.5, 1.0, 2.0)
#: The bounds that are a loss of the pool: the first that is at least so large.
HARDEST = (0.2, 1.0, 3.0)
ALPHA = 0.05
#: Shares of changing pictures at which the rules are judged.
CHANGING = (0.015, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2)
MARGIN = 0.01


def main() -> None:
    """Reads the arguments, draws the samples, and writes the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool", type=Path, default=Path("out/budget-pool"))
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    pool = made_pool(arguments.pool, arguments.pictures)
    found = {
        "pictures of the pool": arguments.pictures,
        "repetitions": arguments.repetitions,
        "alpha": ALPHA,
        "qualities": QUALITIES,
        "top1 lost": claims(*pool["loss"], "loss", arguments.repetitions, arguments.seed),
        "answers changed": claims(*pool["disagreement"], "disagreement", arguments.repetitions, arguments.seed),
        "rules": rules(),
    }
    arguments.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def made_pool(folder: Path, pictures: int) -> dict[str, tuple[dict[int, Values]]]:
    """By what is asked: per quality (pictures,) what each picture of the pool loses, or whether its answer changes."""
    content = {
        "name": "budget pool",
        "data": {"world": {"world": "test", "size": pictures}},
        "models": {"world-classifier": {"from": "jpegproof:world-classifier"}},
        "compression": {"qualities": QUALITIES},
    }
    run_study(StudySpec.model_validate(content), folder, find_hands("cpu", 1, 1))
    plan, store = study_status(folder).plan, Store(folder)
    task = METRICS["classification"]
    reference = read_cells(store, plan.cells_of(0, 0), task.reference_columns)
    right = task.of(reference, reference)["top1"]
    lost, changed = dict[int, Values](), dict[int, Values]()
    for number, compression in enumerate(plan.compressions):
        if compression.quality is not None:
            metrics = task.of(read_cells(store, plan.cells_of(0, number), task.columns), reference)
            top1, agreement = metrics["top1"], metrics["agreement"]
            assert isinstance(right, np.ndarray)
            assert isinstance(top1, np.ndarray)
            assert isinstance(agreement, np.ndarray)
            lost[compression.quality] = (right - top1) / 100
            changed[compression.quality] = 1 - agreement / 100
    return {"loss": (lost,), "disagreement": (changed,)}


def claims(pool: Mapping[int, Values], quantity: str, repetitions: int, seed: int) -> dict[str, Any]:
    """How often what a sample's budget claims is wrong, by size and bound."""
    truth = {quality: 100 * float(values.mean()) for quality, values in pool.items()}
    # At the first quality, from the best down, that loses so much: what comes before is safe and lets the test go on.
    hardest = [next(loss for _, loss in sorted(truth.items(), reverse=True) if loss >= least) for least in HARDEST]
    found: dict[str, Any] = {"truth": truth, "samples": []}
    for size in SIZES:
        random = np.random.default_rng([seed, size])
        samples = [random.integers(0, len(pool[QUALITIES[0]]), size) for _ in range(repetitions)]
        for bound in dict.fromkeys((*BOUNDS, *hardest)):
            found["samples"].append(_claims(pool, truth, samples, bound, size, quantity, bound in hardest))
    return found


def _claims(
    pool: Mapping[int, Values],
    truth: Mapping[int, float],
    samples: list[NDArray[np.int64]],
    bound: float,
    size: int,
    quantity: str,
    hardest: bool,
) -> dict[str, Any]:
    bounded = bounds_of_differences if quantity == "loss" else bounds_of_changes
    question = Question(bound, ALPHA)
    wrong_safe = wrong_unsafe = 0
    lowest: list[int] = []
    more: list[int] = []
    for sample in samples:
        by_quality = _Asked({quality: partial(bounded, values[sample], question) for quality, values in pool.items()})
        said = verdicts(by_quality, bound)
        safe, unsafe, undecided = lowest_safe(said), highest_unsafe(said), next_undecided(said)
        wrong_safe += safe is not None and any(loss >= bound for quality, loss in truth.items() if quality >= safe)
        wrong_unsafe += unsafe is not None and any(
            loss <= bound for quality, loss in truth.items() if quality <= unsafe
        )
        lowest.append(safe or 101)
        if undecided is not None and (needed := by_quality[undecided].needed) is not None:
            more.append(needed - size)
    return {
        "pictures": size,
        "bound": bound,
        "a loss lies on the bound": hardest,
        "wrong safe": wrong_safe / len(samples),
        "95 % interval of it": _interval(wrong_safe, len(samples)),
        "wrong unsafe": wrong_unsafe / len(samples),
        "truly within the bound from quality": _true_lowest(truth, bound),
        "median safe quality (101: none)": float(np.median(lowest)),
        "share with a safe quality": float(np.mean(np.array(lowest) < 101)),
        "median more pictures": float(np.median(more)) if more else None,
    }


class _Asked(dict[int, Bounds]):
    """Bounds that are worked out when the sequence comes to them, as it stops at the first that is not shown."""

    def __init__(self, known: Mapping[int, Callable[[], Bounds]]) -> None:
        super().__init__(dict.fromkeys(known))  # type: ignore[arg-type]
        self._known = known

    def __getitem__(self, quality: int) -> Bounds:
        if super().__getitem__(quality) is None:
            self[quality] = self._known[quality]()
        return super().__getitem__(quality)


def _true_lowest(truth: Mapping[int, float], bound: float) -> int | None:
    lowest = None
    for quality in sorted(truth, reverse=True):
        if truth[quality] >= bound:
            break
        lowest = quality
    return lowest


def _interval(counted: int, of: int) -> tuple[float, float]:
    return 1 - share_above(of - counted, of, 0.025), share_above(counted, of, 0.025)


Rule = Callable[[int, int, int], bool]


def rules() -> list[dict[str, Any]]:
    """Per rule and number of pictures: how often a loss on the margin is called smaller, and how often none is."""
    asked: dict[str, Rule] = {"exact (taken)": _exact, "score": _score, "Wald": _wald, "bets": _bets}
    found = []
    for pictures in SIZES:
        called = {name: _Called(rule, pictures) for name, rule in asked.items()}
        for name in asked:
            on_margin = {share: called[name].probability(share, MARGIN) for share in CHANGING}
            none_lost = {share: called[name].probability(share, 0.0) for share in CHANGING}
            found.append(
                {
                    "rule": name,
                    "pictures": pictures,
                    "margin": MARGIN,
                    "wrong at the worst share": max(on_margin.values()),
                    "wrong by share of changing pictures": on_margin,
                    "right where nothing is lost, by share of changing pictures": none_lost,
                }
            )
    return found


class _Called:
    """Whether a rule calls the loss smaller than the margin, for every likely outcome; each asked once."""

    def __init__(self, rule: Rule, pictures: int) -> None:
        self._rule = rule
        self._pictures = pictures
        self._most: dict[int, int] = {}

    def probability(self, share: float, loss: float) -> float:
        """Of its being called smaller, with a share of changing pictures and a true loss."""
        n, (lose, gain) = self._pictures, ((share + loss) / 2, (share - loss) / 2)
        table, total = log_factorials(n), 0.0
        for gained in _likely(gain, n):
            most = self._most_lost(gained)
            lost = np.arange(0, min(most, n - gained) + 1)
            kept = n - lost - gained
            terms = table[n] - table[lost] - table[gained] - table[kept]
            terms = terms + lost * math.log(lose) + kept * math.log1p(-share)
            total += float(np.exp(terms + (gained * math.log(gain) if gained else 0.0)).sum())
        return total

    def _most_lost(self, gained: int) -> int:
        """The most lost pictures beside so many gained ones with which it is called smaller; -1 where with none."""
        if gained not in self._most:
            low, high = -1, self._pictures - gained + 1
            guess = gained + math.ceil(MARGIN * self._pictures)
            high = guess if guess < high and not self._rule(guess, gained, self._pictures) else high
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if self._rule(middle, gained, self._pictures) else (low, middle)
            self._most[gained] = low
        return self._most[gained]


def _likely(share: float, pictures: int) -> range:
    spread = 6 * math.sqrt(pictures * share) + 8
    return range(max(int(pictures * share - spread), 0), int(pictures * share + spread) + 1)


def _exact(lost: int, gained: int, pictures: int) -> bool:
    return p_value(lost, gained, pictures, MARGIN, ALPHA) <= ALPHA


def _score(lost: int, gained: int, pictures: int) -> bool:
    return float(score(lost, gained, pictures, MARGIN)) <= NormalDist().inv_cdf(ALPHA)


def _wald(lost: int, gained: int, pictures: int) -> bool:
    mean = (lost - gained) / pictures
    error = math.sqrt(max((lost + gained) / pictures - mean**2, 0.0) / pictures)
    return mean + NormalDist().inv_cdf(1 - ALPHA) * error <= MARGIN


def _bets(lost: int, gained: int, pictures: int) -> bool:
    values = np.repeat([1.0, -1.0, 0.0], [lost, gained, pictures - lost - gained])
    return mean_above(values, ALPHA, -1.0, 1.0) <= MARGIN


if __name__ == "__main__":
    main()
