"""The verb writes everything that it measured, and refuses what it cannot do before it begins."""

from __future__ import annotations

import csv
import re

import numpy as np
import pytest
from jpeg_files import smooth_picture
from PIL import Image
from small_training import thin_corrector
from tiny_dncnn import dncnn_file

import jpegproof
from jpegproof.cli.main import main
from jpegproof.exceptions import DataError, JpegproofError, StoreError, UnknownNameError


@pytest.fixture
def photos(tmp_path):
    """Three pictures, one of them grey, and a file that is none."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(2):
        Image.fromarray(smooth_picture(40, 48 + number, seed=number)).save(folder / f"{number}.png")
    Image.fromarray(smooth_picture(32, 32)[..., 0]).save(folder / "grey.png")
    (folder / "bad.png").write_bytes(b"no picture")
    return folder


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_all_numbers_are_written(photos, tmp_path):
    out = tmp_path / "out"
    weights = dncnn_file(tmp_path)
    done = jpegproof.benchmark(
        "restoration", photos, correctors=["default", f"spandrel:{weights}"], qualities="10,50", out=out, threads=1
    )
    numbers = rows(out / "restoration.csv")
    assert list(numbers[0]) == [
        *("dataset", "quality", "subsampling", "corrector", "metric", "value", "ci_low", "ci_high", "n", "n_skipped")
    ]
    assert len(numbers) == len(done.numbers) == 2 * 2 * (4 + 2 * 8)
    assert {row["corrector"] for row in numbers} == {"identity", "default", weights.stem}
    assert {(row["metric"].partition("_")[0], row["n"], row["n_skipped"]) for row in numbers} == {
        ("colour", "2", "1"),
        ("luma", "3", "1"),
    }
    assert len(rows(out / "restoration_pictures.csv")) == len(done.scores) == 2 * 3 * 4 * (2 + 3)
    (skipped,) = rows(out / "skipped.csv")
    assert skipped["picture"] == "bad.png"
    assert "photos: colour, JPEG 4:2:0, quality 10 (2 pictures)" in (out / "restoration.md").read_text()


def test_a_mean_is_that_of_the_pictures(photos, tmp_path):
    done = jpegproof.benchmark("restoration", photos, correctors=[], qualities=10, out=tmp_path / "out", threads=1)
    (mean,) = [number for number in done.numbers if number.metric == "luma_psnr"]
    assert mean.value == pytest.approx(np.mean([score.value for score in done.scores if score.metric == "luma_psnr"]))


def test_correctors_of_ones_own_are_taken(photos, tmp_path):
    done = jpegproof.benchmark(
        "restoration", photos, correctors={"mine": thin_corrector()}, qualities=10, out=tmp_path / "out", threads=1
    )
    # An untrained one gives the picture back.
    gains = [number.value for number in done.numbers if number.metric == "colour_psnr_gain"]
    assert gains == [0]


def test_two_files_of_one_name_stay_apart(photos, tmp_path):
    weights = dncnn_file(tmp_path)
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / weights.name
    twin.write_bytes(weights.read_bytes())
    named = [f"spandrel:{weights}", f"spandrel:{twin}", f"spandrel:{weights}", "identity"]
    done = jpegproof.benchmark(
        "restoration", photos, correctors=named, qualities=10, limit=1, out=tmp_path / "out", threads=1
    )
    assert {number.corrector for number in done.numbers} == {"identity", weights.stem, f"{weights.stem}+"}


def test_the_default_corrector_has_its_name_however_it_is_named(photos, tmp_path):
    done = jpegproof.benchmark(
        "restoration", photos, correctors=["jpegproof:"], qualities=10, limit=1, out=tmp_path / "out", threads=1
    )
    assert {number.corrector for number in done.numbers} == {"identity", "default"}


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"kind": "restorations"}, UnknownNameError, "Did you mean 'restoration'"),
        ({"planes": "color"}, UnknownNameError, "Did you mean 'colour'"),
        ({"subsampling": "4:1:1"}, UnknownNameError, "use one of 4:4:4"),
        ({"qualities": "0"}, JpegproofError, "not a libjpeg quality"),
        ({"limit": 0}, JpegproofError, "use 1 or more"),
        ({"published": True}, UnknownNameError, "nothing is published of 'photos'"),
        ({"correctors": ["defualt"]}, UnknownNameError, "Did you mean 'default'"),
        ({"precision": "float8"}, UnknownNameError, "float32 or bfloat16"),
        ({"data": "nowhere"}, DataError, "no such folder"),
    ],
)
def test_a_mistake_is_told_before_anything_is_measured(photos, tmp_path, changes, error, words):
    given = {"kind": "restoration", "data": photos, "out": tmp_path / "out", "threads": 1, **changes}
    with pytest.raises(error, match=words):
        jpegproof.benchmark(**given)
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_among_the_pictures_or_over_a_study(photos, tmp_path):
    for out in (photos, photos / "results"):
        with pytest.raises(StoreError, match="among the pictures"):
            jpegproof.benchmark("restoration", photos, out=out)
    (tmp_path / "plan.json").touch()
    with pytest.raises(StoreError, match="results of a study"):
        jpegproof.benchmark("restoration", photos, out=tmp_path)


def test_the_command_prints_the_tables(photos, tmp_path, capsys):
    command = ["benchmark", "restoration", str(photos), "--qualities", "10", "--out", str(tmp_path / "out"), "--quiet"]
    assert main([*command, "--threads", "1"]) == 0
    printed = capsys.readouterr().out
    assert "photos: luma, grey JPEG, quality 10 (3 pictures)" in printed
    assert "1 picture could not be used" in printed
    gains = [line for line in printed.splitlines() if line.startswith("    gain")]
    assert len(gains) == 2
    for line in gains:
        assert len(line) < 130
        assert len(re.findall(r" [+-][\d.]+ \[[-\d.]+, [-\d.]+\]", line)) == 4  # none runs into its neighbour


def test_where_no_picture_can_be_used_the_exit_code_is_2(photos, tmp_path, capsys):
    for name in ("0.png", "1.png"):
        (photos / name).unlink()
    command = ["benchmark", "restoration", str(photos), "--planes", "colour", "--out", str(tmp_path / "out"), "--quiet"]
    assert main(command) == 2
    assert "not one picture could be used" in capsys.readouterr().err
    assert len(rows(tmp_path / "out" / "skipped.csv")) == 2


def test_a_stopped_benchmark_does_not_promise_to_go_on(photos, tmp_path, capsys, monkeypatch):
    def stopped(*given, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("jpegproof.verbs.benchmark.score_pictures", stopped)
    assert main(["benchmark", "restoration", str(photos), "--out", str(tmp_path / "out"), "--quiet"]) == 130
    assert "nothing is written" in capsys.readouterr().err
