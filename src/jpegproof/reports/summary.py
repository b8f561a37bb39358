"""What a study found, in plain words: what JPEG costs each model, and what each cure gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jpegproof.reports.metrics import AGREEMENTS, Metric, headline_metric
from jpegproof.reports.names import plain
from jpegproof.reports.paired import ORIGINALS, Difference, PairedDifferences, Scope
from jpegproof.reports.tables import Cell, ModelBlock, Table, TableRow, format_number


@dataclass(frozen=True, slots=True)
class Loss:
    """What an untreated model loses at one quality.

    Attributes:
        quality: libjpeg quality.
        score: the metric at that quality.
        loss: reference minus score, in the metric's unit; positive where compression hurts.
        paired: the same loss compared picture by picture, where the study did so; it is what the words say then.
    """

    quality: int
    score: Cell
    loss: float
    paired: Difference | None


@dataclass(frozen=True, slots=True)
class Gain:
    """What a cure gives back at one quality.

    Attributes:
        label: the cure's display name.
        quality: libjpeg quality; ``None`` where nothing is known of the cure yet.
        gain: the cure's score minus the untreated one, in the metric's unit; ``None`` where either is missing.
        paired: the same compared picture by picture, where the study did so; it is what the words say then.
    """

    label: str
    quality: int | None
    gain: float | None
    paired: Difference | None


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """One model under one compression setting, in numbers (for tests and other writers) and in words.

    Attributes:
        model: its name.
        setting: the data set and the compression setting, in words.
        reference: the score on the originals.
        losses: at the lowest quality, at one near 50 and at the highest.
        gains: one per cure, at the lowest quality.
        opening: sentences on the originals and the losses.
        cures: one sentence per cure.
    """

    model: str
    setting: str
    reference: Cell
    losses: tuple[Loss, ...]
    gains: tuple[Gain, ...]
    opening: str
    cures: tuple[str, ...]


def summarise(tables: Sequence[Table], comparisons: PairedDifferences) -> list[ModelSummary]:
    """One summary per data set, compression setting and model, of the metric that says most.

    That is accuracy, mAP or mIoU where there are labels, and agreement with the answers on the originals otherwise.
    Slices are left to the tables where the whole data set was measured too.

    Args:
        tables: tables of values.
        comparisons: the study's paired comparisons.
    """
    summaries = []
    by_dataset: dict[tuple[str, str], list[Table]] = {}
    for table in tables:
        by_dataset.setdefault((table.key.task, table.key.dataset), []).append(table)
    for group in by_dataset.values():
        slices = {table.key.slice for table in group}
        kept = [table for table in group if table.key.slice == "all" or "all" not in slices]
        for part in dict.fromkeys(table.key.slice for table in kept):
            own = [table for table in kept if table.key.slice == part]
            models = dict.fromkeys(block.model for table in own for block in table.blocks)
            for model in models:
                chosen = headline_metric([table.key.metric for table in own if _has_numbers(table, model)])
                for table in own:
                    if table.key.metric == chosen:
                        summaries += [_summary(table, b, comparisons) for b in table.blocks if b.model == model]
    return summaries


def format_interval(low: float | None, high: float | None, decimals: int) -> str:
    """``[12.1, 18.6]``, with true minus signs; empty where there is no interval."""
    if low is None or high is None:
        return ""
    return f"[{format_number(low, decimals)}, {format_number(high, decimals)}]".replace("-", "\u2212")


def count(n: int, noun: str) -> str:
    """``1 picture``, ``50 000 pictures``."""
    return f"{n:,} {noun}".replace(",", "\u202f") + ("" if n == 1 else "s")


def _has_numbers(table: Table, model: str) -> bool:
    blocks = [block for block in table.blocks if block.model == model]
    cells = [cell for block in blocks for row in block.rows for cell in row.cells]
    return any(cell.value is not None for cell in [*cells, *(block.reference for block in blocks)])


def _summary(table: Table, block: ModelBlock, comparisons: PairedDifferences) -> ModelSummary:
    scope = table.key.scope(block.model)
    untreated = next((row for row in block.rows if row.mitigation == "none"), None)
    losses = _losses(table, block, untreated, comparisons, scope)
    gains = tuple(_gain(table, row, untreated, comparisons, scope) for row in block.rows if row is not untreated)
    where = f"{table.subject}, {table.setting}" if table.setting else table.subject
    return ModelSummary(
        model=plain(block.model),
        setting=where,
        reference=block.reference,
        losses=losses,
        gains=gains,
        opening=" ".join(_opening(table, block, losses)),
        cures=tuple(_cure_sentence(gain, losses, table) for gain in gains),
    )


def _losses(
    table: Table, block: ModelBlock, untreated: TableRow | None, comparisons: PairedDifferences, scope: Scope
) -> tuple[Loss, ...]:
    if untreated is None or block.reference.value is None:
        return ()
    cells = zip(table.columns, untreated.cells, strict=True)
    known = {quality: cell for quality, cell in cells if quality is not None and cell.value is not None}
    if not known:
        return ()
    told = sorted({min(known), min(known, key=lambda quality: (abs(quality - 50), quality)), max(known)})
    return tuple(
        Loss(
            q,
            known[q],
            block.reference.value - (known[q].value or 0.0),
            comparisons.find(scope, q, untreated.edge, ORIGINALS),
        )
        for q in told
    )


def _gain(
    table: Table, row: TableRow, untreated: TableRow | None, comparisons: PairedDifferences, scope: Scope
) -> Gain:
    """At the lowest quality that the model was measured at, even if the cure is not finished there."""
    if not table.qualities:
        return Gain(row.label, None, None, None)
    quality = table.qualities[0]
    own = row.cells[0].value
    if untreated is None:
        return Gain(row.label, quality, None, None)
    without = untreated.cells[0].value
    gain = None if own is None or without is None else own - without
    return Gain(row.label, quality, gain, comparisons.find(scope, quality, untreated.edge, row.edge))


def _opening(table: Table, block: ModelBlock, losses: Sequence[Loss]) -> list[str]:
    metric, model = table.metric, plain(block.model)
    if block.reference.value is None:
        return [f"The originals have not been measured for {model}, so that no loss can be given."]
    value = _amount(block.reference.value, table.decimals, metric)
    pictures = count(block.reference.n, "picture")
    said = metric.statement.format(value=value, pictures=pictures)
    interval = format_interval(block.reference.ci_low, block.reference.ci_high, table.decimals)
    sentences = [f"On the originals {model} {said}{_spaced(interval)}."]
    if table.key.metric in AGREEMENTS:
        sentences = [f"There are no labels: {model} is compared with its own answers on the originals ({pictures})."]
    if not losses:
        return [*sentences, "Nothing compressed has been measured yet."]
    clauses = [f"at quality {loss.quality} {_loss_words(loss, table)}" for loss in losses]
    joined = "; ".join(clauses)
    return [*sentences, joined[:1].upper() + joined[1:] + "."]


def _loss_words(loss: Loss, table: Table) -> str:
    value, n = (loss.paired.value, loss.paired.n) if loss.paired else (loss.loss, loss.score.n)
    score = _amount(loss.score.value, table.decimals, table.metric)
    verb = "loses" if value >= 0 else "gains"
    words = f"it {verb} {_points(abs(value), table)}"
    if not loss.paired:
        interval = format_interval(loss.score.ci_low, loss.score.ci_high, table.decimals)
        return f"{words} and is at {score}{_spaced(interval)}"
    sided = loss.paired if value >= 0 else loss.paired.negated()
    words += _spaced(format_interval(sided.ci_low, sided.ci_high, table.decimals))
    doubt = "" if loss.paired.is_told_apart_from_zero else f", {_untold(n)},"
    return f"{words}{doubt} and is at {score}"


def _cure_sentence(gain: Gain, losses: Sequence[Loss], table: Table) -> str:
    if gain.quality is None or (gain.gain is None and gain.paired is None):
        at = "" if gain.quality is None else f" at quality {gain.quality}"
        return f"{gain.label}: nothing to compare{at} yet."
    value = gain.paired.value if gain.paired else (gain.gain or 0.0)
    lost = losses[0] if losses and losses[0].quality == gain.quality else None
    total = (lost.paired.value if lost.paired else lost.loss) if lost else 0.0
    of = f" of the {_points(total, table)} lost" if 0 <= value <= total else ""
    verb = ("gives back" if total > 0 else "adds") if value >= 0 else ("costs a further" if total > 0 else "costs")
    words = f"{verb} {_points(abs(value), table, bare=bool(of))}{of}"
    if gain.paired is None:
        return f"{gain.label} {words} at quality {gain.quality} (no paired comparison, so no interval)."
    sided = gain.paired if value >= 0 else gain.paired.negated()
    interval = _spaced(format_interval(sided.ci_low, sided.ci_high, table.decimals))
    doubt = "" if gain.paired.is_told_apart_from_zero else f": {_untold(gain.paired.n)}"
    return f"{gain.label} {words} at quality {gain.quality}{interval}{doubt}."


def _untold(n: int) -> str:
    return f"not told apart from zero with {'this' if n == 1 else 'these'} {count(n, 'picture')}"


def _amount(value: float | None, decimals: int, metric: Metric) -> str:
    shown = format_number(value, decimals).replace("-", "\u2212")
    return f"{shown}\N{NO-BREAK SPACE}{metric.unit}" if metric.unit else shown


def _points(value: float, table: Table, bare: bool = False) -> str:
    shown = format_number(value, table.decimals)
    if bare or not (unit := "points" if table.metric.is_percentage else table.metric.unit):
        return shown
    return f"{shown} {unit}"


def _spaced(text: str) -> str:
    return f" {text}" if text else ""
