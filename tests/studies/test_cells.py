"""Cells in columns are the cells one by one, in a fraction of the memory."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jpegproof.studies.cells import Cell, Cells
from jpegproof.studies.fingerprint import fingerprint


def made(shards: int, compressions: int = 3, edges: int = 2) -> list[Cell]:
    return [
        Cell(shard, compression, edge, fingerprint({"place": [shard, compression, edge]}))
        for shard in range(shards)
        for compression in range(compressions)
        for edge in range(edges)
    ]


def test_cells_are_the_same_in_columns():
    cells = made(1500)
    columns = Cells.of(iter(cells))
    assert list(columns) == cells
    assert (len(columns), columns[-1], columns[3], columns[2:7:2]) == (9000, cells[-1], cells[3], cells[2:7:2])
    assert columns == Cells.of(cells) != Cells.of(cells[1:])
    assert columns.column(1, 2) == [cell for cell in cells if (cell.edge, cell.compression) == (1, 2)]
    assert columns.of_shard(7) == [cell for cell in cells if cell.shard == 7]
    with pytest.raises(IndexError):
        columns[9000]


def test_a_cell_takes_few_bytes_in_memory_and_on_the_way_to_another_process():
    cells = made(1000)
    assert len(pickle.dumps(Cells.of(cells))) < 30 * len(cells)
    assert pickle.loads(pickle.dumps(Cells.of(cells))) == Cells.of(cells)


def test_a_plan_may_have_no_cells():
    assert list(Cells.of([])) == []
    assert not Cells.of([]).shares(Cells.of(made(1)))
    assert list(Cells.of([]).names_among(["ab" * 16])) == []


@pytest.mark.parametrize("name", ["", "ab", "xy" * 16, "ab" * 17])
def test_a_name_that_is_no_fingerprint_is_refused(name):
    with pytest.raises(ValueError, match=r"hexadecimal|names of 1 cells"):
        Cells.of([Cell(0, 0, 0, name)])


@given(st.sets(st.integers(0, 59)), st.lists(st.sampled_from(["", "notes", "00", "ab" * 16, "zz" * 16]), max_size=4))
def test_cells_are_found_by_their_names_whatever_else_lies_there(finished, others):
    cells = made(10)
    columns = Cells.of(cells)
    names = [*others, *(cells[place].name for place in finished)]
    assert columns.named(names).tolist() == [place in finished for place in range(60)]
    assert sorted(columns.names_among(names)) == sorted(cells[place].name for place in finished)


def test_cells_of_one_name_are_all_finished_with_its_file():
    twice = [Cell(0, 0, 0, "ab" * 16), Cell(1, 0, 0, "ab" * 16), Cell(1, 1, 0, "00" * 16)]
    assert Cells.of(twice).named(["ab" * 16]).tolist() == [True, True, False]


def test_plans_that_share_a_prediction_are_told_from_those_that_share_none():
    cells = made(4)
    assert Cells.of(cells[:5]).shares(Cells.of(cells[4:]))
    assert not Cells.of(cells[:4]).shares(Cells.of(cells[4:]))
