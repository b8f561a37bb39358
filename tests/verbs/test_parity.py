"""The verb parity: which server moves what, which step is blamed, and files that nobody or only some can read."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from jpeg_files import file_bytes, noise_picture, smooth_picture
from PIL import Image
from small_study import make_model_file, make_pictures
from small_training import tiny_model

import jpegproof
from jpegproof.cli.main import main
from jpegproof.exceptions import DataError, JpegproofError, MissingExtraError, StoreError
from jpegproof.models.preparation import ResizeCrop
from jpegproof.verbs.parity import Parity


def quick(model, data, **options) -> Parity:
    return jpegproof.parity(model, data, **{"threads": 1, "device": "cpu", **options})


def make_jpegs(folder: Path, count: int = 6, **options) -> Path:
    """JPEGs in three class folders, full of detail, so that filters differ."""
    for number in range(count):
        pixels = smooth_picture(120, 150, number) // 2 + noise_picture(120, 150, number) // 2
        path = folder / f"class{number % 3}" / f"{number:03d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file_bytes(pixels.astype(np.uint8), **options))
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Parity:
    folder = tmp_path_factory.mktemp("whole")
    return quick(tiny_model(), make_jpegs(folder / "pictures"), out=folder / "out")


def server(done: Parity, name: str):
    return next(row for row in done.servers if row.server == name)


def metric(done: Parity, name: str, metric: str):
    return next(row for row in done.metrics if (row.server, row.metric) == (name, metric))


def test_the_same_pixels_give_the_same_answers(whole: Parity):
    pytest.importorskip("torchvision")
    same = server(whole, "torchvision+pillow-bilinear")
    assert (same.decoded_n, same.decoded_psnr, same.decoded_largest) == (6, None, 0)
    assert (same.input_psnr, same.input_mean, same.failed) == (None, 0.0, 0)
    assert metric(whole, same.server, "agreement").value == 100.0
    assert metric(whole, same.server, "distance").value == 0.0
    assert metric(whole, same.server, "top1").change == 0.0
    assert any("same in every pixel" in line and "decoder torchvision" in line for line in whole.said)


def test_the_reference_is_told_of_without_comparing_it_with_itself(whole: Parity):
    assert whole.reference == "pillow+pillow-bilinear"
    assert (whole.servers[0].server, whole.servers[0].step) == (whole.reference, "")
    own = {row.metric for row in whole.metrics if row.server == whole.reference}
    assert "top1" in own
    assert not {"agreement", "distance"} & own


def test_a_filter_moves_the_input_and_no_decoded_pixel(whole: Parity):
    row = server(whole, "pillow+pillow-nearest")
    assert row.decoded_largest == 0
    assert row.input_psnr is not None
    assert row.input_psnr < 30
    distance = metric(whole, row.server, "distance").value
    assert distance is not None
    assert distance > 0


def test_chroma_that_is_repeated_shows_before_and_after_resizing(whole: Parity):
    pytest.importorskip("simplejpeg")
    row = server(whole, "simplejpeg-fastupsample+pillow-bilinear")
    assert row.decoded_psnr is not None
    assert row.input_psnr is not None
    assert row.decoded_psnr < row.input_psnr < 70


def test_a_wrong_filter_is_blamed_and_the_harmless_decoder_is_not(tmp_path: Path):
    pytest.importorskip("torchvision")
    pictures = make_jpegs(tmp_path / "pictures", 12)
    done = quick(tiny_model(), pictures, servers=["torchvision+pillow-nearest"], out=tmp_path / "out")
    (blame,) = done.blames
    assert blame.blamed == "resizer"
    assert blame.decoder_cost == 0.0 < blame.resizer_cost
    assert any("The resizer is to blame" in line for line in done.said)
    assert [row.step for row in done.servers] == ["", "decoder", "resizer", "both"]


def test_a_wrong_decoder_is_blamed_and_the_harmless_filter_is_not(tmp_path: Path):
    pictures = make_jpegs(tmp_path / "pictures", 12)
    model = tiny_model(prepare=ResizeCrop(118, (112, 112)))
    done = quick(model, pictures, servers=["nearest-chroma+torch-bilinear-antialias"], out=tmp_path / "out")
    assert [blame.blamed for blame in done.blames] == ["decoder"]


def test_a_picture_is_a_row_for_each_server(whole: Parity):
    rows = rows_of(whole.folder / "parity.csv")
    assert len(rows) == 6 * len(whole.servers)
    assert {row["reason"] for row in rows} == {""}
    assert {(row["subsampling"], row["colours"], row["own_file"]) for row in rows} == {("4:2:0", "YCbCr", "True")}
    named = next(row for row in rows if row["server"] == "pillow+pillow-nearest")
    assert float(named["input_mse"]) > 0
    assert named["decoded_largest"] == "0"


def test_everything_is_written(whole: Parity):
    assert {path.name for path in whole.folder.iterdir() if path.is_file()} == {
        *("parity.csv", "parity_servers.csv", "parity_metrics.csv", "parity_blame.csv", "parity_kinds.csv"),
        "parity.json",
    }
    table = (whole.folder / "tables" / "parity.md").read_text()
    assert table.count("\n| ") == len(whole.servers) + 2
    assert (whole.folder / "tables" / "parity.tex").read_text().count(r"\\") == len(whole.servers) + 1
    assert [path.name for path in whole.figures] == ["parity.png"]
    assert all(path.exists() for path in whole.figures)
    facts = json.loads((whole.folder / "parity.json").read_text())
    assert facts["pictures that were JPEGs"] == 6
    assert facts["decoders and resizers"]["pillow"]["version"].startswith(facts["pillow"])


def test_the_same_again_is_the_same_again(whole: Parity, tmp_path: Path):
    again = quick(tiny_model(), whole.folder.parent / "pictures", out=tmp_path)
    for name in ("parity.csv", "parity_servers.csv", "parity_metrics.csv", "parity_blame.csv"):
        assert (tmp_path / name).read_bytes() == (whole.folder / name).read_bytes()
    assert again.figures[0].read_bytes() == whole.figures[0].read_bytes()


def test_pictures_that_are_no_jpegs_are_saved_as_such_first(tmp_path: Path):
    pictures = make_pictures(tmp_path / "pictures", 4, height=90, width=120)
    mean = {}
    for quality in (20, 95):
        done = quick(tiny_model(), pictures, servers=["nearest-chroma"], quality=quality, out=tmp_path / str(quality))
        assert {row.own_file for row in done.pictures} == {False}
        mean[quality] = server(done, "nearest-chroma+pillow-bilinear").decoded_mean
    assert mean[20] != mean[95] > 0


def test_unreadable_and_odd_files_are_rows_and_end_nothing(tmp_path: Path):
    pytest.importorskip("cv2")
    pictures = make_jpegs(tmp_path / "pictures")
    odd = pictures / "class0"
    (odd / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 broken")
    (odd / "empty.jpg").write_bytes(b"")
    exif = Image.Exif()
    exif[0x0112] = 6
    (odd / "turned.jpg").write_bytes(file_bytes(smooth_picture(80, 120), exif=exif.tobytes()))
    (odd / "inks.jpg").write_bytes(file_bytes(Image.fromarray(smooth_picture(80, 120)).convert("CMYK")))
    (odd / "sampled.jpg").write_bytes(file_bytes(smooth_picture(80, 120), subsampling="4:2:2"))
    done = quick(tiny_model(), pictures, servers=["opencv", "nearest-chroma"], out=tmp_path / "out")
    assert (done.servers[0].n, done.servers[0].failed) == (9, 2)
    by = {(row.picture, row.server): row for row in done.pictures}
    for name in ("broken.jpg", "empty.jpg"):
        for row in done.servers:
            assert by[f"class0/{name}", row.server].reason
    turned = by["class0/turned.jpg", "opencv+pillow-bilinear"]
    assert (turned.orientation, turned.height, turned.width, turned.decoded_mse) == (6, 120, 80, None)
    assert "4:2:2" in by["class0/sampled.jpg", "nearest-chroma+pillow-bilinear"].reason
    assert server(done, "nearest-chroma+pillow-bilinear").failed == 1
    kinds = {(row.kind, row.decoder): row for row in done.kinds}
    assert kinds["turned by EXIF", "opencv"].other_size == 1
    assert kinds["turned by EXIF", "nearest-chroma"].other_size == 0
    assert "opencv turns 1" in " ".join(done.said)
    assert {kind for kind, _ in kinds} - {"CMYK", "YCCK"} == {"turned by EXIF", "chroma-subsampled"}
    assert len({kind for kind, _ in kinds}) == 3


def test_what_repeating_chroma_does_is_told_of_the_files_that_have_subsampled_chroma(tmp_path: Path):
    pictures = make_jpegs(tmp_path / "pictures", 3)
    (pictures / "class0" / "full.jpg").write_bytes(file_bytes(noise_picture(60, 60), subsampling="4:4:4"))
    done = quick(tiny_model(), pictures, servers=["nearest-chroma"], out=tmp_path / "out")
    (kind,) = done.kinds
    row = server(done, "nearest-chroma+pillow-bilinear")
    assert (kind.kind, kind.pictures, row.n) == ("chroma-subsampled", 3, 4)
    assert kind.decoded_psnr is not None
    assert row.decoded_psnr is not None
    assert kind.decoded_psnr == pytest.approx(row.decoded_psnr - 10 * np.log10(4 / 3))
    assert any("Of 4 pictures 3 have subsampled chroma" in line for line in done.said)


def test_places_in_a_turned_picture_are_not_compared(tmp_path: Path):
    for library in ("cv2", "torchvision"):
        pytest.importorskip(library)
    from tiny_detectors import tiny_faster_rcnn

    folder = tmp_path / "pictures"
    folder.mkdir()
    exif = Image.Exif()
    exif[0x0112] = 8
    (folder / "upright.jpg").write_bytes(file_bytes(smooth_picture(64, 80)))
    (folder / "turned.jpg").write_bytes(file_bytes(smooth_picture(64, 80), exif=exif.tobytes()))
    done = quick(jpegproof.wrap(tiny_faster_rcnn(), task="detection"), folder, out=tmp_path / "out")
    by = {(row.picture, row.server): row for row in done.pictures}
    assert "places in the two cannot be compared" in by["turned.jpg", "opencv"].reason
    assert by["upright.jpg", "opencv"].reason == ""
    # The network resizes by itself, so decoders are all there is to compare.
    assert {row.resizer for row in done.servers} == {""}
    assert (server(done, "torchvision").n, server(done, "torchvision").failed) == (2, 0)


def test_absent_libraries_are_left_out_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for library in ("simplejpeg", "cv2"):
        monkeypatch.setitem(sys.modules, library, None)
    pictures = make_jpegs(tmp_path / "pictures", 3)
    done = quick(tiny_model(), pictures, out=tmp_path / "out")
    assert not [row for row in done.servers if "simplejpeg" in row.server or "opencv" in row.server]
    (line,) = [line for line in done.said if line.startswith("Not compared")]
    assert "simplejpeg" in line
    assert "pip install 'jpegproof[parity]'" in line
    with pytest.raises(MissingExtraError, match="parity"):
        quick(tiny_model(), pictures, servers=["opencv+opencv-linear"], out=tmp_path / "out")


def test_pictures_decoded_at_a_fraction_are_told(tmp_path: Path):
    done = quick(tiny_model(), make_jpegs(tmp_path / "pictures", 3), servers=["pillow-draft"], out=tmp_path / "out")
    row = server(done, "pillow-draft+pillow-bilinear")
    assert (row.decoded_n, row.input_n) == (0, 3)
    assert row.input_psnr is not None
    assert {(item.height, item.width) for item in done.pictures if item.server == row.server} == {(60, 75)}
    assert any("decoded 3 of 3 pictures at another size" in line for line in done.said)


def test_another_reference_is_compared_with(tmp_path: Path):
    pictures = make_jpegs(tmp_path / "pictures", 3)
    done = quick(
        tiny_model(),
        pictures,
        reference="torch-bilinear-antialias",
        servers=["pillow-bilinear"],
        out=tmp_path / "out",
    )
    assert [row.server for row in done.servers] == ["pillow+torch-bilinear-antialias", "pillow+pillow-bilinear"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"quality": 0}, "quality: 0"),
        ({"servers": ["pillow"]}, "nothing to compare"),
        ({"servers": ["pilow"]}, "Did you mean 'pillow'"),
        ({"limit": 0}, "limit: 0"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, options: dict, says: str):
    with pytest.raises(JpegproofError, match=says):
        quick(tiny_model(), make_jpegs(tmp_path / "pictures", 3), out=tmp_path / "out", **options)


def test_pictures_that_the_reference_cannot_use_at_all_are_a_mistake(tmp_path: Path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "one.jpg").write_bytes(b"nothing")
    with pytest.raises(DataError, match="can use none of the 1 pictures"):
        quick(tiny_model(), folder, out=tmp_path / "out")


def test_nothing_is_written_among_the_pictures(tmp_path: Path):
    pictures = make_jpegs(tmp_path / "pictures", 3)
    with pytest.raises(StoreError, match="folder of the pictures"):
        quick(tiny_model(), pictures, out=pictures)


def test_on_the_command_line_the_findings_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    pictures = make_jpegs(tmp_path / "pictures", 3)
    code = main(
        [
            *("parity", f"{make_model_file(tmp_path)}:build", str(pictures), "--layout", "folder", "--limit", "2"),
            *("--server", "pillow-box", "--out", str(tmp_path / "out"), "--threads", "1", "--quiet"),
        ]
    )
    out = capsys.readouterr().out
    assert code == 0
    assert "2 pictures; compared with pillow" in out
    assert "The resizer that costs most is pillow-box" in out
    assert "parity_servers.csv" in out
