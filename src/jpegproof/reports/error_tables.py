"""Tables of what each kind of fault costs a detector: a block per kind, a row per cure, a column per quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jpegproof.analysis.rows import Result
from jpegproof.analysis.tide.faults import MAIN, SPECIAL, Fault
from jpegproof.analysis.tide.rows import ErrorRow
from jpegproof.reports.error_names import fault_label
from jpegproof.reports.filenames import slugify
from jpegproof.reports.tables import Table, build_tables

Subject = tuple[str, str, str]
"""(data set, model, boxes or masks)"""


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """A table, and the file name without its ending that it goes by."""

    stem: str
    table: Table


def by_subject(rows: Sequence[ErrorRow]) -> dict[Subject, list[ErrorRow]]:
    """The rows of each model, boxes and masks apart, in the order in which they first appear."""
    groups: dict[Subject, list[ErrorRow]] = {}
    for row in rows:
        groups.setdefault((row.dataset, row.model, row.kind), []).append(row)
    return groups


def error_stems(subjects: Sequence[Subject]) -> dict[Subject, str]:
    """How the file names of each subject begin, as in ``errors-coco-nanodet-boxes``; no two alike."""
    stems: dict[Subject, str] = {}
    for subject in subjects:
        wanted = slugify(" ".join(("errors", *subject)))
        stem, count = wanted, 1
        while stem in stems.values():
            count += 1
            stem = f"{wanted}-{count}"
        stems[subject] = stem
    return stems


def build_error_tables(rows: Sequence[ErrorRow]) -> list[ErrorTable]:
    """The tables of a study's ``errors.csv``: for each model one of the main kinds and one of the special ones.

    Their blocks are kinds of faults, named behind the model, where other tables have models. A block's reference is
    what the kind costs on the originals without a cure.

    Args:
        rows: in any order.
    """
    groups = by_subject(rows)
    stems = error_stems(list(groups))
    tables: list[ErrorTable] = []
    for subject, own in groups.items():
        for faults, ending in ((MAIN, ""), (SPECIAL, "-special")):
            built = build_tables([result for fault in faults for result in _results(own, fault)])
            # One per compression setting; a study has one.
            numbers = ("", *(f"-{place}" for place in range(2, len(built) + 1)))
            tables += [
                ErrorTable(f"{stems[subject]}{ending}{number}", table)
                for number, table in zip(numbers, built, strict=False)
            ]
    return tables


def _results(rows: Sequence[ErrorRow], fault: Fault) -> list[Result]:
    """What one kind costs, as rows that tables are built from."""
    return [
        Result(
            task=row.task,
            dataset=row.dataset,
            slice=row.slice,
            model=f"{row.model}: {fault_label(fault)}",
            metric=f"dAP_{row.kind}",
            mitigation=row.mitigation,
            corrector=row.corrector,
            codec=row.codec,
            subsampling=row.subsampling,
            chain=row.chain,
            stage=row.stage,
            quality=row.quality,
            value=row.value,
            ci_low=row.ci_low,
            ci_high=row.ci_high,
            n=row.n,
            n_skipped=row.n_skipped,
            bytes_per_image=None,
            seed=row.seed,
        )
        for row in rows
        if row.error == fault
    ]
