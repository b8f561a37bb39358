"""Units of work that could not be finished, as rows with their reason: ``failed.csv`` of a results folder."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from jpegproof.safe_text import harmless, printable
from jpegproof.studies.executors.outcome import Outcome
from jpegproof.studies.plan import Plan
from jpegproof.studies.result_store import ResultStore
from jpegproof.studies.store import write_whole

FAILED_FILE = "failed.csv"


@dataclass(frozen=True, slots=True)
class FailedUnit:
    """A unit that could not be finished.

    Attributes:
        dataset: of its pictures.
        shard: its number in the plan.
        pictures: how many.
        first, last: numbers of its pictures in the data set, counted from 0.
        cells: predictions that it was to make.
        reason: why it could not.
    """

    dataset: str
    shard: int
    pictures: int
    first: int
    last: int
    cells: int
    reason: str


def failed_unit(plan: Plan, outcome: Outcome) -> FailedUnit:
    """The row of a unit that failed."""
    shard = plan.shards[outcome.shard]
    numbers = shard.pictures
    reason = printable(outcome.failure or "")
    return FailedUnit(shard.data, outcome.shard, len(numbers), numbers[0], numbers[-1], outcome.cells, reason)


def write_failed(store: ResultStore, failed: Sequence[FailedUnit]) -> None:
    """Writes and publishes ``failed.csv``, or takes an earlier run's away where nothing failed.

    Raises:
        StoreError: it cannot be written.
    """
    if not failed:
        store.withdraw(FAILED_FILE)
        return
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(field.name for field in fields(FailedUnit))
    for unit in failed:
        rows.writerow(harmless(str(value)) for value in asdict(unit).values())
    write_whole(store.root / FAILED_FILE, text.getvalue())
    store.publish(FAILED_FILE)
