"""The plan for the paper's full study on many GPUs: its counts are the program's, and its model behaves."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.scale_costs import Stages, corrector_cost, network, stages_of, tally_of
from benchmarks.scale_model import Machine, held_up_by, phases, schedule, unit_seconds, wall
from benchmarks.scale_work import Measured, Unit, Work, paper_spec, work_of

from jpegproof.studies.tally import Tally

ROOT = Path(__file__).parents[2]
STAGES = Stages(0.2, 0.003, 0.001, 0.001, 0.0002, 800.0, 0.1, 0.01, {})
TASKS: list[str] = ["classification", "detection", "instance_segmentation", "semantic_segmentation", "forensics"]
MEASURED = Measured({"classification": STAGES}, 1e-9, 1e-6, dict.fromkeys(TASKS, 1.0))


@pytest.fixture(scope="module")
def segmenters() -> Work:
    return work_of(paper_spec(ROOT / "studies" / "paper", "table3"), MEASURED)


def documented_cells(table: int) -> int:
    page = (ROOT / "docs" / "paper-studies.md").read_text()
    found = re.search(rf"\| table {table} \| [\d,]+ \| \d+ \| ([\d,]+) \|", page)
    assert found is not None
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize(
    "table", [pytest.param(1, marks=pytest.mark.slow), 2, 3, pytest.param(5, marks=pytest.mark.slow)]
)
def test_the_cells_are_as_many_as_the_program_plans(table: int):
    work = work_of(paper_spec(ROOT / "studies" / "paper", f"table{table}"), MEASURED)
    assert work.cells == documented_cells(table)


def test_resnet_50_computes_what_is_published():
    assert network("torchvision:resnet50", (375, 500)).multiply_adds == pytest.approx(4.09e9, rel=0.01)


def test_the_correctors_cost_grows_with_the_picture():
    assert corrector_cost((320, 320)) == pytest.approx(4 * corrector_cost((160, 160)), rel=0.01)


def test_whoever_is_free_first_takes_the_next():
    assert schedule([3, 1, 1, 1, 2], 2) == 5
    assert schedule([3, 1, 1, 1, 2], 1) == 8
    assert schedule([3, 1], 64) == 3
    assert schedule([], 8) == 0


def test_coding_costs_nothing_until_it_takes_longer_than_the_rest():
    unit = Unit(1, 5e12, 4.0, 0.0, 0.0, 10, 100.0)
    assert unit_seconds(unit, Machine(loaders=4)) == 1.0
    assert unit_seconds(unit, Machine(loaders=2)) == 2.0


def test_more_gpus_are_never_slower_to_measure_and_no_faster_than_even_shares(segmenters: Work):
    before = float("inf")
    for gpus in (1, 8, 64):
        machine = Machine(gpus=gpus)
        found, even = phases(segmenters, MEASURED, machine), phases(segmenters, MEASURED, machine, even=True)
        assert found["measure"] <= before
        assert all(found[name] >= even[name] * (1 - 1e-9) for name in found)
        before = found["measure"]


def test_one_gpu_is_held_up_by_itself_and_many_by_a_slow_store(segmenters: Work):
    assert next(iter(held_up_by(segmenters, MEASURED, Machine()))) == "GPUs"
    slow = Machine(gpus=64, rate=1e15, store_bytes=1e7, stream_bytes=1e7)
    assert next(iter(held_up_by(segmenters, MEASURED, slow))) == "store"


def test_what_takes_no_time_saves_what_it_took(segmenters: Work):
    machine = Machine()
    whole = wall(phases(segmenters, MEASURED, machine))
    without = wall(phases(replace(segmenters, report=0.0), MEASURED, machine))
    assert held_up_by(segmenters, MEASURED, machine)["report"] == pytest.approx(1 - without / whole)


def test_units_vary_around_their_mean():
    pytest.importorskip("ray")
    from benchmarks.scale_simulation import varied

    durations = varied([2.0] * 5000, 0.15, seed=0)
    assert sum(durations) / len(durations) == pytest.approx(2.0, rel=0.01)
    assert min(durations) > 0
    assert len(set(durations)) == len(durations)


def test_tallies_of_a_study_become_seconds_per_thing(tmp_path: Path):
    tally = Tally()
    tally.counts.update(read=4, encode=8, decode=8, infer=24, store=6)
    tally.seconds |= {"read": 0.4, "encode": 0.8, "decode": 1.6, "infer": 2.4, "store": 0.24}
    line = '{"shard": 0, "counts": %s, "seconds": %s}\n'
    told = tally.as_dict()
    text = (line % (told["counts"], told["seconds"])).replace("'", '"')
    (tmp_path / "work.jsonl").write_text('{"begun": 1}\n' + text + text)
    stages = stages_of(tally_of([tmp_path / "work.jsonl"]), 0.2, 800.0)
    assert (stages.read, stages.encode, stages.decode) == pytest.approx((0.1, 0.1, 0.2))
    assert stages.store == pytest.approx(0.01)
    assert stages.correct is None


def test_a_log_without_tallies_is_refused(tmp_path: Path):
    (tmp_path / "work.jsonl").write_text('{"begun": 1}\n')
    with pytest.raises(ValueError, match="no line holds"):
        tally_of([tmp_path / "work.jsonl"])
