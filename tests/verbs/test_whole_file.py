"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jpegproof.verbs.whole_file import ignores_case, remove_leftovers, whole_file


def test_a_file_takes_its_name_only_at_the_end(tmp_path: Path):
    path = tmp_path / "a.png"
    with whole_file(path) as file:
        file.write(b"half")
        file.flush()
        assert not path.exists()
        assert len(list(tmp_path.iterdir())) == 1
    assert path.read_bytes() == b"half"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("end", [OSError, KeyboardInterrupt])
def test_a_writer_that_fails_leaves_nothing_and_keeps_what_was_there(tmp_path: Path, end: type[BaseException]):
    path = tmp_path / "a.png"
    path.write_bytes(b"before")

    def fail() -> None:
        with whole_file(path) as file:
            file.write(b"half")
            raise end

    with pytest.raises(end):
        fail()
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"before"


def test_what_a_killed_writer_left_is_removed_and_a_living_ones_is_not(tmp_path: Path):
    code = (
        "import os, sys; from pathlib import Path; from jpegproof.verbs.whole_file import whole_file\n"
        "with whole_file(Path(sys.argv[1]) / 'a.png') as file: os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 9
    assert len(list(tmp_path.iterdir())) == 1
    with whole_file(tmp_path / "b.png"):
        remove_leftovers(tmp_path)
        (part,) = tmp_path.iterdir()
        assert f"-{os.getpid()}-" in part.name
    remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["b.png"]


def test_a_name_of_the_longest_kind_can_be_written(tmp_path: Path):
    path = tmp_path / ("a" * 251 + ".png")
    with whole_file(path) as file:
        file.write(b"whole")
    assert path.read_bytes() == b"whole"


def test_a_folder_tells_whether_case_matters_in_it_and_stays_as_it_was(tmp_path: Path):
    (tmp_path / "a").touch()
    assert ignores_case(tmp_path) == (tmp_path / "A").exists()
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_a_folder_where_every_name_is_there_ignores_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os.path, "lexists", lambda path: True)
    assert ignores_case(tmp_path)
