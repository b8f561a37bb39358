"""What verbs say at the end, on standard output."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from jpegproof.analysis.rows import Result, by_column
from jpegproof.cli.exit_codes import MISTAKE, UNFINISHED
from jpegproof.safe_text import printable
from jpegproof.studies.estimate import Estimate
from jpegproof.studies.failed_units import FAILED_FILE
from jpegproof.studies.plan import Plan
from jpegproof.studies.status import Status
from jpegproof.verbs.report import Report

#: What is shown of all that is in results.csv, in percent.
_SHOWN = frozenset(
    [
        *("top1", "top5", "agreement"),
        *("mAP", "AP50", "mask_mAP", "mask_agreement"),
        *("mIoU", "pixel_accuracy"),
        *("accuracy", "patch_accuracy", "AP_fake", "AP_real"),
    ]
)


def print_summary(report: Report) -> None:
    """The main numbers as a table, the skipped pictures, and where the page is."""
    shown = [row for row in report.results if row.metric in _SHOWN]
    for (dataset, model, metric), rows in by_column(shown, "dataset", "model", "metric").items():
        _print_metric(f"{model} on {dataset}: {metric}, %", rows)
    for note in report.notes:
        print(f"note: {printable(note)}")
    if report.skips:
        noun = "picture" if len(report.skips) == 1 else "pictures"
        print(f"{len(report.skips)} {noun} could not be used; reasons in {report.folder / 'skipped.csv'}")
    if report.missing_cells:
        print(f"{report.missing_cells} prediction files are still missing; run the study again to make them")
    failed = report.folder / FAILED_FILE
    if failed.exists():
        print(f"units of work failed; reasons in {failed}")
    print(f"report: {report.page}")


def outcome(report: Report) -> int:
    """The exit code of a measurement: 2, with the commonest reason, where not one picture could be used."""
    if any(row.n for row in report.results) or not report.skips:
        return UNFINISHED if report.missing_cells else 0
    reason, count = Counter(skip.reason for skip in report.skips).most_common(1)[0]
    print(f"jpegproof: not one picture could be used; {count} of {len(report.skips)}: {reason}", file=sys.stderr)
    return MISTAKE


def _print_metric(title: str, rows: list[Result]) -> None:
    """The single saves as one table for each codec, the saves of each chain as one more."""
    n = max(row.n for row in rows)
    single = [row for row in rows if not row.chain and row.codec in ("", "jpeg")]
    qualities = sorted({row.quality for row in single if row.quality is not None})
    print(f"{title} (n = {n})")
    _print_rows(single, [(None, "original"), *((quality, f"q {quality}") for quality in qualities)], "quality")
    for codec in dict.fromkeys(row.codec for row in rows if row.codec not in ("", "jpeg")):
        own = [row for row in rows if row.codec == codec]
        print(f"{title}, {printable(codec)} at the bytes of JPEG (n = {n})")
        _print_rows(own, [(quality, f"q {quality}") for quality in qualities], "quality")
    chains: dict[str, dict[str, str]] = {}
    for row in rows:
        name, _, save = row.chain.rpartition(", ")
        if row.chain:
            chains.setdefault(name, {})[row.chain] = f"{save}: q {row.quality}"
    for name, saves in chains.items():
        print(f"{title}, along {printable(name)} (n = {n})")
        _print_rows([row for row in rows if row.chain in saves], list(saves.items()), "chain")


def _print_rows(rows: list[Result], columns: Sequence[tuple[Any, str]], field: str) -> None:
    edges = by_column(rows, "mitigation", "corrector")
    labels = {edge: edge[0] if edge[1] == "identity" else f"{edge[0]} ({edge[1]})" for edge in edges}
    margin = max([28, *map(len, labels.values())])
    widths = [max(len(head) + 1, 7) for _, head in columns]
    heads = "".join(f"{head:>{width}}" for (_, head), width in zip(columns, widths, strict=True))
    print(f"  {'':{margin}}{heads}")
    for edge, group in edges.items():
        found = {getattr(row, field): row for row in group}
        # Of several edges the table would be no table any more; results.csv has the intervals.
        told = ("value", "ci_low", "ci_high") if len(edges) == 1 else ("value",)
        for part in told:
            label = {"value": labels[edge], "ci_low": "  95 % interval, from", "ci_high": "  to"}[part]
            values = [getattr(found[column], part) if column in found else None for column, _ in columns]
            cells = [_cell(value, width) for value, width in zip(values, widths, strict=True)]
            print(f"  {label:{margin}}" + "".join(cells))


def _cell(value: float | None, width: int) -> str:
    return f"{'' if value is None else f'{value:.1f}':>{width}}"


def print_plan(plan: Plan, cost: Estimate) -> None:
    """What a study would do."""
    pictures = sum(facts.pictures for facts in plan.data.values())
    print(f"{plan.study}: {pictures} pictures in {len(plan.shards)} shards, {len(plan.compressions) - 1} compressions")
    missing = "all" if cost.cells == len(plan.cells) else f"{cost.cells} still"
    print(f"{len(plan.cells)} prediction files, {missing} to make")
    for edge in plan.edges:
        print(f"  {edge.model}{f' ({edge.tuned})' if edge.tuned else ''} <- {edge.corrector} ({edge.mitigation})")
    if plan.artifacts:
        print(f"{len(plan.artifacts)} trainings, {cost.trainings} still to do: {duration(cost.training_seconds)}")
    print(f"estimated time: {duration(cost.seconds)}; estimated disk: {cost.size_in_bytes / 1e6:.1f} MB")
    if cost.cells:
        print(f"a worker that is killed loses at most about {duration(cost.most_seconds_lost)} of its work")


def print_status(status: Status, afresh: bool = False) -> None:
    """How far a study has come: in all, by unit, by row of its tables.

    Args:
        status: to be shown.
        afresh: wipe the terminal first.
    """
    if afresh and sys.stdout.isatty():
        print("\x1b[H\x1b[2J", end="")
    left = (
        ""
        if status.seconds_left is None or status.done == status.total
        else f", about {duration(status.seconds_left)} left"
    )
    share = 100 * status.done / status.total if status.total else 100.0
    print(f"{status.plan.study}: {status.done} of {status.total} prediction files ({share:.0f} %){left}")
    _print_units(status)
    done = Counter((cell.edge, cell.compression) for cell in status.plan.cells if cell.name in status.finished)
    for number, edge in enumerate(status.plan.edges):
        planned = [(place, status.plan.cells_of(number, place)) for place in range(len(status.plan.compressions))]
        marks = [
            f"{status.plan.compressions[place].label} {done[number, place]}/{len(cells)}"
            for place, cells in planned
            if cells and done[number, place] < len(cells)
        ]
        tuned = f" ({edge.tuned})" if edge.tuned else ""
        print(f"  {edge.model}{tuned} <- {edge.corrector}: {'; '.join(marks) if marks else 'whole'}")


def _print_units(status: Status) -> None:
    """A table of units by data set, and why some failed."""
    missing = {cells[0].shard for cells in status.plan.units(status.finished)}
    rows: dict[str, Counter[str]] = {}
    for number, shard in enumerate(status.plan.shards):
        row = rows.setdefault(shard.data, Counter())
        if number not in missing:
            row["done"] += 1
        elif number in status.units.running:
            row["running"] += 1
        elif number in status.units.failed:
            row["failed"] += 1
        elif number in status.units.lost:
            row["lost"] += 1
        else:
            row["waiting"] += 1
    states = ("done", "running", "waiting", "failed", "lost")
    columns = [state for state in states if any(row[state] for row in rows.values())]
    width = max([len("units of"), *(len(printable(name)) for name in rows)])
    print(f"  {'units of':{width}}" + "".join(f" {name:>8}" for name in columns))
    for name, row in rows.items():
        print(f"  {printable(name):{width}}" + "".join(f" {row[column]:>8}" for column in columns))
    if any(row["lost"] for row in rows.values()):
        print("  lost: in hand when the run ended that had them; the next run does what is missing of them")
    for reason, count in Counter(status.units.failed.values()).most_common(3) if missing else []:
        print(f"  failed ({count}): {printable(reason)}")


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
