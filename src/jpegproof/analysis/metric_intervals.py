"""Intervals of metrics of either kind, means over pictures or numbers of all of them, in the same resamples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jpegproof.analysis.bootstrap import Interval, mean_intervals
from jpegproof.analysis.pooled import PooledMetric, Resamples, interval_of
from jpegproof.analysis.task_metrics import Metric

#: The metrics that are shares of pictures, in percent, and what one picture can add to a share or to a difference.
SHARES = frozenset(["top1", "top5", "agreement", "accuracy", "real_accuracy", "fake_accuracy"])
SHARE, CHANGE = (0.0, 100.0), (-100.0, 100.0)


def metric_intervals(asked: Sequence[tuple[Metric, Metric | None, str]], resamples: Resamples) -> list[Interval]:
    """The interval of each metric, or of its difference from the second one.

    Args:
        asked: per interval the metric, what is taken from it (None for nothing), and the metric's name.
        resamples: in which pooled metrics are worked out; means use the same draws.
    """
    means = [(a, b, name) for a, b, name in asked if isinstance(a, np.ndarray)]
    columns = [a - b if isinstance(b, np.ndarray) else a for a, b, _ in means]
    ranges = [None if name not in SHARES else SHARE if b is None else CHANGE for _, b, name in means]
    seed, block = resamples.seed, resamples.block
    of_means = iter(mean_intervals(np.stack(columns, axis=1), seed, ranges=ranges, block=block) if columns else [])
    found = []
    for metric, other, _ in asked:
        if isinstance(metric, np.ndarray):
            found.append(next(of_means))
        elif other is None:
            found.append(resamples.interval(metric))
        else:
            assert not isinstance(other, np.ndarray)
            found.append(resamples.difference(other, metric))
    return found


def mean_interval(
    metrics: Sequence[Metric], others: Sequence[Metric] | None, name: str, resamples: Resamples
) -> Interval:
    """The interval of the mean of a metric at several qualities, or of its mean difference from others, paired.

    Args:
        metrics: the metric at each quality, one or more.
        others: what is taken from each; None for nothing.
        name: of the metric.
        resamples: as above.
    """
    plain = [metric for metric in metrics if isinstance(metric, np.ndarray)]
    if len(plain) == len(metrics):
        less = [metric for metric in others or () if isinstance(metric, np.ndarray)]
        average = np.mean(plain, axis=0)
        return metric_intervals([(average, np.mean(less, axis=0) if less else None, name)], resamples)[0]
    first: list[PooledMetric] = [metric for metric in metrics if not isinstance(metric, np.ndarray)]
    second: list[PooledMetric] = [metric for metric in others or () if not isinstance(metric, np.ndarray)]
    counted = np.logical_and.reduce([metric.usable for metric in (*first, *second)])
    values = np.mean([resamples.values(metric, counted) for metric in first], axis=0)
    if second:
        values = values - np.mean([resamples.values(metric, counted) for metric in second], axis=0)
    return interval_of(values, int(counted.sum()), resamples.units(counted))
