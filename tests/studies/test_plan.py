"""The plan knows every cell before anything runs, and survives being written down."""

from __future__ import annotations

import json

import pytest
from small_study import HERE, prediction_files, run_here, study_spec

from jpegproof.exceptions import StoreError
from jpegproof.studies import plan as planning
from jpegproof.studies.estimate import estimate
from jpegproof.studies.plan import load_plan, make_plan
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store
from jpegproof.studies.workshop import Workshop


def planned(spec):
    workshop = Workshop(spec, allow_code=True)
    return make_plan(spec, workshop), workshop


def test_every_shard_has_its_originals_first(tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "SHARD_PICTURES", 2)
    plan, _ = planned(study_spec(tmp_path, corrector=True))
    assert [len(cells) for cells in plan.units()] == [5, 5, 5]
    for cells in plan.units():
        assert [cell.compression for cell in cells] == sorted(cell.compression for cell in cells)
        assert plan.compressions[cells[0].compression].is_original


def test_a_corrector_has_no_cells_on_originals(tmp_path):
    plan, _ = planned(study_spec(tmp_path, corrector=True))
    on_originals = [plan.edges[cell.edge].corrector for cell in plan.cells if cell.compression == 0]
    assert on_originals == ["identity"]


def test_a_study_without_the_row_none_still_has_its_reference(tmp_path):
    rows = [{"mitigation": "off_the_shelf", "corrector": "dncnn"}]
    content = study_spec(tmp_path, corrector=True, mitigations=rows)
    plan, _ = planned(content)
    assert [(plan.edges[cell.edge].mitigation, cell.compression) for cell in plan.cells] == [
        ("none", 0),
        ("off_the_shelf", 1),
        ("off_the_shelf", 2),
    ]


def test_a_shard_ends_before_its_files_outgrow_the_memory_for_them(tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "SHARD_BYTES", 20_000)
    plan, workshop = planned(study_spec(tmp_path))
    pictures = workshop.pictures("pictures")
    sizes = [sum(pictures.size_in_bytes(number) for number in shard.pictures) for shard in plan.shards]
    assert len(sizes) > 1
    assert all(size <= 20_000 for size in sizes)
    assert [number for shard in plan.shards for number in shard.pictures] == list(range(6))


def test_a_limit_takes_pictures_evenly_from_the_whole_set(tmp_path):
    plan, _ = planned(study_spec(tmp_path, data={"pictures": {"path": "pictures", "limit": 3}}))
    assert [number for shard in plan.shards for number in shard.pictures] == [0, 2, 4]


def test_a_plan_is_the_same_after_being_written_and_read(tmp_path):
    plan, _ = planned(study_spec(tmp_path, corrector=True))
    plan.save(tmp_path / "plan.json")
    assert load_plan(tmp_path / "plan.json") == plan


def test_a_folder_without_a_study_and_a_damaged_plan_are_told_apart(tmp_path):
    with pytest.raises(StoreError, match="holds no study"):
        load_plan(tmp_path / "plan.json")
    (tmp_path / "plan.json").write_text('{"study": 1')
    with pytest.raises(StoreError, match="is damaged"):
        load_plan(tmp_path / "plan.json")


def test_an_estimate_leaves_the_results_folder_alone_and_counts_what_is_missing(tmp_path):
    spec = study_spec(tmp_path, corrector=True)
    plan, workshop = planned(spec)
    store = Store(tmp_path / "out")
    whole = estimate(plan, workshop, store, HERE)
    assert whole.cells == 5
    assert 0 < whole.most_seconds_lost < whole.seconds
    assert prediction_files(tmp_path / "out") == {}
    run_here(spec, tmp_path / "out")
    written = sum(len(content) for content in prediction_files(tmp_path / "out").values())
    assert whole.size_in_bytes == pytest.approx(written, rel=0.25)
    assert estimate(plan, workshop, store, HERE).cells == 0


def test_an_estimate_works_for_a_study_whose_originals_are_finished(tmp_path):
    run_here(study_spec(tmp_path, qualities=(10,)), tmp_path / "out")
    plan, workshop = planned(study_spec(tmp_path, qualities=(10, 50)))
    left = estimate(plan, workshop, Store(tmp_path / "out"), HERE)
    assert left.cells == 1
    assert left.seconds > 0


def test_status_counts_finished_cells_of_this_plan_only(tmp_path):
    run_here(study_spec(tmp_path, qualities=(10, 50, 90)), tmp_path / "out")
    run_here(study_spec(tmp_path, qualities=(10,)), tmp_path / "out")
    status = study_status(tmp_path / "out")
    assert (status.done, status.total) == (2, 2)
    assert status.tally.counts["store"] == 4
    name = next(iter(status.finished))
    Store(tmp_path / "out").path(name).unlink()
    assert study_status(tmp_path / "out").done == 1


def test_status_survives_a_log_line_that_was_cut_off(tmp_path):
    run_here(study_spec(tmp_path), tmp_path / "out")
    with (tmp_path / "out" / "work.jsonl").open("a") as log:
        log.write('{"counts": {"re')
    assert study_status(tmp_path / "out").tally.counts["read"] == 6


def test_a_plan_from_before_there_were_blocks_has_none(tmp_path):
    plan, _ = planned(study_spec(tmp_path))
    plan.save(tmp_path / "plan.json")
    content = json.loads((tmp_path / "plan.json").read_text())
    assert all(facts.pop("block") == 1 for facts in content["data"].values())
    (tmp_path / "plan.json").write_text(json.dumps(content))
    assert load_plan(tmp_path / "plan.json") == plan
