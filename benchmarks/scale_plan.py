"""What the paper's full study would take on 1, 8 and 64 GPUs: time, money, and what holds it up.

Costs of the stages are measured here, on the real photographs, or read from studies' ``work.jsonl`` (``--tallies``);
the networks' are counted; what a GPU, a store and their hours cost is assumed, and every assumption is a flag. The
model is checked by a rehearsal on Ray (``--rehearse``): its schedule against that of jpegproof's own executor.

    python -m benchmarks.scale_plan --real ../shared/real --rehearse 1 8 64 --out docs/results/scale_plan.json
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.scale_costs import (
    Stages,
    corrector_cost,
    corrector_parameters,
    measured_stages,
    naming_costs,
    network,
    short_studies,
    stages_of,
    tally_of,
)
from benchmarks.scale_model import Machine, busy, held_up_by, longest_training, phases, unit_seconds, wall
from benchmarks.scale_simulation import rehearse
from benchmarks.scale_work import SETS, TABLES, Measured, Work, paper_spec, set_of, work_of
from jpegproof.studies.environment import environment

ROOT = Path(__file__).parents[1]

#: Seconds of one core that the numbers of one row at one quality take in a report, where none are measured.
ASSUMED_REPORT = 1.0

#: Which studies are rehearsed: those of so few units that uneven shares show, and that shortening them to seconds does
#: not outrun the executor, which is measured by itself.
REHEARSED = ("paper-table2", "paper-table3")


def report_seconds(results: Path) -> dict[str, float]:
    """Per task, of one column: measured for detectors (in `results`), assumed for the others."""
    found: dict[str, float] = {}
    for task in ("classification", "semantic_segmentation", "forensics"):
        found[task] = ASSUMED_REPORT
    for task, file in (("detection", ""), ("instance_segmentation", "_masks")):
        ours = json.loads((results / f"detection_bootstrap{file}.json").read_text())["ours"]
        once = sum(ours["seconds"][part]["cpu"] for part in ("match", "rank"))
        found[task] = once + ours["seconds of 1000 resamples"]["all six"]["cpu"]
    return found


def stages(real: Path | None, tallies: Sequence[Path], megapixels: float, pictures: int) -> dict[str, Stages]:
    """By task: from the files, which count for every task, or from short studies on the real photographs."""
    if tallies:
        stored = [file for tally in tallies for file in (tally.parent / "predictions").rglob("*.parquet")]
        tally = tally_of(tallies)
        bytes_ = sum(file.stat().st_size for file in stored) / tally.counts["infer"]
        return {"classification": stages_of(tally, megapixels, bytes_)}
    if real is None:
        raise SystemExit("scale_plan: say with --real where the photographs lie, or with --tallies which work.jsonl")
    found = {}
    for task, spec in short_studies(real.resolve(), pictures).items():
        with TemporaryDirectory() as folder:
            found[task] = measured_stages(spec, Path(folder))
            print(task, found[task], flush=True)
    return found


def networks(specs: Mapping[str, Any]) -> dict[str, Any]:
    """What each of the paper's networks costs, on its own pictures."""
    found = {}
    for spec in specs.values():
        for model in spec.measured:
            size = set_of(spec, spec.data_of(model)).size
            found[model] = {"picture": size, **asdict(network(spec.models[model].source, size))}
    return found


def on(works: Sequence[Work], measured: Measured, machine: Machine) -> dict[str, Any]:
    """Each study and all of them, one after the other, on a machine."""
    of_each = {}
    for work in works:
        taken = phases(work, measured, machine)
        of_each[work.name] = {
            "hours": wall(taken) / 3600,
            "price": wall(taken) / 3600 * machine.hour,
            "phases, hours": {name: seconds / 3600 for name, seconds in taken.items()},
            "saved if free": held_up_by(work, measured, machine),
            "longest training, hours": longest_training(work, machine) / 3600,
            "GPUs busy": busy(work, measured, machine),
            "unit, seconds": [unit_seconds(unit, machine) for unit in work.units],
        }
    hours = sum(each["hours"] for each in of_each.values())
    alone = {
        name: sum(e["saved if free"][name] * e["hours"] for e in of_each.values()) / hours for name in _names(of_each)
    }
    return {
        "hours": hours,
        "price": hours * machine.hour,
        "longest trainings, share of hours": sum(e["longest training, hours"] for e in of_each.values()) / hours,
        "GPUs busy": sum(e["GPUs busy"] * e["hours"] for e in of_each.values()) / hours,
        "saved if free": dict(sorted(alone.items(), key=lambda item: -item[1])),
        "hours, all five side by side": wall(phases(together(works), measured, machine)) / 3600,
        "studies": of_each,
    }


def _names(of_each: Mapping[str, Any]) -> list[str]:
    return list(next(iter(of_each.values()))["saved if free"])


def together(works: Sequence[Work]) -> Work:
    """The five as if they were one study: every training first, the longest first, then every unit."""
    trainings = sorted((one for work in works for one in work.trainings), key=lambda one: -one.multiply_adds)
    return replace(
        works[0],
        name="together",
        units=tuple(unit for work in works for unit in work.units),
        trainings=tuple(trainings),
        files=sum(work.files for work in works),
        file_bytes=sum(work.file_bytes for work in works),
        weights=sum(work.weights for work in works),
        report=sum(work.report for work in works),
    )


def counted(work: Work) -> dict[str, Any]:
    """A study's work in numbers."""
    return {
        "cells": work.cells,
        "units": [unit.shards for unit in work.units],
        "trainings": len(work.trainings),
        "multiply-adds of cells": work.stages["multiply_adds"],
        "multiply-adds of trainings": sum(training.multiply_adds for training in work.trainings),
        "core hours": {name: work.stages[name] / 3600 for name in ("code", "prepare", "record")},
        "core hours of trainings": sum(training.feed for training in work.trainings) / 3600,
        "gigabytes": sum(unit.shards * unit.cells * unit.cell_bytes for unit in work.units) / 1e9,
    }


def arguments_of() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--real", type=Path, help="folder of the real photographs")
    parser.add_argument("--tallies", type=Path, nargs="+", default=[], help="work.jsonl of studies, instead")
    parser.add_argument("--megapixels", type=float, default=0.1875, help="of the pictures in --tallies")
    parser.add_argument("--pictures", type=int, default=32, help="of each short study")
    parser.add_argument("--gpus", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--rehearse", type=int, nargs="*", default=[], help="numbers of simulated GPUs")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each rehearsed phase, in the model")
    parser.add_argument("--spread", type=float, default=0.15, help="of the units' seconds in rehearsals (assumed)")
    for field in fields(Machine):
        if field.name != "gpus":
            flag = f"--{field.name.replace('_', '-')}"
            parser.add_argument(flag, type=type(field.default), default=field.default, help="assumed; see Machine")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def main() -> None:
    """Runs it and writes what was found."""
    given = arguments_of()
    machine = Machine(**{field.name: getattr(given, field.name) for field in fields(Machine) if field.name != "gpus"})
    load = os.getloadavg()[0]
    measured = Measured(
        stages(given.real, given.tallies, given.megapixels, given.pictures),
        *naming_costs(),
        report_seconds(ROOT / "docs" / "results"),
    )
    specs = {table: paper_spec(ROOT / "studies" / "paper", table) for table in TABLES}
    works = [work_of(spec, measured) for spec in specs.values()]
    found: dict[str, Any] = {
        "command": f"python -m benchmarks.scale_plan {shlex.join(sys.argv[1:])}",
        "load average before": load,
        "environment": environment("cpu", 1, 1),
        "assumed": {
            "machine": {name: value for name, value in asdict(machine).items() if name != "gpus"},
            "data": {path: asdict(pictures) for path, pictures in SETS.items()},
            "report, seconds per column but for detectors": ASSUMED_REPORT,
        },
        "measured": asdict(measured),
        "corrector": {
            "multiply-adds per pixel": corrector_cost((1600, 1600)) / 1600**2,
            "parameters": corrector_parameters(),
        },
        "networks": networks(specs),
        "work": {work.name: counted(work) for work in works},
        "on": {str(gpus): on(works, measured, replace(machine, gpus=gpus)) for gpus in given.gpus},
        "at other rates, hours": {
            str(rate): {
                str(gpus): sum(
                    wall(phases(work, measured, replace(machine, gpus=gpus, rate=rate))) / 3600 for work in works
                )
                for gpus in given.gpus
            }
            for rate in (machine.rate / 4, machine.rate / 2, machine.rate, 2 * machine.rate, 4 * machine.rate)
        },
        "rehearsals": [],
        "units handed out per second": {},
    }
    for gpus in given.rehearse:
        chosen = [work for work in works if work.name in REHEARSED]
        pace, rehearsed = rehearse(chosen, replace(machine, gpus=gpus), given.seconds, given.spread)
        found["units handed out per second"][str(gpus)] = pace
        print(f"{pace:.0f} units that take no time a second, to {gpus}", flush=True)
        for one in rehearsed:
            print(f"{one.study}, {one.phase} on {gpus}: clock / model = {one.ratio:.3f}", flush=True)
            found["rehearsals"].append(asdict(one))
    text = json.dumps(found, indent=1)
    print(text)
    if given.out is not None:
        given.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
