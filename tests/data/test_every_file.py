"""Every file below a folder, each once, whatever links and hidden folders there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from jpegproof.data.every_file import HIDDEN, NO_PICTURE_NAME, OWN_RESULTS, every_file
from jpegproof.data.files import pictures_below
from jpegproof.exceptions import DataError


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def listed(root: Path) -> dict[str, str]:
    found = every_file(root)
    names = [path.relative_to(root).as_posix() for path, _ in found]
    assert names == sorted(set(names))
    assert [path for path, reason in found if not reason] == list(pictures_below(root))
    return dict(zip(names, (reason for _, reason in found), strict=True))


def test_every_file_is_there_with_the_reason_why_it_is_left_out(tmp_path: Path):
    touch(
        tmp_path, "a.jpg", "deep/b.PNG", "notes.txt", "deep/README", ".c.jpg", ".git/d.jpg", ".git/x/e", "deep/.f/g.jpg"
    )
    touch(tmp_path, "out/predictions/p", "out/plan.json", "out/figures/h.png", "out/.i/j.png")
    assert listed(tmp_path) == {
        "a.jpg": "",
        "deep/b.PNG": "",
        "notes.txt": NO_PICTURE_NAME,
        "deep/README": NO_PICTURE_NAME,
        ".c.jpg": HIDDEN,
        ".git/d.jpg": HIDDEN,
        ".git/x/e": HIDDEN,
        "deep/.f/g.jpg": HIDDEN,
        "out/predictions/p": OWN_RESULTS,
        "out/plan.json": OWN_RESULTS,
        "out/figures/h.png": OWN_RESULTS,
        "out/.i/j.png": HIDDEN,
    }


def test_linked_folders_are_followed_once_under_a_visible_name_first(tmp_path: Path):
    touch(tmp_path, "zoo/a.jpg", ".shadow/b.jpg")
    (tmp_path / ".loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / ".early").symlink_to(tmp_path / "zoo", target_is_directory=True)
    (tmp_path / "shown").symlink_to(tmp_path / ".shadow", target_is_directory=True)
    assert listed(tmp_path) == {"zoo/a.jpg": "", "shown/b.jpg": ""}


def test_a_folder_without_files_has_none(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    assert every_file(tmp_path) == []


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path):
    with pytest.raises(DataError, match="gone: cannot be read"):
        every_file(tmp_path / "gone")
