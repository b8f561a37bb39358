"""The verb `errors`: files, the printed table, and one clear message for each mistake."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from detected_scenes import scenes
from detected_study import CURE, NONE, detected_study

import jpegproof
from jpegproof.analysis.tide.costs import find_costs
from jpegproof.analysis.tide.faults import Fault
from jpegproof.cli.main import main
from jpegproof.exceptions import StoreError, UnknownNameError

TRUE, SAID = scenes(0, pictures=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    answers = {(NONE, None): SAID, (NONE, 10): SAID, (CURE, 10): SAID, (CURE, 20): []}
    return detected_study(tmp_path_factory.mktemp("study"), TRUE, answers)


def test_everything_is_written_beside_the_study(folder: Path):
    done = jpegproof.errors(folder, resamples=0)
    with (folder / "errors.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(done.rows) == 27
    missed = next(row for row in rows if row["error"] == "missed" and row["quality"] == "")
    costs = find_costs(TRUE, SAID)
    assert float(missed["value"]) == pytest.approx(costs.rises[Fault.MISSED], rel=1e-5)
    assert int(missed["count"]) == costs.counts[Fault.MISSED]
    assert missed["ci_low"] == ""
    assert (folder / "tables" / "errors-scenes-finder-boxes.md").is_file()
    assert all(path.is_file() for path in done.figures)
    assert done.missing_cells == 1


def test_the_command_prints_each_kind_per_cure_and_quality(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["errors", str(folder), "--resamples", "0", "--kind", "boxes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    costs = find_costs(TRUE, SAID)
    assert lines[0].startswith("finder on scenes, boxes: AP at IoU 0.5")
    none, cure = (lines.index(line) for line in lines if line.split()[-1:] == ["10"])
    assert lines[none].split() == ["none", "original", "q", "10"]
    assert lines[cure].split() == ["off_the_shelf", "(default)", "q", "10"]
    assert lines[none + 1].split() == ["AP", *2 * [f"{costs.ap:.2f}"]]
    assert lines[none + 7].split() == ["missed", *2 * [f"{costs.rises[Fault.MISSED]:.2f}"]]
    assert lines[cure + 8].split() == ["false", "positives", f"{costs.rises[Fault.FALSE_POSITIVES]:.2f}"]
    assert any("1 prediction files are still missing" in line for line in lines)


def test_cures_are_printed_and_written_against_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    worse = scenes(0, pictures=12, recall=0.3)[1]
    answers = {(NONE, None): SAID, (NONE, 10): worse, (CURE, 10): SAID}
    folder = detected_study(tmp_path, TRUE, answers)
    assert main(["errors", str(folder), "--resamples", "20"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (at,) = [place for place, line in enumerate(lines) if "off_the_shelf (default) less none" in line]
    gain = find_costs(TRUE, SAID).ap - find_costs(TRUE, worse).ap
    assert lines[at + 1].split() == ["q", "10"]
    assert lines[at + 2].split() == ["AP", f"+{gain:.2f}*"]
    assert lines[at + 8].split()[0] == "missed"
    with (folder / "errors_comparisons.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 9
    (row,) = [row for row in rows if row["first_mitigation"] == row["error"] == "none"]
    assert float(row["difference"]) == pytest.approx(gain, rel=1e-5)


def test_a_folder_without_a_study_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["errors", str(tmp_path)]) == 2
    assert "holds no study" in capsys.readouterr().err
    with pytest.raises(StoreError):
        jpegproof.errors(tmp_path)


def test_an_unknown_kind_is_answered_with_the_nearest(folder: Path):
    with pytest.raises(UnknownNameError, match="Did you mean 'masks'"):
        jpegproof.errors(folder, kind="mask")


@pytest.mark.parametrize("number", ["-1", "many"])
def test_resamples_that_are_no_number_are_refused(folder: Path, number: str):
    with pytest.raises(SystemExit) as left:
        main(["errors", str(folder), f"--resamples={number}"])
    assert left.value.code == 2
