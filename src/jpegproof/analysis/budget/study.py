"""The budget of a study: which quality each edge may go down to, from its stored predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from jpegproof.analysis.budget.bounds import Bounds, Question
from jpegproof.analysis.budget.parts import Answered, Part, parts_of
from jpegproof.analysis.budget.pictures import Values, kept_by_picture, lowest_kept
from jpegproof.analysis.budget.rows import BudgetAnswer, BudgetRow, PictureBudget
from jpegproof.analysis.budget.sequence import Verdict, highest_unsafe, lowest_safe, next_undecided, verdicts
from jpegproof.analysis.file_sizes import Sizes, numbers
from jpegproof.analysis.pooled import Resamples
from jpegproof.analysis.results import AGAINST_ORIGINALS, METRICS
from jpegproof.analysis.stored import is_whole, read_cells
from jpegproof.exceptions import DataError, StoreError, UnknownNameError, nearest
from jpegproof.jpeg.compression import Compression
from jpegproof.studies.plan import Edge, Plan
from jpegproof.studies.store import Store

#: The metrics that a budget is about unless another is named: the first that is there.
HEADLINES = ("top1", "accuracy", "mAP", "mIoU", "agreement")

#: The metrics that a budget can be about: all are in percent, and more is better.
BUDGETED = (
    *HEADLINES,
    *("top5", "AP50", "mask_mAP", "pixel_accuracy", "patch_accuracy"),
    *(name for name, ideal in AGAINST_ORIGINALS.items() if ideal == 100.0 and name not in HEADLINES),
)


class Budget(NamedTuple):
    """The rows of a budget's files: of the whole, of classes and sizes, the answers of both, and picture by picture."""

    rows: list[BudgetRow]
    parts: list[BudgetRow]
    answers: list[BudgetAnswer]
    pictures: list[PictureBudget]


@dataclass(slots=True)
class _Line:
    """One edge with one codec: what was found at each quality."""

    edge: Edge
    codec: str
    sizes: dict[int, Sizes] = field(default_factory=dict)
    found: dict[tuple[str, str], dict[int, tuple[Bounds, Bounds]]] = field(default_factory=dict)
    kept: dict[int, Values] = field(default_factory=dict)
    compressions: dict[int, Compression] = field(default_factory=dict)


def study_budget(
    plan: Plan,
    store: Store,
    finished: frozenset[str],
    question: Question,
    metric: str | None = None,
    qualities: Sequence[int] | None = None,
) -> Budget:
    """Tests the qualities of every edge in fixed sequence.

    An edge at a quality counts once all its cells are there. Saves of delivery chains and own tables are left out: they
    are in no sequence.

    Args:
        plan: of the study.
        store: its predictions.
        finished: fingerprints of the finished cells.
        question: bound and confidence.
        metric: what is not to be lost; unless given the task's own, or without labels the agreement with the originals.
        qualities: only these; all that were measured unless given.

    Raises:
        UnknownNameError: none of the study's models has the metric.
        DataError: there is nothing to be tested.
        StoreError: nothing is finished, or a prediction file is damaged.
    """
    budget = Budget([], [], [], [])
    offered: dict[str, None] = {}
    whole = False
    for model in plan.tasks:
        cells = plan.cells_of(plan.reference_edge(model), 0)
        if not is_whole(cells, finished):
            continue
        whole = True
        originals, chosen, known = _originals(plan, store, model, metric)
        offered |= dict.fromkeys(known)
        if chosen is None:
            continue
        lines = _lines(plan, store, finished, model, originals, chosen, question, qualities)
        _tell(budget, plan, model, chosen, lines, question, originals.table)
    if not whole:
        raise StoreError("no model's answers on the originals are finished; run the study again, then ask for a budget")
    if metric is not None and metric not in offered:
        raise UnknownNameError(
            f"metric {metric!r} is none that this study has a budget for.{nearest(metric, offered)} "
            f"It has: {', '.join(offered) or 'none'}"
        )
    if not budget.rows:
        raise DataError(
            "there is nothing to be tested: no quality of the study is finished"
            if offered
            else "the study's models have neither a metric in percent nor an agreement with the originals"
        )
    return budget


def _originals(plan: Plan, store: Store, model: str, metric: str | None) -> tuple[Answered, str | None, list[str]]:
    """What the model says of the originals; what its budget is about; what it can be about."""
    task = METRICS[plan.tasks[model]]
    cells = plan.cells_of(plan.reference_edge(model), 0)
    table = read_cells(store, cells, list(dict.fromkeys([*task.columns, *task.reference_columns])))
    metrics = task.of(table, table)
    names = plan.data[plan.shards[cells[0].shard].data].class_names
    known = [name for name in BUDGETED if name in metrics]
    chosen = next((name for name in HEADLINES if name in known), None) if metric is None else metric
    return (
        Answered(metrics, task.by_class(table, table, metrics, names), table),
        chosen if chosen in known else None,
        known,
    )


def _lines(
    plan: Plan,
    store: Store,
    finished: frozenset[str],
    model: str,
    originals: Answered,
    metric: str,
    question: Question,
    qualities: Sequence[int] | None,
) -> list[_Line]:
    task = METRICS[plan.tasks[model]]
    facts = plan.data[plan.shards[plan.cells_of(plan.reference_edge(model), 0)[0].shard].data]
    resamples = Resamples(plan.seed, block=facts.block)
    lines: dict[tuple[int, str], _Line] = {}
    for number, compression in enumerate(plan.compressions):
        quality = compression.quality
        if quality is None or compression.chain or (qualities is not None and quality not in qualities):
            continue
        for place, edge in enumerate(plan.edges):
            cells = plan.cells_of(place, number)
            if edge.model != model or not is_whole(cells, finished):
                continue
            table = read_cells(store, cells, task.columns)
            metrics = task.of(table, originals.table)
            by_class = task.by_class(table, originals.table, metrics, facts.class_names)
            line = lines.setdefault((place, compression.codec), _Line(edge, compression.codec))
            line.sizes[quality], line.compressions[quality] = Sizes.of(table), compression
            kept = kept_by_picture(metrics)
            if kept is not None:
                line.kept[quality] = kept
            answered = Answered(metrics, by_class, table)
            parts = list(parts_of(metric, originals, answered, plan.tasks[model], facts.class_names, resamples))
            for part in parts:
                together = sum(other.by == part.by for other in parts)
                bounds = _twice(part, question, together)
                line.found.setdefault((part.by, part.name), {})[quality] = bounds
    return list(lines.values())


def _twice(part: Part, question: Question, together: int) -> tuple[Bounds, Bounds]:
    """The bounds of a part by itself, and those by which all parts of its kind are right at once (Bonferroni)."""
    alone = part.lost.bounds(question)
    if together == 1:
        return alone, alone
    return alone, part.lost.bounds(replace(question, alpha=question.alpha / together))


def _tell(
    budget: Budget,
    plan: Plan,
    model: str,
    metric: str,
    lines: Sequence[_Line],
    question: Question,
    originals: pa.Table,
) -> None:
    """Adds the rows of a model's lines."""
    data = plan.shards[plan.cells_of(plan.reference_edge(model), 0)[0].shard].data
    jpegs = {quality: sizes for line in lines if line.codec == "jpeg" for quality, sizes in line.sizes.items()}
    best = jpegs[max(jpegs)].compressed if jpegs else None
    files = numbers(originals, "file_bytes") if plan.stage == "source" else None
    pictures = originals.column("picture").to_pylist()
    for line in lines:
        scope: dict[str, Any] = {
            "task": plan.tasks[model],
            "dataset": data,
            "model": model,
            "metric": metric,
            "quantity": "disagreement" if metric in AGAINST_ORIGINALS else "loss",
            "mitigation": line.edge.mitigation,
            "corrector": line.edge.corrector,
            "codec": line.codec,
            "bound": question.bound,
            "confidence": round(100.0 * (1.0 - question.alpha), 6),
            "seed": plan.seed,
        }
        storage = {quality: _storage(sizes, files, best) for quality, sizes in line.sizes.items()}
        for (by, name), found in line.found.items():
            said = verdicts({quality: alone for quality, (alone, _) in found.items()}, question.bound)
            rows = list(_rows(line, {**scope, "by": by, "slice": name}, found, said, storage, plan.stage))
            (budget.rows if by == "all" else budget.parts).extend(rows)
            together = verdicts({quality: both for quality, (_, both) in found.items()}, question.bound)
            budget.answers.append(_answer(rows, said, lowest_safe(together)))
        budget.pictures.extend(_pictures(scope, line, pictures))


def _rows(
    line: _Line,
    scope: Mapping[str, Any],
    found: Mapping[int, tuple[Bounds, Bounds]],
    said: Mapping[int, Verdict],
    storage: Mapping[int, Mapping[str, Any]],
    stage: str,
) -> Iterator[BudgetRow]:
    for quality, verdict in said.items():
        bounds = found[quality][0]
        undecided = verdict is Verdict.UNDECIDED
        yield BudgetRow(
            **scope,
            subsampling=line.compressions[quality].subsampling,
            stage=stage,
            quality=quality,
            value=bounds.value,
            low=bounds.low,
            high=bounds.high,
            rule=bounds.rule,
            verdict=verdict.value,
            n=bounds.n,
            # Where these would have been enough, a better quality is what is undecided.
            more_pictures=(bounds.needed or 0) - bounds.n if undecided and (bounds.needed or 0) > bounds.n else None,
            **storage[quality],
        )


def _answer(rows: Sequence[BudgetRow], said: Mapping[int, Verdict], together: int | None) -> BudgetAnswer:
    safe, open_ = lowest_safe(said), next_undecided(said)
    by_quality = {row.quality: row for row in rows}
    best = rows[0]
    at = by_quality[safe] if safe is not None else None
    scope = ("task", "dataset", "by", "slice", "model", "metric", "quantity", "mitigation", "corrector", "codec")
    return BudgetAnswer(
        **{name: getattr(best, name) for name in (*scope, "bound", "confidence", "seed")},
        safe=safe,
        safe_together=together,
        unsafe=highest_unsafe(said),
        undecided=open_,
        more_pictures=by_quality[open_].more_pictures if open_ is not None else None,
        best=best.quality,
        value=at.value if at else None,
        high=at.high if at else None,
        n=(at or best).n,
        bytes_per_image=at.bytes_per_image if at else None,
        bits_per_pixel=at.bits_per_pixel if at else None,
        saved_of_original=at.saved_of_original if at else None,
        saved_of_best=at.saved_of_best if at else None,
    )


def _storage(sizes: Sizes, files: Values | None, best: Values | None) -> dict[str, float | None]:
    return {
        "bytes_per_image": sizes.bytes_per_image,
        "bits_per_pixel": sizes.bits_per_pixel,
        "saved_of_original": sizes.saved_of(files) if files is not None else None,
        "saved_of_best": sizes.saved_of(best) if best is not None else None,
    }


def _pictures(scope: Mapping[str, Any], line: _Line, pictures: Sequence[str]) -> Iterator[PictureBudget]:
    if not line.kept:
        return
    where = {name: scope[name] for name in ("dataset", "model", "mitigation", "corrector", "codec")}
    for place, quality in lowest_kept(line.kept).items():
        size = line.sizes[quality].compressed[place] if quality is not None else np.nan
        yield PictureBudget(
            **where, picture=pictures[place], quality=quality, bytes=int(size) if np.isfinite(size) else None
        )
