"""From answers to metrics: every server against the reference, picture by picture, and which step costs more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from jpegproof.analysis.bootstrap import Interval, Values, mean_intervals
from jpegproof.analysis.metric_intervals import CHANGE, SHARE, SHARES
from jpegproof.analysis.parity.rows import BlameRow, MetricRow
from jpegproof.analysis.pooled import Resamples
from jpegproof.analysis.results import AGAINST_ORIGINALS, METRICS
from jpegproof.analysis.task_metrics import Metric

#: By these a step is blamed: answers that change matter most, outputs tell finer.
_BLAMED_BY = ("agreement", "distance")


class ServerMetrics:
    """The metrics of every server.

    Args:
        task: the model's task.
        answers: by server's name, in the form of prediction files, the same pictures in the same order; the reference
            first, with all that it keeps.
        seed: of the bootstrap.
        block: how many pictures are drawn together.

    Attributes:
        metrics: by server, the metrics by name; none of a server without any answer.
    """

    def __init__(self, task: str, answers: Mapping[str, pa.Table], seed: int, block: int = 1) -> None:
        self.reference = next(iter(answers))
        kept = answers[self.reference]
        self.metrics: dict[str, dict[str, Metric]] = {
            server: dict(METRICS[task].of(table, kept)) if has_answers(table) else {}
            for server, table in answers.items()
        }
        self._resamples = Resamples(seed, block=block)

    def rows(self, scope: Mapping[str, Any]) -> list[MetricRow]:
        """One row per server and metric. `scope` holds task, dataset and model."""
        rows = []
        for server, metrics in self.metrics.items():
            for name, metric in metrics.items():
                if server == self.reference and name in AGAINST_ORIGINALS:
                    continue  # of the reference with itself
                value, change = self._interval(metric, name), Interval(None, None, None, 0)
                if server != self.reference and name not in AGAINST_ORIGINALS and name in self._of_reference:
                    change = self.difference(self._of_reference[name], metric, name)
                rows.append(
                    MetricRow(
                        **scope,
                        server=server,
                        metric=name,
                        value=value.value,
                        ci_low=value.low,
                        ci_high=value.high,
                        change=change.value,
                        change_low=change.low,
                        change_high=change.high,
                        n=value.n,
                        seed=self._resamples.seed,
                    )
                )
        return rows

    def blame(self, server: str, decoder_alone: str, resizer_alone: str, scope: Mapping[str, Any]) -> BlameRow | None:
        """Which step of a server costs more, from the servers that change one of them; None where neither has answers.

        Agreement decides; where its interval holds zero, the distance of outputs does.
        """
        found = None
        for name in _BLAMED_BY:
            costs = [self.metrics[alone].get(name) for alone in (decoder_alone, resizer_alone)]
            if costs[0] is None or costs[1] is None:
                continue
            # Less agreement is a cost, more distance is.
            sign = -1.0 if name == "agreement" else 1.0
            change = self.difference(costs[0], costs[1], name)
            values = [self._interval(cost, name).value for cost in costs if cost is not None]
            if change.value is None or values[0] is None or values[1] is None:
                continue
            ideal = AGAINST_ORIGINALS[name]
            ends = [None if end is None else sign * end for end in (change.low, change.high)]
            low, high = ends if sign > 0 else ends[::-1]
            blamed = "resizer" if low is not None and low > 0 else "decoder" if high is not None and high < 0 else ""
            found = BlameRow(
                **scope,
                server=server,
                metric=name,
                decoder_cost=abs(values[0] - ideal),
                resizer_cost=abs(values[1] - ideal),
                difference=sign * change.value + 0.0,  # no -0
                ci_low=low,
                ci_high=high,
                n=change.n,
                blamed=blamed,
                seed=self._resamples.seed,
            )
            if blamed:
                break
        return found

    def of_pictures(self, server: str, name: str) -> Values | None:
        """(N,) a metric picture by picture, NaN where one does not count; None where it is no mean over pictures."""
        metric = self.metrics[server].get(name)
        return metric if isinstance(metric, np.ndarray) else None

    def difference(self, first: Metric, second: Metric, name: str) -> Interval:
        """Second less first, over the pictures that count for both."""
        if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
            bounds = CHANGE if name in SHARES else None
            return self._means(second - first, bounds)
        assert not isinstance(first, np.ndarray)
        assert not isinstance(second, np.ndarray)
        return self._resamples.difference(first, second)

    def _interval(self, metric: Metric, name: str) -> Interval:
        if isinstance(metric, np.ndarray):
            return self._means(metric, SHARE if name in SHARES else None)
        return self._resamples.interval(metric)

    def _means(self, column: Values, bounds: tuple[float, float] | None) -> Interval:
        (found,) = mean_intervals(column[:, None], self._resamples.seed, ranges=[bounds], block=self._resamples.block)
        return found

    @property
    def _of_reference(self) -> Mapping[str, Metric]:
        return self.metrics[self.reference]


def has_answers(table: pa.Table) -> bool:
    """Whether a prediction file holds an answer about any picture."""
    return table.column("skipped").null_count > 0
