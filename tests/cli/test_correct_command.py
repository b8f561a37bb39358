"""The command ``jpegproof correct``."""

from __future__ import annotations

from pathlib import Path

import pytest
from jpeg_files import file_bytes, smooth_picture
from small_training import thin_corrector

from jpegproof.cli.main import main
from jpegproof.correctors.default import corrector_bytes


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    corrector = thin_corrector(awake=True)
    Path("thin.safetensors").write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))
    Path("in").mkdir()
    for number in range(2):
        Path(f"in/{number}.jpg").write_bytes(file_bytes(smooth_picture(24, 32, number), quality=15))
    return tmp_path


def correct(*arguments: str) -> int:
    return main(["correct", *arguments, "--corrector", "thin.safetensors", "--threads", "1", "--quiet"])


def test_the_summary_says_what_became_of_the_files(place: Path, capsys: pytest.CaptureFixture[str]):
    Path("in/bad.jpg").write_bytes(b"nothing")
    Path("in/other.png").write_bytes(file_bytes(smooth_picture(9, 9), "PNG"))
    assert correct("in", "--out", "out") == 0
    assert capsys.readouterr().out.splitlines() == [
        "4 files, 0 finished before, 4 now",
        "        2 corrected",
        "        1 not JPEGs, or lossless ones: nothing to correct",
        "        1 skipped",
        "          1 x not a picture of a known format (JPEG, PNG, TIFF, WEBP, BMP, PPM, GIF, JPEG2000, AVIF)",
        "each file: out/corrected.csv",
    ]
    assert correct("in", "--out", "out") == 0
    again = capsys.readouterr()
    assert again.out.startswith("4 files, 2 finished before, 2 now\n")
    assert "2 of 4 pictures are finished already" in again.err


def test_where_nothing_could_be_corrected_the_exit_code_is_2(place: Path, capsys: pytest.CaptureFixture[str]):
    Path("bad.jpg").write_bytes(b"")
    assert correct("bad.jpg", "--out", "out") == 2
    assert "nothing could be corrected; 1 of 1: the file is empty" in capsys.readouterr().err


def test_where_there_was_nothing_to_correct_the_exit_code_is_0(place: Path):
    Path("other.png").write_bytes(file_bytes(smooth_picture(9, 9), "PNG"))
    assert correct("other.png", "--out", "out") == 0


def test_a_plan_names_every_file_and_makes_none(place: Path, capsys: pytest.CaptureFixture[str]):
    assert correct("in", "--out", "out", "--plan") == 0
    assert capsys.readouterr().out.splitlines() == [
        "in/0.jpg -> out/0.png",
        "in/1.jpg -> out/1.png",
        "2 files; 0 are there already",
    ]
    assert not Path("out").exists()
    correct("in/0.jpg", "--out", "out")
    capsys.readouterr()
    correct("in", "--out", "out", "--plan")
    assert capsys.readouterr().out.splitlines()[::2] == [
        "in/0.jpg -> out/0.png (there already)",
        "2 files; 1 are there already and would be kept",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gone", "--out", "out"], "there is no such file or folder"),
        (["in", "--out", "in"], "into the input folder"),
        (["in", "--out", "out", "--format", "gif"], "format 'gif' is not known"),
        (["in", "--out", "out", "--quality", "90"], "png keeps every pixel"),
        (["in", "--out", "out", "--precision", "int8"], "precision 'int8' is not known"),
        (["in", "--out", "out", "--threads", "0"], "0 threads cannot do anything"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    place: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["correct", *arguments]) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("jpegproof: ")
    assert words in errors
    assert len(errors.splitlines()) == 1


def test_a_name_that_is_not_utf8_can_be_printed(place: Path, capsys: pytest.CaptureFixture[str]):
    folder = Path("\udcff")
    folder.mkdir()
    Path("in/0.jpg").rename(folder / "a.jpg")
    assert correct(str(folder), "--out", "out\udcfe", "--plan") == 0
    assert correct(str(folder), "--out", "out\udcfe") == 0
    assert r"out\xfe/corrected.csv" in capsys.readouterr().out
