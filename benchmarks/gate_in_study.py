"""What the gate costs and keeps in a finished study of a classifier, pooled over qualities.

    python -m benchmarks.gate_in_study DIR --out docs/results/correctors/gate.json

For every corrector that has a row of its own and one behind the gate: the difference in agreement between the gated row
and none, pooled over the high qualities (what the gate promises not to harm), and the share of the ungated gain over
none that is kept, pooled over the low ones. Intervals resample pictures, the same in all that is pooled.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.analysis.bootstrap import mean_intervals, ratio_intervals
from jpegproof.analysis.classification import COLUMNS, classification_metrics
from jpegproof.studies.plan import Plan, load_plan
from jpegproof.studies.predictions import read_predictions
from jpegproof.studies.store import Store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of the finished study")
    parser.add_argument("--high", type=int, nargs="+", default=[60, 70, 80, 90, 95])
    parser.add_argument("--low", type=int, nargs="+", default=[10, 20, 30])
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    plan, store = load_plan(args.folder / "plan.json"), Store(args.folder)
    found = []
    for number, edge in enumerate(plan.edges):
        if not edge.gated:
            continue
        pairs = [
            other
            for other, candidate in enumerate(plan.edges)
            if candidate.corrector == edge.corrector and candidate.model == edge.model and not candidate.gated
        ]
        none = plan.reference_edge(edge.model)
        high = [agreement(plan, store, number, q) - agreement(plan, store, none, q) for q in args.high]
        gains = [agreement(plan, store, number, q) - agreement(plan, store, none, q) for q in args.low]
        ungated = [agreement(plan, store, pairs[0], q) - agreement(plan, store, none, q) for q in args.low]
        [harm] = mean_intervals(np.mean(high, axis=0)[:, None], plan.seed)
        kept = ratio_intervals(np.sum(gains, axis=0), np.sum(ungated, axis=0), plan.seed)
        row = {
            "model": edge.model,
            "corrector": edge.corrector,
            "n": harm.n,
            "gated_less_none_in_agreement": {
                "qualities": args.high,
                "points": rounded(harm.value, harm.low, harm.high),
            },
            "share_of_ungated_gain_kept": {"qualities": args.low, "share": rounded(kept.value, kept.low, kept.high)},
        }
        found.append(row)
        print(json.dumps(row))
    if args.out:
        args.out.write_text(json.dumps(found, indent=2) + "\n")


def agreement(plan: Plan, store: Store, edge: int, quality: int) -> NDArray[np.float64]:
    """(pictures,) 0 or 100; NaN where a picture could not be used."""
    compression = next(n for n, item in enumerate(plan.compressions) if item.nominal_quality == quality)
    answers, originals = (
        pa.concat_tables(
            read_predictions(store.get(cell.name), cell.name, list(COLUMNS)) for cell in plan.cells_of(one, at)
        )
        for one, at in ((edge, compression), (plan.reference_edge(plan.edges[edge].model), 0))
    )
    return classification_metrics(answers, originals)["agreement"]


def rounded(value: float | None, low: float | None, high: float | None) -> list[float | None]:
    """Value, lower and upper end of the 95 % interval."""
    return [None if number is None else round(number, 3) for number in (value, low, high)]


if __name__ == "__main__":
    main()
