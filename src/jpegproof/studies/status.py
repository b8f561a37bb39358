"""How far a study has come, from its folder alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jpegproof.studies.fetch import require_study
from jpegproof.studies.logs import LOG_FILE, WORK_FILE
from jpegproof.studies.plan import Plan, load_plan
from jpegproof.studies.result_store import is_remote, open_store
from jpegproof.studies.run import ENVIRONMENT_FILE, PLAN_FILE
from jpegproof.studies.study_log import UnitsNow, units_now
from jpegproof.studies.tally import Tally


@dataclass(frozen=True, slots=True)
class Status:
    """How far a study has come.

    Attributes:
        plan: all its cells.
        finished: fingerprints of the finished ones, of this plan only.
        tally: the work done so far, over all runs into the folder.
        seconds_left: at the pace so far and with the workers of the last run; None before the first unit is done.
        units: what the log says of those in hand and those that failed.
    """

    plan: Plan
    finished: frozenset[str]
    tally: Tally
    seconds_left: float | None
    units: UnitsNow

    @property
    def total(self) -> int:
        """Cells in the plan."""
        return len(self.plan.cells)

    @property
    def done(self) -> int:
        """Finished cells."""
        return len(self.finished)


def study_status(out: str | Path) -> Status:
    """Reads how far the study in a folder, or at an object store's address, has come; it may be running.

    Raises:
        StoreError: there is no study.
    """
    store = open_store(out)
    if is_remote(out):
        require_study(store)
        store.recall(ENVIRONMENT_FILE)
    plan = load_plan(store.root / PLAN_FILE)
    finished = frozenset(plan.cells.names_among(store.finished_names()))
    tally = _work_so_far(store.log_lines(WORK_FILE))
    pace = sum(tally.seconds.values()) / tally.counts["store"] if tally.counts["store"] else None
    left = None if pace is None else pace * (len(plan.cells) - len(finished)) / _workers(store.root / ENVIRONMENT_FILE)
    return Status(plan, finished, tally, left, units_now(store.log_lines(LOG_FILE)))


def _work_so_far(lines: Sequence[str]) -> Tally:
    total = Tally()
    for line in lines:
        try:
            total += Tally.from_dict(json.loads(line))
        except (ValueError, KeyError):
            continue  # the last line of a run that was killed while writing it
    return total


def _workers(path: Path) -> int:
    try:
        return max(int(json.loads(path.read_text(encoding="utf-8"))["workers"]), 1)
    except (OSError, ValueError, KeyError):
        return 1
