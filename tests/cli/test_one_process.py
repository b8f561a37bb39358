"""A launcher of several processes must not have each of them do all of a verb."""

from __future__ import annotations

import pytest

from jpegproof.cli.main import main


def launched(monkeypatch: pytest.MonkeyPatch, count: str) -> None:
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", count)


@pytest.mark.parametrize("command", [["status", "nowhere"], ["study", "nowhere.yaml"], ["measure", "a", "b"]])
def test_several_processes_of_a_verb_are_refused(command, monkeypatch, capsys):
    launched(monkeypatch, "2")
    assert main(command) == 2
    told = capsys.readouterr().err
    assert f"{command[0]} was started in 2 processes at once (WORLD_SIZE=2)" in told
    assert "--workers N" in told


@pytest.mark.parametrize("count", ["1", "many"])
def test_one_process_of_a_launcher_is_as_any_other(count, monkeypatch, capsys):
    launched(monkeypatch, count)
    assert main(["status", "nowhere"]) == 2
    assert "WORLD_SIZE" not in capsys.readouterr().err


def test_fit_is_not_refused(monkeypatch, capsys, tmp_path):
    """It says by itself what it misses of the launcher: here, where to meet the others."""
    launched(monkeypatch, "2")
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    assert main(["fit", str(tmp_path / "model.py:build"), str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "at once" not in told
    assert "MASTER_ADDR" in told
