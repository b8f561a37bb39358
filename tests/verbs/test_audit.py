"""The verb ``audit``: every file once, counts that add up, and nothing written where the pictures are."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from jpeg_files import file_bytes, smooth_picture
from jpeg_fixtures import PICTURE, fixtures, plain

import jpegproof
from jpegproof.cli.main import main
from jpegproof.exceptions import DataError, StoreError
from jpegproof.jpeg.hazards import Treatment


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, quality in enumerate([12, 75, 75, 91]):
        (folder / f"{number}.jpg").write_bytes(plain(quality=quality))
    (folder / "own.jpg").write_bytes(fixtures()["own tables"])
    (folder / "cut.jpg").write_bytes(fixtures()["cut off"])
    (folder / "cmyk.jpg").write_bytes(fixtures()["adobe cmyk"])
    (folder / "deep").mkdir()
    (folder / "deep" / "p.jpg").write_bytes(plain(progressive=True))
    (folder / "deep" / "big.png").write_bytes(file_bytes(smooth_picture(300, 400), "PNG"))
    (folder / "deep" / "notes.txt").write_text("x")
    (folder / ".hidden.jpg").write_bytes(plain())
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def below(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_file_is_there_once_and_the_counts_add_up(photos: Path):
    done = jpegproof.audit(photos)
    assert [file.name for file in done.files] == sorted(path.relative_to(photos).as_posix() for path in below(photos))
    assert done.treatments == {"use": 7, "use as libjpeg would": 1, "skip": 1, "leave out": 2}
    assert done.reasons == {"hidden": 1, "its name is no picture's": 1}
    assert done.formats == {"JPEG": 8, "PNG": 1}
    assert done.subsamplings == {"4:2:0": 6, "4:4:4": 1}
    assert done.scan_orders == {"sequential": 7, "progressive": 1}
    assert [row for row in done.qualities if any(row[1:])] == [
        ("10-19", 1, 0),
        ("75-79", 4, 0),
        ("90-94", 1, 1),
    ]
    assert done.megapixels == (0.00315, 0.00315, 0.12)
    assert done.kilobytes is not None
    assert done.kilobytes[2] == (photos / "deep" / "big.png").stat().st_size / 1000


def test_hazards_are_counted_with_examples(photos: Path):
    hazards = {each.hazard.name: (each.count, each.examples) for each in jpegproof.audit(photos).hazards}
    assert hazards["cut off"] == (1, ("cut.jpg",))
    assert hazards["own tables"] == (1, ("own.jpg",))
    assert hazards["partial blocks"] == (8, ("0.jpg", "1.jpg", "2.jpg"))
    assert set(hazards) == {"cut off", "own tables", "partial blocks", "CMYK"}


def test_a_study_uses_and_skips_what_the_audit_says(photos: Path):
    from jpegproof.data.folder import UnlabelledFolder
    from jpegproof.jpeg.intake import UnusablePictureError

    pictures, used, skipped = UnlabelledFolder(photos), set(), {}
    for index in range(len(pictures)):
        try:
            pictures.pixels(index)
            used.add(pictures.name(index))
        except UnusablePictureError as error:
            skipped[pictures.name(index)] = str(error)
    files = jpegproof.audit(photos).files
    uses = (Treatment.USE, Treatment.AS_LIBJPEG)
    assert {file.name for file in files if file.facts.treatment in uses} == used
    assert {file.name: file.facts.reason for file in files if file.facts.treatment is Treatment.SKIP} == skipped


def test_the_csv_has_a_row_for_every_file(photos: Path, tmp_path: Path):
    target = tmp_path / "new" / "audit.csv"
    jpegproof.audit(photos, csv=target)
    rows = {row["name"]: row for row in rows_of(target)}
    assert len(rows) == 11
    assert rows["0.jpg"] == {
        "path": "./0.jpg",
        "name": "0.jpg",
        "format": "JPEG",
        "size_in_bytes": str((photos / "0.jpg").stat().st_size),
        "width": "70",
        "height": "45",
        "colours": "RGB",
        "subsampling": "4:2:0",
        "progressive": "no",
        "scans": "1",
        "quality": "12",
        "fit_error": "0",
        "earlier_quality": "",
        "hazards": "partial blocks",
        "treatment": "use",
        "reason": "",
    }
    assert rows["cut.jpg"]["treatment"] == "skip"
    assert rows["cut.jpg"]["hazards"] == "cut off;partial blocks"
    assert "truncated" in rows["cut.jpg"]["reason"]
    assert (rows["deep/notes.txt"]["treatment"], rows["deep/notes.txt"]["size_in_bytes"]) == ("leave out", "")


NAMES = [b"caf\xe9.jpg", b"=1+1.jpg", b"-x.jpg", b"two\nlines.jpg", b"\x1b[31m.jpg", b'a;b, "c".jpg', b"100%41.jpg"]


def test_any_name_comes_back_from_the_csv(tmp_path: Path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in NAMES:
        Path(os.fsdecode(os.fsencode(photos) + b"/" + name)).write_bytes(plain())
    jpegproof.audit(photos, csv=tmp_path / "a.csv")
    rows = rows_of(tmp_path / "a.csv")
    assert {unquote_to_bytes(row["path"]).removeprefix(b"./") for row in rows} == set(NAMES)
    assert "caf\\xe9.jpg" in {row["name"] for row in rows}
    for row in rows:
        assert row["name"].isprintable()
        assert row["name"][0] not in "=-+@"
        assert row["path"].startswith("./")


def test_the_terminal_gets_no_control_characters_from_names(tmp_path: Path, capsys: Any, monkeypatch: Any):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "\x1b[31m.jpg").write_bytes(plain())
    assert main(["audit", "photos", "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert "\\x1b[31m.jpg" in printed
    assert "\x1b" not in printed


def test_the_command_prints_the_table_and_writes_beside_the_folder(photos: Path, capsys: Any, monkeypatch: Any):
    monkeypatch.chdir(photos.parent)
    before = below(photos)
    assert main(["audit", "photos", "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("photos: 11 files\n")
    assert "7 use, 2 leave out, 1 use as libjpeg would, 1 skip" in printed
    assert "8 JPEG, 1 PNG" in printed
    lines = [line.split() for line in printed.splitlines()]
    assert ["75-79", "4", "0", "#" * 40] in lines
    assert ["90-94", "1", "1", "#" * 10 + "-" * 10] in lines
    assert any(line[:4] == ["cut", "off", "1", "skip"] for line in lines)
    assert "a row for every file: out/audit-photos.csv" in printed
    assert len(rows_of(photos.parent / "out" / "audit-photos.csv")) == 11
    assert below(photos) == before


def test_inside_the_folder_no_file_is_written(photos: Path, capsys: Any, monkeypatch: Any):
    monkeypatch.chdir(photos / "deep")
    before = below(photos)
    assert main(["audit", "..", "--quiet"]) == 0
    assert "no CSV: it would lie in the audited folder" in capsys.readouterr().out
    assert below(photos) == before


def test_a_csv_in_the_folder_is_refused_wherever_links_lead(photos: Path, tmp_path: Path):
    (tmp_path / "link").symlink_to(photos, target_is_directory=True)
    before = below(photos)
    for target in (photos / "a.csv", photos / "new" / "a.csv", tmp_path / "link" / "a.csv"):
        with pytest.raises(StoreError, match="lies in the audited folder"):
            jpegproof.audit(photos, csv=target)
    assert below(photos) == before


def test_mistakes_are_told_with_exit_code_2(photos: Path, tmp_path: Path, capsys: Any):
    assert main(["audit", str(tmp_path / "gone")]) == 2
    assert "there is no such folder" in capsys.readouterr().err
    (tmp_path / "taken.csv").mkdir()
    assert main(["audit", str(photos), "--quiet", "--csv", str(tmp_path / "taken.csv")]) == 2
    assert "cannot be written" in capsys.readouterr().err
    with pytest.raises(DataError, match="is a file"):
        jpegproof.audit(photos / "0.jpg")


def test_an_empty_folder_is_audited_too(tmp_path: Path, capsys: Any):
    (tmp_path / "photos").mkdir()
    done = jpegproof.audit(tmp_path / "photos")
    assert (done.files, done.megapixels, done.hazards) == ((), None, [])
    assert main(["audit", str(tmp_path / "photos"), "--quiet", "--csv", str(tmp_path / "a.csv")]) == 0
    assert "0 files" in capsys.readouterr().out


def test_progress_hears_of_every_file(photos: Path):
    heard: list[Any] = []

    class Ear:
        def begin(self, total: int, finished: int) -> None:
            heard.append((total, finished))

        def advance(self) -> None:
            heard.append("one")

    jpegproof.audit(photos, progress=Ear())
    assert heard == [(11, 0), *["one"] * 11]


def test_a_jpeg_of_another_picture_is_no_concern(tmp_path: Path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(file_bytes(PICTURE, "GIF"))
    (file,) = jpegproof.audit(tmp_path / "photos").files
    assert (file.facts.format, file.facts.hazards, file.facts.treatment) == ("GIF", ("misnamed",), Treatment.USE)
