"""The rows of throughput.csv and results.csv, written and read back."""

from __future__ import annotations

from pathlib import Path

import pytest
from speeds import result, speed

from jpegproof.analysis.read_rows import read_rows
from jpegproof.analysis.rows import Result, write_rows
from jpegproof.analysis.speed import Speed, read_speeds
from jpegproof.exceptions import StoreError


def test_speeds_come_back_as_they_were_written(tmp_path: Path):
    rows = [speed(100.0), speed(0.5, stage="decode", peak_memory_bytes=None, batch=8, threads=2)]
    write_rows(tmp_path / "throughput.csv", Speed, rows)
    assert read_speeds(tmp_path / "throughput.csv") == rows


def test_results_come_back_as_they_were_written(tmp_path: Path):
    rows = [result(61.5), result(None, quality=None, bytes_per_image=None)]
    write_rows(tmp_path / "results.csv", Result, rows)
    assert read_rows(tmp_path / "results.csv", Result, "make it anew") == rows


def test_where_there_is_no_file_there_are_no_rows(tmp_path: Path):
    assert read_speeds(tmp_path / "throughput.csv") == []
    assert read_rows(tmp_path / "results.csv", Result, "make it anew") == []


@pytest.mark.parametrize(
    "read", [read_speeds, lambda path: read_rows(path, Result, "make it anew")], ids=["speeds", "results"]
)
@pytest.mark.parametrize("content", [b"model,value\nnet,1\n", b"\xff\xfe\x00", b"task,threads\nx,many\n"])
def test_another_file_of_the_name_is_told_by_its_path(tmp_path: Path, read, content: bytes):
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"rows\.csv: cannot be read"):
        read(path)
