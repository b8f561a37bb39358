"""Accuracy against throughput: which cures are worth their time, and which are slower without being better."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jpegproof.analysis.rows import Result
from jpegproof.analysis.speed import WHOLE, Speed

#: In a results folder: the offers, and what the speeds were measured with, by machine.
OFFERS_FILE, FACTS_FILE = "throughput_frontier.csv", "throughput.json"

#: Of a machine's facts: at which quality the user wanted the metric, if at any.
METRIC_QUALITY = "metric quality"


@dataclass(frozen=True, slots=True)
class Offer:
    """What one edge gives and takes. One row of ``throughput_frontier.csv``.

    Attributes:
        task, dataset, model, mitigation, corrector, device, threads, batch: as in `Speed`.
        metric: what `value` is of; larger is better.
        quality: libjpeg quality of the pictures that `value` is of.
        images_per_second: whole inference, the median.
        value: the metric; None where it was not measured.
        ci_low: lower end of its 95 % interval.
        ci_high: upper end.
        optimal: whether no other edge of the same model is as fast and as good, and better in one of the two.
        optimal_of_all: whether no other edge of any model on the same data is.
    """

    task: str
    dataset: str
    model: str
    metric: str
    quality: int
    mitigation: str
    corrector: str
    device: str
    threads: int
    batch: int
    images_per_second: float
    value: float | None
    ci_low: float | None
    ci_high: float | None
    optimal: bool
    optimal_of_all: bool


def on_frontier(points: Sequence[tuple[float | None, float | None]]) -> list[bool]:
    """Which points no other one beats, more being better in both numbers.

    A point is beaten by another that is at least as good in both and better in one; equal points do not beat each
    other. A point that lacks a number neither beats nor stands on the frontier.
    """

    def beaten(first: float, second: float) -> bool:
        return any(
            a is not None and b is not None and a >= first and b >= second and (a > first or b > second)
            for a, b in points
        )

    return [first is not None and second is not None and not beaten(first, second) for first, second in points]


def find_offers(speeds: Sequence[Speed], results: Sequence[Result], quality: int | None = None) -> list[Offer]:
    """Puts speeds beside the metrics of the same edges.

    The metric of a model is the first one that its rows have a number of: the task's own where there are labels (top1,
    mAP, mIoU), agreement where there are none. Delivery chains and slices do not count.

    Args:
        speeds: of ``throughput.csv``.
        results: of ``results.csv``.
        quality: at which one; the lowest that a model was measured at unless given.

    Returns:
        One offer per edge, machine and batch, of models that have results at the quality, in the order of `speeds`.
    """
    measured: dict[tuple[str, str], list[Result]] = {}
    for row in results:
        if row.quality is not None and row.codec == "jpeg" and not row.chain and row.slice in ("", "all"):
            measured.setdefault((row.dataset, row.model), []).append(row)
    offers: list[Offer] = []
    for speed in speeds:
        own = measured.get((speed.dataset, speed.model), [])
        if speed.phase != "inference" or speed.stage != WHOLE or not own:
            continue
        metric = next((row.metric for row in own if row.value is not None), own[0].metric)
        lowest = min(row.quality for row in own if row.quality is not None)
        wanted = lowest if quality is None else quality
        here = [row for row in own if row.metric == metric and row.quality == wanted]
        if here:
            edge = [row for row in here if (row.mitigation, row.corrector) == (speed.mitigation, speed.corrector)]
            offers.append(_offer(speed, metric, wanted, edge[0] if edge else None))
    return _marked(offers)


def wanted_quality(facts: Path) -> int | None:
    """At which quality the user wanted the metric, by what the last measurement wrote; None where that is not said."""
    try:
        told = json.loads(facts.read_text(encoding="utf-8"))
        qualities = [machine[METRIC_QUALITY] for machine in told.values()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # none, an older one, or not ours
        return None
    return next((quality for quality in reversed(qualities) if isinstance(quality, int)), None)


def _offer(speed: Speed, metric: str, quality: int, result: Result | None) -> Offer:
    return Offer(
        task=speed.task,
        dataset=speed.dataset,
        model=speed.model,
        metric=metric,
        quality=quality,
        mitigation=speed.mitigation,
        corrector=speed.corrector,
        device=speed.device,
        threads=speed.threads,
        batch=speed.batch,
        images_per_second=speed.images_per_second,
        value=result.value if result else None,
        ci_low=result.ci_low if result else None,
        ci_high=result.ci_high if result else None,
        optimal=False,
        optimal_of_all=False,
    )


def _marked(offers: Sequence[Offer]) -> list[Offer]:
    """The same offers with what they are among their like filled in."""
    by_model = _optimal(offers, "model")
    by_data = _optimal(offers)
    return [
        replace(offer, optimal=own, optimal_of_all=whole)
        for offer, own, whole in zip(offers, by_model, by_data, strict=True)
    ]


def _optimal(offers: Sequence[Offer], *further: str) -> list[bool]:
    """Whether each offer is on the frontier of those that it can be compared with."""
    like = ("task", "dataset", "metric", "quality", "device", "threads", "batch", *further)
    groups: dict[tuple[object, ...], list[int]] = {}
    for place, offer in enumerate(offers):
        groups.setdefault(tuple(getattr(offer, name) for name in like), []).append(place)
    answer = [False] * len(offers)
    for places in groups.values():
        points = [(offers[place].images_per_second, offers[place].value) for place in places]
        for place, optimal in zip(places, on_frontier(points), strict=True):
            answer[place] = optimal
    return answer
