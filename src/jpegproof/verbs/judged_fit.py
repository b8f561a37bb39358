"""What a fit was good for: the table before and after it, its cost in use, the verdict; on pictures it has not seen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jpegproof.analysis.cure_gains import AGREEMENT, ALL_QUALITIES, LABELLED, CureGain, cure_gains
from jpegproof.analysis.results import study_numbers
from jpegproof.analysis.rows import Comparison, Gap, Result, Skip, write_rows
from jpegproof.analysis.verdict import Verdict, judge
from jpegproof.exceptions import MeasurementError
from jpegproof.probes.throughput.pace import Pace
from jpegproof.probes.throughput.sample import take_sample
from jpegproof.probes.throughput.side_by_side import Cost, cost_of
from jpegproof.reports.before_after import before_after_cells, write_before_after
from jpegproof.reports.verdict_text import verdict_sentences
from jpegproof.studies.engine import Hands
from jpegproof.studies.plan import Edge, Plan, study_compressions
from jpegproof.studies.spec import READS_LABELS
from jpegproof.studies.store import Store, write_whole
from jpegproof.studies.workshop import IDENTITY, Workshop
from jpegproof.verbs.fit_study import FitStudy

COST_FILE = "cost.json"

#: What a cure that takes time in use must gain over all qualities to be worth it, in points, unless the user says.
USUAL_LEAST_GAIN = 1.0

_PACE = Pace(repeats=15, seconds=20.0)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a fit was good for.

    Attributes:
        gains: the table, as in ``before_after.csv``.
        verdict: on the new cure.
        cost: in use; None where it takes no time, or could not be timed.
        sentences: the verdict in words.
        title: of the table.
        cells: the table as texts, its heads first.
        file: the table and the verdict as Markdown.
    """

    gains: list[CureGain]
    verdict: Verdict
    cost: Cost | None
    sentences: list[str]
    title: str
    cells: list[list[str]]
    file: Path


def judge_fit(
    study: FitStudy,
    plan: Plan,
    workshop: Workshop,
    store: Store,
    hands: Hands,
    least_gain: float | None,
    start_name: str,
) -> Judged | None:
    """Works out what a fit whose cells are finished was good for, and writes it into its folder.

    Args:
        study: the fit.
        plan: of its study.
        workshop: has its models, and is told of what was trained.
        store: the folder.
        hands: device and threads.
        least_gain: what it must gain to be worth its cost, in points; None for `USUAL_LEAST_GAIN`, and for 0 where it
            takes no time in use.
        start_name: what the corrector before it is called.

    Returns:
        None where not one of the pictures that judge could be used.

    Raises:
        StoreError: a file cannot be written, or is damaged.
    """
    finished = frozenset(store.finished() & {cell.name for cell in plan.cells})
    numbers = study_numbers(plan, store, finished)
    write_rows(store.root / "results.csv", Result, numbers.results)
    write_rows(store.root / "comparisons.csv", Comparison, numbers.comparisons)
    write_rows(store.root / "gaps.csv", Gap, numbers.gaps)
    write_rows(store.root / "skipped.csv", Skip, numbers.skips)
    outcome, before = study.outcome, study.before
    metric = LABELLED.get(plan.tasks[study.model_name], AGREEMENT) if study.objective in READS_LABELS else AGREEMENT
    gains = cure_gains(plan, store, finished, metric, outcome, before)
    of_outcome = {row.quality: row for row in gains if _is(row, outcome)}
    if ALL_QUALITIES not in of_outcome:
        return None
    costs_time = outcome.corrector != IDENTITY
    cost, failure = _cost(study, plan, workshop, store, hands) if costs_time else (None, "")
    least = least_gain if least_gain is not None else (USUAL_LEAST_GAIN if costs_time else 0.0)
    whole = of_outcome[ALL_QUALITIES]
    record = trained_record(plan, store)
    unchanged = record.get("best_step") == 0
    over_start = whole.over_the_start if before is not None and not unchanged else None
    by_quality = {quality: row.over_none for quality, row in of_outcome.items() if quality != ALL_QUALITIES}
    verdict = judge(whole.over_none, least, by_quality, over_start)
    sentences = verdict_sentences(verdict, metric, cost, over_start, start_name)
    if failure:
        sentences[-1] = f"Its cost in use is not known: {failure}."
    if unchanged:
        sentences.insert(1, _NEVER_BETTER)
    title = _title(metric, whole.n)
    names = _names(study, start_name)
    file = write_before_after(gains, names, title, sentences, store.root)
    return Judged(gains, verdict, cost, sentences, title, before_after_cells(gains, names), file)


_NEVER_BETTER = (
    "On the pictures that say when to stop the training never got better than what it began from, so that is what is "
    "handed over."
)


def trained_record(plan: Plan, store: Store) -> Mapping[str, Any]:
    """What was written of the fit's training."""
    path = store.artifact(plan.artifacts[0].name).with_suffix(".json")
    return json.loads(path.read_text(encoding="utf-8"))


def _title(metric: str, pictures: int) -> str:
    own = "Agreement with the model's own answers on the originals"
    what = own if metric == AGREEMENT else f"{metric} against the labels"
    return f"{what}, %, on {pictures} pictures that neither the training nor its stopping has seen"


def _names(study: FitStudy, start_name: str) -> dict[tuple[str, str, str], str]:
    ways: dict[Edge, str] = {Edge(study.model_name, "none", IDENTITY): "no cure"}
    if study.before is not None:
        ways[study.before] = start_name
    ways[study.outcome] = f"new {study.learner}"
    return {(edge.mitigation, edge.corrector, edge.tuned): name for edge, name in ways.items()}


def _is(row: CureGain, edge: Edge) -> bool:
    return (row.mitigation, row.corrector, row.tuned) == (edge.mitigation, edge.corrector, edge.tuned)


def _cost(study: FitStudy, plan: Plan, workshop: Workshop, store: Store, hands: Hands) -> tuple[Cost | None, str]:
    """The cost in use, as it was timed for this training on such a machine before, or now; or why it is not known."""
    file = store.root / COST_FILE
    asked = {"training": plan.artifacts[0].name, "device": hands.device, "threads": hands.threads}
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        if {key: told[key] for key in asked} == asked:
            return Cost(**told["cost"]), ""
    except (OSError, ValueError, KeyError, TypeError):
        pass
    compressions = study_compressions(workshop.spec.compression)
    sample = take_sample(workshop, study.judging_name, 2 * len(compressions))
    try:
        cost = cost_of(workshop.spec, study.outcome, workshop, sample, compressions, hands.threads, _PACE)
    except MeasurementError as error:
        return None, str(error)
    if cost.disturbed:
        return cost, ""  # not kept: the next call times it again
    write_whole(file, json.dumps({**asked, "cost": asdict(cost)}, indent=2) + "\n")
    return cost, ""
