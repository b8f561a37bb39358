"""Files through ``correct``: what comes out, what is skipped and why, what a second run does."""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from jpeg_files import file_bytes, smooth_picture
from PIL import Image
from small_training import thin_corrector

import jpegproof
from jpegproof.correctors.default import corrector_bytes
from jpegproof.correctors.gate import Admitted, Gate
from jpegproof.correctors.protocol import to_pixels
from jpegproof.exceptions import DataError, JpegproofError, StoreError, UnknownNameError, WeightsError
from jpegproof.jpeg.codec import DecodedJpeg, decode
from jpegproof.jpeg.earlier_save import EarlierSave
from jpegproof.verbs.correct import Corrections, correct, plan_correction
from jpegproof.verbs.correction_table import FileCorrection

CORRECTOR = thin_corrector(awake=True)


class Silent(list[str]):
    """Progress that remembers what it heard."""

    def begin(self, total: int, finished: int) -> None:
        self.append(f"begin {total} {finished}")

    def working(self, name: str, share: float) -> None:
        self.append(f"{name} {share:.2f}")

    def advance(self) -> None:
        self.append("advance")

    def warn(self, text: str) -> None:
        self.append(f"warn {text}")

    @property
    def warnings(self) -> list[str]:
        return [text for text in self if text.startswith("warn")]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in/ with two JPEGs, one of them grey and deeper."""
    monkeypatch.chdir(tmp_path)
    put("in/a.jpg", jpeg())
    put("in/deep/grey.jpg", jpeg(seed=1, mode="L"))
    return tmp_path


def jpeg(seed: int = 0, mode: str = "RGB", **options: Any) -> bytes:
    return file_bytes(Image.fromarray(smooth_picture(40, 56, seed)).convert(mode), **{"quality": 15, **options})


def put(name: str, data: bytes) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def corrected(*inputs: str, out: str = "out", **options: Any) -> Corrections:
    return correct(list(inputs) or "in", out, **{"corrector": CORRECTOR, "threads": 1, **options})


def outcomes(done: Corrections) -> dict[str, str]:
    """What became of each file, by its name."""
    return {Path(row.input).name: row.outcome for row in done.files}


def pixels_of(path: str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def content(folder: str) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}


# What comes out


def test_outputs_are_the_correctors_pixels_in_the_inputs_layout(place: Path):
    before = content("in")
    done = corrected()
    assert content("in") == before
    assert sorted(content("out")) == ["out/a.png", "out/corrected.csv", "out/deep/grey.png"]
    expected = to_pixels(CORRECTOR([decode(before["in/a.jpg"])])[0])
    assert (pixels_of("out/a.png") == expected).all()
    assert done.count("corrected") == 2
    assert (done.folder, done.table) == (Path("out"), Path("out/corrected.csv"))


def test_grey_stays_grey(place: Path):
    corrected()
    with Image.open("out/deep/grey.png") as image:
        assert image.mode == "L"
        found = np.asarray(image)
    answer = to_pixels(CORRECTOR([decode(Path("in/deep/grey.jpg").read_bytes())])[0])
    assert (found == np.asarray(Image.fromarray(answer).convert("L"))).all()


def test_cmyk_becomes_rgb_but_no_more_and_the_table_says_so(place: Path):
    data = jpeg(mode="CMYK")
    put("in/inks.jpg", data)
    done = corrected()
    with Image.open("out/inks.png") as image:
        assert image.mode == "RGB"
        assert np.array_equal(np.asarray(image), decode(data).pixels)
    row = next(row for row in done.files if row.input.endswith("inks.jpg"))
    assert row.outcome == "untouched"
    assert row.note.startswith("CMYK became RGB; not corrected: what was lost of a picture of four inks is not known")
    again = corrected(out="jpegs", format="jpeg")
    assert Path("jpegs/inks.jpg").read_bytes() == data
    assert [row.note for row in again.files if row.outcome == "untouched"] == [row.note.split("; ")[1]]


def test_a_file_that_stores_rgb_is_corrected(place: Path):
    put("in/stored.jpg", jpeg(keep_rgb=True))
    done = corrected()
    assert outcomes(done)["stored.jpg"] == "corrected"
    assert next(row.quality for row in done.files if row.input.endswith("stored.jpg")) == 15


def test_metadata_come_along_and_pixels_stay_in_stored_orientation(place: Path):
    exif = Image.Exif()
    exif[0x0112] = 6
    put("in/turned.jpg", jpeg(exif=exif, comment=b"mine", dpi=(300, 300)))
    corrected()
    with Image.open("out/turned.png") as image:
        assert image.size == (56, 40)
        assert image.getexif()[0x0112] == 6
        assert image.info["Comment"] == "mine"
        assert round(image.info["dpi"][0]) == 300


@pytest.mark.parametrize(("name", "suffix"), [("png", "png"), ("tiff", "tif"), ("webp", "webp"), ("jpeg", "jpg")])
def test_the_format_is_of_choice(place: Path, name: str, suffix: str):
    corrected(format=name)
    with Image.open(f"out/a.{suffix}") as image:
        assert image.format == name.upper()


def test_saving_as_jpeg_is_warned_of_and_png_is_not(place: Path):
    heard, quiet = Silent(), Silent()
    corrected(format="jpeg", quality=97, progress=heard)
    corrected(out="other", progress=quiet)
    assert heard.warnings == ["warn jpeg compresses what was corrected again (quality 97); png keeps every pixel"]
    assert quiet.warnings == []
    header = decode(Path("out/a.jpg").read_bytes()).header
    assert (header.quality.quality, header.subsampling) == (97, "4:4:4")


def test_a_large_picture_is_corrected_in_tiles(place: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("jpegproof.correctors.tiles.MEMORY", 40 * 56 * 100)
    data = put("in/large.jpg", file_bytes(smooth_picture(300, 400), quality=15)).read_bytes()
    heard = Silent()
    corrected(progress=heard)
    shares = [text for text in heard if text.startswith("large.jpg")]
    assert len(shares) > 10
    assert shares[-1] == "large.jpg 1.00"
    expected = to_pixels(CORRECTOR([decode(data)])[0]).astype(int)
    assert np.abs(pixels_of("out/large.png") - expected).max() <= 1


def test_a_corrector_that_changes_nothing_leaves_pictures_untouched(place: Path):
    done = corrected(corrector="identity")
    assert set(outcomes(done).values()) == {"untouched"}
    assert (pixels_of("out/a.png") == pixels_of("in/a.jpg")).all()
    assert (pixels_of("out/deep/grey.png") == pixels_of("in/deep/grey.jpg")).all()


def test_an_untouched_jpeg_is_not_compressed_again(place: Path):
    corrected(corrector="identity", format="jpeg")
    assert Path("out/a.jpg").read_bytes() == Path("in/a.jpg").read_bytes()


def test_what_the_gate_passes_is_untouched_and_the_rest_corrected(place: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("jpegproof.verbs.correct.gate_for", lambda _: Gate(((1.0, 40.0),)))
    put("in/good.jpg", jpeg(quality=60))
    assert outcomes(corrected(gate=True)) == {"a.jpg": "corrected", "good.jpg": "untouched", "grey.jpg": "corrected"}
    assert (pixels_of("out/good.png") == pixels_of("in/good.jpg")).all()
    assert set(outcomes(corrected(out="without")).values()) == {"corrected"}


def test_a_picture_with_a_hidden_coarser_save_is_corrected_on_the_grid_of_that_save(
    place: Path, monkeypatch: pytest.MonkeyPatch
):
    shifted = np.pad(decode(Path("in/a.jpg").read_bytes()).pixels, ((3, 0), (5, 0), (0, 0)), mode="edge")
    given = DecodedJpeg(shifted, decode(file_bytes(shifted, quality=10)).header)

    class Shifting:
        def admits(self, image: DecodedJpeg) -> Admitted:
            return Admitted(given, EarlierSave(quality=10, offset=(5, 3), evidence=20.0))

        def describe(self) -> Mapping[str, Any]:
            return {}

    monkeypatch.setattr("jpegproof.verbs.correct.gate_for", lambda _: Shifting())
    corrected("in/a.jpg", gate=True)
    assert (pixels_of("out/a.png") == to_pixels(CORRECTOR([given])[0])[3:, 5:]).all()


def test_the_python_name_is_the_verbs():
    assert jpegproof.correct is correct


# What is skipped


def test_one_bad_file_never_ends_the_run(place: Path):
    put("in/broken.jpg", jpeg()[:500])
    put("in/empty.jpg", b"")
    put("in/notes.jpg", b"not a picture")
    put("in/picture.png", file_bytes(smooth_picture(9, 9), "PNG"))
    put("in/misnamed.jpg", file_bytes(smooth_picture(9, 9), "PNG"))
    Path("in/loop.jpg").symlink_to("loop.jpg")
    done = corrected()
    assert outcomes(done) == {
        "a.jpg": "corrected",
        "broken.jpg": "skipped",
        "empty.jpg": "skipped",
        "grey.jpg": "corrected",
        "loop.jpg": "skipped",
        "misnamed.jpg": "nothing to correct",
        "notes.jpg": "skipped",
        "picture.png": "nothing to correct",
    }
    notes = {Path(row.input).name: row.note for row in done.files}
    assert "truncated" in notes["broken.jpg"]
    assert "the file is empty" in notes["empty.jpg"]
    assert "Too many levels" in notes["loop.jpg"]
    assert notes["misnamed.jpg"] == "not a JPEG but PNG"
    assert not done.failed


def test_a_name_that_is_not_utf8_comes_through(place: Path):
    name = os.fsdecode(b"in/\xff\xfe.jpg")
    put(name, jpeg())
    done = corrected()
    assert Path(os.fsdecode(b"out/\xff\xfe.png")).is_file()
    assert any(row.input.endswith(r"\xff\xfe.jpg") and row.output == r"\xff\xfe.png" for row in done.files)


def test_a_picture_on_which_the_corrector_fails_is_skipped(place: Path):
    class Fussy:
        scale = 1

        def __call__(self, images: Sequence[DecodedJpeg]) -> list[torch.Tensor]:
            if images[0].header.mode == "L":
                raise RuntimeError("no grey, please\nand a long trace")
            return CORRECTOR(images)

        def describe(self) -> Mapping[str, Any]:
            return {}

    done = corrected(corrector=Fussy())
    assert outcomes(done) == {"a.jpg": "corrected", "grey.jpg": "skipped"}
    assert done.reasons() == [("the corrector failed: no grey, please", 1)]


def test_a_picture_that_the_format_cannot_hold_is_skipped_before_the_work(place: Path):
    put("in/long.jpg", file_bytes(np.zeros((8, 16_500, 3), np.uint8)))

    class Never:
        scale = 1

        def __call__(self, images: Sequence[DecodedJpeg]) -> list[torch.Tensor]:
            assert images[0].pixels.shape[1] < 16_500
            return CORRECTOR(images)

        def describe(self) -> Mapping[str, Any]:
            return {}

    done = corrected(corrector=Never(), format="webp")
    assert done.reasons() == [("does not fit webp, whose sides end at 16,383 pixels", 1)]


def test_a_folder_in_the_place_of_an_output_is_a_reason(place: Path):
    Path("out/a.png").mkdir(parents=True)
    done = corrected()
    assert outcomes(done) == {"a.jpg": "skipped", "grey.jpg": "corrected"}


def test_a_run_in_which_nothing_could_be_corrected_has_failed(place: Path):
    put("bad/a.jpg", b"nothing")
    put("pngs/a.png", file_bytes(smooth_picture(9, 9), "PNG"))
    assert corrected("bad").failed
    assert not corrected("pngs", out="other").failed  # there was nothing to do


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_every_mutation_of_a_jpeg_is_accounted_for(place: Path):
    dice = random.Random("mutated for correct")
    sources = [jpeg(), jpeg(mode="L"), jpeg(mode="CMYK"), jpeg(progressive=True), jpeg(exif=b"Exif\0\0MM\0*\0\0\0\x08")]
    for number in range(150):
        data = bytearray(dice.choice(sources))
        for _ in range(dice.randint(1, 5)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        if dice.random() < 0.2:
            data = data[: dice.randrange(len(data))]
        put(f"mutated/{number:03}.jpg", bytes(data))
    done = corrected("mutated", format="tiff")
    assert len(done.files) == 150
    assert done.count("corrected", "skipped", "nothing to correct", "untouched") == 150
    assert 10 < done.count("corrected") < 140
    for row in done.files:
        assert bool(row.output) == (row.outcome in ("corrected", "untouched"))
        assert row.note or row.output
        if row.output:
            assert pixels_of(f"out/{row.output}").size


# A second run


def test_a_second_run_keeps_what_is_there_and_counts_it(place: Path):
    corrected("in/a.jpg", out="out")
    before = Path("out/a.png").stat()
    heard = Silent()
    done = corrected(progress=heard)
    assert heard[0] == "begin 2 1"
    assert heard.count("advance") == 1
    assert done.finished_before == 1
    assert done.count("corrected") == 2  # the table remembers what the first run did
    assert Path("out/a.png").stat().st_mtime_ns == before.st_mtime_ns
    assert not heard.warnings


def test_skipped_files_are_tried_again(place: Path):
    broken = put("in/b.jpg", jpeg()[:500])
    assert outcomes(corrected())["b.jpg"] == "skipped"
    broken.write_bytes(jpeg())
    done = corrected()
    assert outcomes(done)["b.jpg"] == "corrected"
    assert len(rows_of(done)) == 3


def rows_of(done: Corrections) -> list[dict[str, str]]:
    with done.table.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_has_one_row_per_file_over_all_runs(place: Path):
    put("more/c.jpg", jpeg())
    corrected()
    corrected("more")
    done = corrected(overwrite=True)
    assert sorted(Path(row["input"]).name for row in rows_of(done)) == ["a.jpg", "c.jpg", "grey.jpg"]
    assert {(row["width"], row["height"], row["quality"]) for row in rows_of(done)} == {("56", "40", "15")}


def test_an_output_of_unknown_origin_is_kept(place: Path):
    put("out/a.png", b"mine")
    done = corrected()
    assert outcomes(done)["a.jpg"] == "kept"
    assert Path("out/a.png").read_bytes() == b"mine"


def test_overwriting_is_for_the_asking(place: Path):
    put("out/a.png", b"mine")
    done = corrected(overwrite=True)
    assert outcomes(done)["a.jpg"] == "corrected"
    assert pixels_of("out/a.png").shape == (40, 56, 3)
    assert done.finished_before == 0


def test_outputs_of_another_corrector_are_kept_and_warned_of(place: Path):
    corrected(corrector="identity")
    heard = Silent()
    corrected(progress=heard)
    assert len(heard.warnings) == 1
    assert "2 had been made with another corrector" in heard.warnings[0]


def test_outputs_of_other_files_are_kept_and_warned_of(place: Path):
    corrected()
    put("else/a.jpg", jpeg(seed=5))
    heard = Silent()
    corrected("else", progress=heard)
    assert len(heard.warnings) == 1
    assert "1 had been made from other files" in heard.warnings[0]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="processes are killed in another way there")
def test_a_killed_run_leaves_no_half_file_and_the_next_one_finishes(place: Path):
    for number in range(40):
        put(f"many/{number:02}.jpg", jpeg(seed=number))
    put("thin.safetensors", corrector_bytes(CORRECTOR.network.state_dict(), CORRECTOR.network))
    command = [sys.executable, "-m", "jpegproof.cli.main", "correct", "many", "--out", "out", "--threads", "1"]
    process = subprocess.Popen([*command, "--corrector", "thin.safetensors", "--quiet"])
    while len(list(Path("out").glob("*.png"))) < 3 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = sorted(Path("out").glob("*.png"))
    assert 3 <= len(left) < 40
    for path in left:
        assert pixels_of(str(path)).shape == (40, 56, 3)
    done = corrected("many", corrector="thin.safetensors")
    assert done.finished_before == len(left)
    assert done.count("corrected", "kept") == 40
    assert sorted(path.name for path in Path("out").iterdir() if path.suffix != ".png") == ["corrected.csv"]
    assert len(rows_of(done)) == 40


# Mistakes


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"out": "in/out"}, StoreError, "into the input folder"),
        ({"format": "jpg"}, UnknownNameError, "Did you mean 'jpeg'"),
        ({"quality": 90}, JpegproofError, "png keeps every pixel and has none"),
        ({"format": "jpeg", "quality": 0}, JpegproofError, "not a libjpeg quality"),
        ({"format": "jpeg", "quality": 90.5}, JpegproofError, "not a libjpeg quality"),
        ({"corrector": "defalt"}, UnknownNameError, "Did you mean 'default'"),
        ({"corrector": "gone.safetensors"}, WeightsError, "there is no such weights file"),
        ({"precision": "float16"}, JpegproofError, "use float32 or bfloat16"),
        ({"device": "tpu9"}, JpegproofError, "cannot be used"),
        ({"threads": 0}, JpegproofError, "use 1 or more"),
        ({"csv": "in/table.csv"}, StoreError, "into the input folder"),
        ({"csv": "out/a.png"}, StoreError, "is one of the pictures"),
        ({"out": "file.txt"}, StoreError, "cannot be used as an output folder"),
    ],
)
def test_a_mistake_is_told_before_anything_is_written(
    place: Path, options: dict[str, Any], kind: type[JpegproofError], words: str
):
    put("file.txt", b"")
    before = content(".")
    with pytest.raises(kind, match=words):
        corrected(**options)
    assert content(".") == before


def test_missing_inputs_and_empty_folders_are_told(place: Path):
    Path("empty").mkdir()
    for name, words in (("gone", "no such file"), ("empty", "holds no pictures")):
        with pytest.raises(DataError, match=words):
            corrected(name)
    assert not Path("out").exists()


def test_a_table_that_is_none_is_not_written_over(place: Path):
    put("out/corrected.csv", b"my own\n")
    with pytest.raises(StoreError, match="use --csv for another"):
        corrected()
    assert Path("out/corrected.csv").read_bytes() == b"my own\n"
    done = corrected(csv="elsewhere/table.csv")
    assert len(rows_of(done)) == 2
    assert done.table == Path("elsewhere/table.csv")


def test_a_full_disk_ends_the_run_and_keeps_what_is_finished(place: Path, monkeypatch: pytest.MonkeyPatch):
    fsync, calls = os.fsync, []

    def full(number: int) -> None:
        calls.append(number)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        fsync(number)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"grey\.png: cannot be written: No space left on device; what is finished"):
        corrected()
    assert sorted(content("out")) == ["out/a.png", "out/corrected.csv"]
    monkeypatch.undo()
    os.chdir(place)
    assert corrected().finished_before == 1


def test_a_plan_reads_and_writes_nothing(place: Path):
    before = content(".")
    tasks = plan_correction("in", "out", format="webp")
    assert [(str(task.source), str(task.target)) for task in tasks] == [
        ("in/a.jpg", "out/a.webp"),
        ("in/deep/grey.jpg", "out/deep/grey.webp"),
    ]
    assert content(".") == before


def test_rows_say_everything_that_the_table_says(place: Path):
    done = corrected()
    (row, _) = done.files
    assert row == FileCorrection(str(place / "in" / "a.jpg"), "a.png", "corrected", "", 56, 40, 15, row.settings)
    assert row.settings.startswith("grid png ")
    assert [row["output"] for row in rows_of(done)] == ["a.png", "deep/grey.png"]


def test_where_upper_and_lower_case_are_the_same_nothing_is_written_twice(place: Path, monkeypatch: Any):
    put("in/A.jpg", jpeg(seed=2))
    monkeypatch.setattr("jpegproof.verbs.correction_plan.ignores_case", lambda folder: True)
    with pytest.raises(DataError, match=r"in/A\.jpg and in/a\.jpg would both become A\.jpg\.png"):
        correct("in", "out", corrector=CORRECTOR)
    assert not list(Path("out").rglob("*.png"))


def test_a_name_is_no_formula_and_no_order_in_the_table(place: Path):
    put("in/=1+1\x1b[31m.jpg", jpeg())
    correct("in", "out", corrector=CORRECTOR)
    table = Path("out/corrected.csv").read_text()
    assert r",'=1+1\x1b[31m.png,corrected," in table
    # The row is known again.
    done = correct("in", "out", corrector=CORRECTOR)
    assert (done.finished_before, done.count("corrected")) == (3, 3)
    assert Path("out/corrected.csv").read_text().count("=1+1") == 2
