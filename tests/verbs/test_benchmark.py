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


class Counting:
    """The JPEG as it is; counts what it is given, and is stopped by Ctrl-C at a picture of its choice."""

    scale = 1

    def __init__(self, name: str = "counting", stop_at: int | None = None) -> None:
        self.name, self.stop_at, self.seen = name, stop_at, 0

    def __call__(self, images):
        self.seen += len(images)
        if self.seen == self.stop_at:
            raise KeyboardInterrupt
        return [image.tensor() for image in images]

    def describe(self):
        return {"kind": self.name}


def test_a_stopped_benchmark_goes_on_where_it_stood(photos, tmp_path):
    def run(corrector, folder):
        given = {"qualities": "10,50", "out": tmp_path / folder, "threads": 1}
        return jpegproof.benchmark("restoration", photos, correctors={"mine": corrector}, **given)

    whole, first, second = Counting(), Counting(stop_at=6), Counting()
    expected = run(whole, "whole")
    assert whole.seen == 2 * (2 + 3)
    with pytest.raises(KeyboardInterrupt):
        run(first, "stopped")
    done = run(second, "stopped")
    assert first.seen - 1 + second.seen == whole.seen
    assert (done.scores, done.numbers) == (expected.scores, expected.numbers)


def test_only_what_is_new_is_measured(photos, tmp_path):
    def seen(pictures=photos, name="mine", **changes):
        corrector = Counting(name)
        given = {"qualities": 10, "out": tmp_path / "out", "threads": 1, "correctors": {"mine": corrector}, **changes}
        jpegproof.benchmark("restoration", pictures, **given)
        return corrector.seen

    assert seen() == 5
    assert seen() == 0
    assert seen(qualities="10,20") == 5
    assert seen(subsampling="4:4:4") == 2  # luma has no chroma
    assert seen(name="another") == 5
    Image.fromarray(smooth_picture(40, 44, seed=9)).save(photos / "1.png")
    assert seen() == 2


def test_a_picture_too_large_for_memory_goes_in_tiles(photos, tmp_path, monkeypatch):
    monkeypatch.setattr("jpegproof.correctors.tiles.MEMORY", 0)
    (photos / "0.png").unlink()
    (photos / "1.png").unlink()
    Image.fromarray(smooth_picture(160, 200)).save(photos / "large.png")
    corrector = Counting()
    given = {"qualities": 10, "planes": "colour", "out": tmp_path / "out", "threads": 1}
    done = jpegproof.benchmark("restoration", photos, correctors={"mine": corrector}, **given)
    assert corrector.seen > 1
    assert [number.value for number in done.numbers if number.metric == "colour_psnr_gain"] == [0]


def test_a_file_of_scores_that_was_cut_off_is_used_as_far_as_it_goes(photos, tmp_path):
    first, second = Counting(), Counting()
    for corrector in (first, second):
        jpegproof.benchmark("restoration", photos, correctors={"mine": corrector}, qualities=10, out=tmp_path / "out")
        file = tmp_path / "out" / "scores.jsonl"
        file.write_bytes(file.read_bytes()[:-9])
    assert (first.seen, second.seen) == (5, 1)


def test_another_file_in_the_place_of_the_scores_is_left_alone(photos, tmp_path):
    file = tmp_path / "out" / "scores.jsonl"
    file.parent.mkdir()
    file.write_text("[1]\n")
    with pytest.raises(StoreError, match="delete it"):
        jpegproof.benchmark("restoration", photos, out=tmp_path / "out")
    assert file.read_text() == "[1]\n"


def test_a_corrector_that_enlarges_is_refused(photos, tmp_path):
    corrector = Counting()
    corrector.scale = 2
    with pytest.raises(JpegproofError, match="corrector mine: enlarges 2 times"):
        jpegproof.benchmark("restoration", photos, correctors={"mine": corrector}, out=tmp_path / "out")
