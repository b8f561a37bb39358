"""What a study found, in plain words: what JPEG costs each model, and what each cure gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jpegproof.analysis.speed import Speed
from jpegproof.reports.headlines import Headline, find_headline
from jpegproof.reports.metrics import AGREEMENTS, headline_metric
from jpegproof.reports.names import plain
from jpegproof.reports.paired import PairedDifferences
from jpegproof.reports.summary_numbers import Gain, Loss, Measured
from jpegproof.reports.tables import Cell, Table, TableRow
from jpegproof.reports.wording import amount, count, format_interval, points, spaced, untold


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """One model under one compression setting, in numbers (for tests and other writers) and in words.

    Attributes:
        model: its name.
        setting: the data set and the compression setting, in words.
        reference: the score on the originals.
        headline: the shortest that can be said; None where nothing compressed was measured.
        losses: at the lowest quality, at one near 50 and at the highest.
        gains: one per cure, at the lowest quality.
        opening: sentences on the originals and the losses.
        cures: one sentence per cure.
    """

    model: str
    setting: str
    reference: Cell
    headline: Headline | None
    losses: tuple[Loss, ...]
    gains: tuple[Gain, ...]
    opening: str
    cures: tuple[str, ...]


def summarise(
    tables: Sequence[Table], comparisons: PairedDifferences, speeds: Sequence[Speed] = ()
) -> list[ModelSummary]:
    """One summary per data set, compression setting and model, of the metric that says most.

    That is accuracy, mAP or mIoU where there are labels, and agreement with the answers on the originals otherwise.
    Slices are left to the tables where the whole data set was measured too.

    Args:
        tables: tables of values.
        comparisons: the study's paired comparisons.
        speeds: the rows of ``throughput.csv``, for the time that a cure takes.
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
                        blocks = [block for block in table.blocks if block.model == model]
                        summaries += [_summary(Measured(table, block, comparisons), speeds) for block in blocks]
    return summaries


def _has_numbers(table: Table, model: str) -> bool:
    blocks = [block for block in table.blocks if block.model == model]
    cells = [cell for block in blocks for row in block.rows for cell in row.cells]
    return any(cell.value is not None for cell in [*cells, *(block.reference for block in blocks)])


def _summary(measured: Measured, speeds: Sequence[Speed]) -> ModelSummary:
    table, block = measured.table, measured.block
    losses = _losses(measured)
    gains = tuple(_gain(measured, row) for row in measured.cures)
    where = f"{table.subject}, {table.setting}" if table.setting else table.subject
    return ModelSummary(
        model=plain(block.model),
        setting=where,
        reference=block.reference,
        headline=find_headline(measured, speeds),
        losses=losses,
        gains=gains,
        opening=" ".join(_opening(measured, losses)),
        cures=tuple(_cure_sentence(gain, losses, table) for gain in gains),
    )


def _losses(measured: Measured) -> tuple[Loss, ...]:
    known = measured.known
    if not known:
        return ()
    told = sorted({min(known), min(known, key=lambda quality: (abs(quality - 50), quality)), max(known)})
    return tuple(measured.loss_at(quality) for quality in told)


def _gain(measured: Measured, row: TableRow) -> Gain:
    """At the lowest quality that the model was measured at, even if the cure is not finished there."""
    if not measured.table.qualities:
        return Gain(row.label, None, None, None)
    return measured.gain_at(row, measured.table.qualities[0])


def _opening(measured: Measured, losses: Sequence[Loss]) -> list[str]:
    table, block = measured.table, measured.block
    metric, model = table.metric, plain(block.model)
    if block.reference.value is None:
        return [f"The originals have not been measured for {model}, so that no loss can be given."]
    value = amount(block.reference.value, table.decimals, metric)
    pictures = count(block.reference.n, "picture")
    said = metric.statement.format(value=value, pictures=pictures)
    interval = format_interval(block.reference.ci_low, block.reference.ci_high, table.decimals)
    sentences = [f"On the originals {model} {said}{spaced(interval)}."]
    if table.key.metric in AGREEMENTS:
        sentences = [f"There are no labels: {model} is compared with its own answers on the originals ({pictures})."]
    if not losses:
        return [*sentences, "Nothing compressed has been measured yet."]
    clauses = [f"at quality {loss.quality} {_loss_words(loss, table)}" for loss in losses]
    joined = "; ".join(clauses)
    return [*sentences, joined[:1].upper() + joined[1:] + "."]


def _loss_words(loss: Loss, table: Table) -> str:
    n = loss.paired.n if loss.paired else loss.score.n
    score = amount(loss.score.value, table.decimals, table.metric)
    verb = "loses" if loss.told >= 0 else "gains"
    words = f"it {verb} {points(abs(loss.told), table)}"
    if not loss.paired:
        interval = format_interval(loss.score.ci_low, loss.score.ci_high, table.decimals)
        return f"{words} and is at {score}{spaced(interval)}"
    sided = loss.paired if loss.told >= 0 else loss.paired.negated()
    words += spaced(format_interval(sided.ci_low, sided.ci_high, table.decimals))
    doubt = "" if loss.paired.is_told_apart_from_zero else f", {untold(n)},"
    return f"{words}{doubt} and is at {score}"


def _cure_sentence(gain: Gain, losses: Sequence[Loss], table: Table) -> str:
    value = gain.told
    if gain.quality is None or value is None:
        at = "" if gain.quality is None else f" at quality {gain.quality}"
        return f"{gain.label}: nothing to compare{at} yet."
    lost = losses[0] if losses and losses[0].quality == gain.quality else None
    total = lost.told if lost else 0.0
    of = f" of the {points(total, table)} lost" if 0 <= value <= total else ""
    verb = ("gives back" if total > 0 else "adds") if value >= 0 else ("costs a further" if total > 0 else "costs")
    words = f"{verb} {points(abs(value), table, bare=bool(of))}{of}"
    if gain.paired is None:
        return f"{gain.label} {words} at quality {gain.quality} (no paired comparison, so no interval)."
    sided = gain.paired if value >= 0 else gain.paired.negated()
    interval = spaced(format_interval(sided.ci_low, sided.ci_high, table.decimals))
    doubt = "" if gain.paired.is_told_apart_from_zero else f": {untold(gain.paired.n)}"
    return f"{gain.label} {words} at quality {gain.quality}{interval}{doubt}."
