"""Planning again costs a look at each file and no reading; each cell costs one name; units are made when asked for."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import blake2b

import pytest
from small_study import run_here, study_spec

from jpegproof.data import remembered_digests as digests
from jpegproof.studies import cells as columns
from jpegproof.studies import plan as planning
from jpegproof.studies.fingerprint import fingerprint
from jpegproof.studies.plan import load_plan, make_plan
from jpegproof.studies.workshop import Workshop

QUALITIES = tuple(range(1, 100))


@pytest.fixture
def counted(monkeypatch, tmp_path):
    """How often files are digested, names are made, and cells are made from columns."""
    counts = {"digests": 0, "names": 0, "cells": 0}

    def counting(what, real):
        def count(*given, **how):
            counts[what] += 1
            return real(*given, **how)

        return count

    monkeypatch.setenv("JPEGPROOF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("jpegproof.data.cache_folder.SETTLED_NS", -1)
    monkeypatch.setattr(digests, "_AT_ONCE", 1)
    monkeypatch.setattr(digests, "blake2b", counting("digests", blake2b))
    monkeypatch.setattr(planning, "fingerprint", counting("names", fingerprint))
    monkeypatch.setattr(columns, "Cell", counting("cells", columns.Cell))
    monkeypatch.setattr(planning, "SHARD_PICTURES", 1)
    yield counts
    digests._remembered.cache_clear()


def test_a_plan_made_again_reads_no_file_and_makes_each_name_once(tmp_path, counted):
    spec = study_spec(tmp_path, qualities=QUALITIES)
    plan = make_plan(spec, Workshop(spec, allow_code=True))
    assert (len(plan.cells), len(plan.shards), counted["digests"]) == (600, 6, 6)
    counted.update(dict.fromkeys(counted, 0))
    assert make_plan(spec, Workshop(spec, allow_code=True)) == plan
    assert counted["digests"] == 0
    assert counted["names"] == len(plan.cells) + len(plan.shards) + len(plan.compressions) + len(plan.edges)


def test_only_the_units_that_are_asked_for_are_made(tmp_path, counted):
    spec = study_spec(tmp_path, qualities=QUALITIES)
    plan = make_plan(spec, Workshop(spec, allow_code=True))
    plan.save(tmp_path / "plan.json")
    names = [cell.name for cell in plan.cells]
    counted.update(dict.fromkeys(counted, 0))
    units = load_plan(tmp_path / "plan.json").units(names[:-150])
    assert (len(units), units.cells, counted["cells"]) == (2, 150, 0)
    assert [len(unit) for unit in units] == [50, 100]
    assert counted["cells"] == 150


def test_a_picture_that_has_changed_is_read_anew_and_its_cells_alone_are_missing(tmp_path, counted):
    spec = study_spec(tmp_path)
    run_here(spec, tmp_path / "out")
    one, other = sorted((tmp_path / "pictures").rglob("*.png"))[:2]
    one.write_bytes(other.read_bytes())
    counted.update(dict.fromkeys(counted, 0))
    assert run_here(spec, tmp_path / "out").computed == 3
    assert counted["digests"] == 1


def test_the_plan_of_an_earlier_version_is_still_read(tmp_path):
    spec = study_spec(tmp_path, corrector=True)
    plan = make_plan(spec, Workshop(spec, allow_code=True))
    plan.save(tmp_path / "plan.json")
    content = json.loads((tmp_path / "plan.json").read_text())
    del content["patterns"]
    content |= {"format": 2, "shards": [asdict(shard) for shard in plan.shards]}
    content["cells"] = [[cell.shard, cell.compression, cell.edge, cell.name] for cell in plan.cells]
    (tmp_path / "plan.json").write_text(json.dumps(content))
    assert load_plan(tmp_path / "plan.json") == plan
