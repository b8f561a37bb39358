"""How far a study has come, from its folder alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from jpegproof.studies.plan import Plan, load_plan
from jpegproof.studies.run import ENVIRONMENT_FILE, PLAN_FILE, WORK_FILE
from jpegproof.studies.store import Store
from jpegproof.studies.tally import Tally


@dataclass(frozen=True, slots=True)
class Status:
    """How far a study has come.

    Attributes:
        plan: all its cells.
        finished: fingerprints of the finished ones, of this plan only.
        tally: the work done so far, over all runs into the folder.
        seconds_left: at the pace so far and with the workers of the last run; None before the first unit is done.
    """

    plan: Plan
    finished: frozenset[str]
    tally: Tally
    seconds_left: float | None

    @property
    def total(self) -> int:
        """Cells in the plan."""
        return len(self.plan.cells)

    @property
    def done(self) -> int:
        """Finished cells."""
        return len(self.finished)


def study_status(folder: Path) -> Status:
    """Reads how far the study in a folder has come; it may be running.

    Raises:
        StoreError: the folder holds no study.
    """
    plan = load_plan(folder / PLAN_FILE)
    finished = frozenset(plan.cells.names_among(Store(folder).finished_names()))
    tally = _work_so_far(folder / WORK_FILE)
    pace = sum(tally.seconds.values()) / tally.counts["store"] if tally.counts["store"] else None
    left = None if pace is None else pace * (len(plan.cells) - len(finished)) / _workers(folder / ENVIRONMENT_FILE)
    return Status(plan, finished, tally, left)


def _work_so_far(path: Path) -> Tally:
    total = Tally()
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
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
