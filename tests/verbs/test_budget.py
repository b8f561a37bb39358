"""The verb `budget` as a user calls it: from a model and a folder, and as a view of a finished folder."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch
from small_study import make_corrector_file, make_model_file, make_pictures

import jpegproof
from jpegproof.cli.main import main
from jpegproof.exceptions import JpegproofError, StoreError, UnknownNameError


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures, a model, a corrector; and a budget from the command line in ``out``."""
    root = tmp_path_factory.mktemp("budget")
    make_pictures(root / "pictures", count=9)
    make_model_file(root)
    corrector = f"spandrel:{make_corrector_file(root)}"
    command = ["budget", f"{root / 'tiny_model.py'}:build", str(root / "pictures"), "--out", str(root / "out")]
    command += ["--qualities", "10,95", "--corrector", corrector, "--workers", "1", "--threads", "1", "--quiet"]
    assert main([*command, "--bound", "60", "--confidence", "90"]) == 0
    return root


def test_a_budget_leaves_its_files_beside_the_measurements(place: Path):
    out = place / "out"
    rows = rows_of(out / "budget.csv")
    assert [(row["mitigation"], row["quality"]) for row in rows] == [
        ("none", "95"),
        ("none", "10"),
        ("off_the_shelf", "95"),
        ("off_the_shelf", "10"),
    ]
    assert {(row["metric"], row["bound"], row["confidence"], row["n"]) for row in rows} == {("top1", "60", "90", "9")}
    assert all(float(row["bits_per_pixel"]) > 0 for row in rows)
    pictures = sum(path.stat().st_size for path in (place / "pictures").rglob("*.png"))
    compressed = float(rows[1]["bytes_per_image"]) * 9
    assert float(rows[1]["saved_of_original"]) == pytest.approx(100 * (1 - compressed / pictures), abs=0.01)
    assert {row["by"] for row in rows_of(out / "budget_classes.csv")} == {"class"}
    assert {row["by"] for row in rows_of(out / "budget_answers.csv")} == {"all", "class"}
    assert len(rows_of(out / "budget_pictures.csv")) == 18
    assert "| None |" in (out / "tables" / "budget.md").read_text()
    assert list(out.glob("figures/budget-*.svg"))
    assert (out / "report.html").exists()


def test_a_finished_folder_is_only_looked_at(place: Path, capsys: pytest.CaptureFixture[str]):
    out = place / "out"
    before = {path: path.stat().st_mtime_ns for path in out.glob("predictions/*/*.parquet")}
    assert main(["budget", str(out), "--bound", "99", "--confidence", "60", "--qualities", "95"]) == 0
    assert {path: path.stat().st_mtime_ns for path in out.glob("predictions/*/*.parquet")} == before
    printed = capsys.readouterr().out
    assert "less than 99 points of top-1 accuracy lost, with 60 % confidence (9 pictures)" in printed
    assert "Store at quality 95 or above: with 60 % confidence less than 99 points of top-1 accuracy is lost" in printed
    assert "With Off-the-Shelf Artifact Correction (small_dncnn): store at quality 95 or above" in printed
    assert f"all numbers: {out / 'budget.csv'}" in printed


def test_asking_again_goes_on_from_what_is_there(place: Path):
    out = place / "out"
    before = {path: path.stat().st_mtime_ns for path in out.glob("predictions/*/*.parquet")}
    done = jpegproof.budget(
        f"{place / 'tiny_model.py'}:build", place / "pictures", qualities=[10, 50, 95], out=out, bound=60, workers=1
    )
    after = {path: path.stat().st_mtime_ns for path in out.glob("predictions/*/*.parquet")}
    assert before.items() <= after.items()
    assert len(after) == len(before) + 1  # one shard, at one more quality
    assert [row.quality for row in done.rows if row.mitigation == "none"] == [95, 50, 10]
    assert done.missing_cells == 0


def test_unlabelled_pictures_and_a_network_of_ones_own_get_a_budget_of_changed_answers(place: Path, tmp_path: Path):
    network = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(3, 3))
    model = jpegproof.wrap(network, prepare=jpegproof.ResizeCrop(40, (32, 32)))
    done = jpegproof.budget(
        model, place / "pictures", layout="folder", qualities="50,95", out=tmp_path / "out", confidence=60, bound=50
    )
    assert {(row.metric, row.quantity) for row in done.rows} == {("agreement", "disagreement")}
    [(heading, [sentence])] = done.said
    assert "less than 50 points off agreement with the originals" in heading
    assert "fewer than 1 in 2 answers change" in sentence


def test_other_codecs_are_edges_of_their_own(place: Path, tmp_path: Path):
    done = jpegproof.budget(
        f"{place / 'tiny_model.py'}:build",
        place / "pictures",
        qualities=[50],
        codecs="jpeg,webp",
        out=tmp_path / "out",
        workers=1,
    )
    assert [(row.codec, row.quality) for row in done.rows] == [("jpeg", 50), ("webp", 50)]
    assert done.rows[1].bytes_per_image == pytest.approx(done.rows[0].bytes_per_image, rel=0.1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bound": 0}, "bound: 0 points cannot be borne"),
        ({"bound": float("nan")}, "bound: nan points cannot be borne"),
        ({"bound": 100}, "bound: 100 points"),
        ({"confidence": 50}, "confidence: 50 % cannot be tested at"),
        ({"confidence": 100}, "confidence: 100 %"),
        ({"qualities": "0"}, "qualities: 0 is not a libjpeg quality"),
        ({"device": "cpu"}, "a model needs pictures"),
        ({"out": "elsewhere"}, "a model needs pictures"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_way_to_mend_it(place: Path, options, words):
    with pytest.raises(JpegproofError, match=words):
        jpegproof.budget(place / "out", **options)


def test_a_folder_without_a_study_and_an_unknown_metric_are_told(place: Path, tmp_path: Path):
    with pytest.raises(StoreError, match="holds no study"):
        jpegproof.budget(tmp_path)
    with pytest.raises(StoreError, match="torchvision:resnet50: there is no such results folder; a model needs"):
        jpegproof.budget("torchvision:resnet50")
    with pytest.raises(UnknownNameError, match=r"metric 'top2'.*Did you mean 'top1'"):
        jpegproof.budget(place / "out", metric="top2")
    assert main(["budget", str(tmp_path)]) == 2
