"""Pictures of a results folder on the page: while there is room, and only what is a picture."""

from __future__ import annotations

import io
from base64 import b64decode
from pathlib import Path

import pytest
from PIL import Image
from shown_folder import write_picture

from jpegproof.reports.page_pictures import PictureRoom


def content(uri: str) -> bytes:
    return b64decode(uri.partition("base64,")[2])


@pytest.mark.parametrize(("ending", "kind"), [("webp", "webp"), ("jpg", "jpeg"), ("png", "png")])
def test_a_picture_is_embedded_as_it_is(tmp_path: Path, ending, kind):
    file = write_picture(tmp_path / f"a.{ending}")
    found = PictureRoom().embed(tmp_path, file.name)
    assert found is not None
    assert found.uri.startswith(f"data:image/{kind};base64,")
    assert content(found.uri) == file.read_bytes()
    assert (found.width, found.height) == (48, 32)


def test_a_sheet_is_made_as_small_as_a_page_can_show(tmp_path: Path):
    write_picture(tmp_path / "sheet.png", size=(3200, 400))
    found = PictureRoom().embed_sheet(tmp_path, "sheet.png")
    assert found is not None
    with Image.open(io.BytesIO(content(found.uri))) as shown:
        assert (shown.format, shown.size) == ("WEBP", (1600, 200))
    assert (found.width, found.height) == (1600, 200)


def test_what_finds_no_room_is_named_and_smaller_ones_still_find_it(tmp_path: Path):
    Image.effect_noise((200, 200), 90).save(tmp_path / "large.png")
    write_picture(tmp_path / "small.png")
    room = PictureRoom(5_000)
    assert room.embed(tmp_path, "large.png") is None
    assert room.embed(tmp_path, "small.png") is not None
    assert room.left_out == [f"{tmp_path.name}/large.png"]


def test_room_is_used_up(tmp_path: Path):
    file = write_picture(tmp_path / "a.png")
    first = PictureRoom().embed(tmp_path, file.name)
    assert first is not None
    room = PictureRoom(2 * len(first.uri) - 1)
    assert [room.embed(tmp_path, "a.png") is None for _ in range(2)] == [False, True]


@pytest.mark.parametrize("name", ["../secret.png", "inner/../../secret.png"])
def test_no_file_outside_of_the_folder_is_read(tmp_path: Path, name):
    write_picture(tmp_path / "secret.png")
    (tmp_path / "sheets" / "inner").mkdir(parents=True)
    room = PictureRoom()
    assert room.embed(tmp_path / "sheets", name) is None
    assert room.left_out == [f"sheets/{name}"]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path):
    (tmp_path / "sheets").mkdir()
    (tmp_path / "sheets" / "a.png").symlink_to(write_picture(tmp_path / "secret.png"))
    assert PictureRoom().embed(tmp_path / "sheets", "a.png") is None


@pytest.mark.parametrize(
    "damaged", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", b"\x89PNG\r\n\x1a\n12"]
)
def test_what_is_no_picture_is_left_out_whatever_it_is_called(tmp_path: Path, damaged):
    (tmp_path / "a.png").write_bytes(damaged)
    assert PictureRoom().embed(tmp_path, "a.png") is None


def test_a_picture_that_is_cut_off_is_left_out(tmp_path: Path):
    whole = write_picture(tmp_path / "a.png", size=(200, 200)).read_bytes()
    (tmp_path / "a.png").write_bytes(whole[: len(whole) // 2])
    assert PictureRoom().embed(tmp_path, "a.png") is None


def test_a_picture_that_would_fill_the_memory_is_not_unpacked(tmp_path: Path):
    Image.new("1", (30_000, 30_000)).save(tmp_path / "bomb.png")
    assert PictureRoom().embed(tmp_path, "bomb.png") is None


def test_a_file_that_is_missing_is_left_out(tmp_path: Path):
    room = PictureRoom()
    assert room.embed(tmp_path, "none.png") is None
    assert room.left_out == [f"{tmp_path.name}/none.png"]
