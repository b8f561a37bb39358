"""A study's report, once its predictions are there; what was damaged of them is made anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jpegproof.exceptions import DamagedPredictionsError
from jpegproof.silence import Silence
from jpegproof.studies.engine import Hands
from jpegproof.studies.integrity import set_aside_damaged
from jpegproof.studies.plan import load_plan
from jpegproof.studies.result_store import is_remote, open_store
from jpegproof.studies.run import PLAN_FILE, Progress, run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.store import Store
from jpegproof.verbs.report import Report, report


def run_and_report(
    spec: StudySpec,
    place: str | Path,
    hands: Hands,
    *,
    to: str | Path | None = None,
    progress: Progress | None = None,
    **how: Any,
) -> Report:
    """Does what is missing of a study, and reports.

    Args:
        spec, place, hands, progress, how: as `run_study` takes them.
        to: as `report` takes it.

    Raises:
        JpegproofError: as those two.
    """
    run_study(spec, place, hands, progress=progress, **how)
    return mended_report(spec, place, hands, to=to, progress=progress, **how)


def mended_report(
    spec: StudySpec,
    place: str | Path,
    hands: Hands,
    *,
    to: str | Path | None = None,
    progress: Progress | None = None,
    **how: Any,
) -> Report:
    """Reports on a study that has run; prediction files that turn out to be damaged are set aside and made anew.

    Arguments and errors are those of `run_and_report`.
    """
    try:
        return report(place, to=to)
    except DamagedPredictionsError:
        damaged = _set_aside(place, to)
        if not damaged:
            raise
    (progress or Silence()).warn(f"{damaged} prediction files were damaged: set aside, and made anew")
    run_study(spec, place, hands, progress=progress, **how)
    return report(place, to=to)


def _set_aside(place: str | Path, to: str | Path | None) -> int:
    """Sets damaged prediction files aside, where they are and where they were downloaded to; how many."""
    store = open_store(place)
    store.recall(PLAN_FILE)
    planned = {cell.name for cell in load_plan(store.root / PLAN_FILE).cells}
    damaged = set(set_aside_damaged(sorted(planned & store.finished()), store))
    if is_remote(place) and to is not None:
        copy = Store(Path(to).expanduser())
        damaged |= set(set_aside_damaged(sorted(planned & copy.finished()), copy))
    return len(damaged)
