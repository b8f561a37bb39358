"""What the originals' files are, counted from their headers."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from jpegproof.jpeg.file_facts import FileFacts
from jpegproof.studies import original_files as module
from jpegproof.studies.original_files import OriginalFiles, original_files


class Pictures:
    """A set of which only the facts of files are asked."""

    def __init__(self, *kinds: tuple[str, int | None] | None) -> None:
        self.asked: list[int] = []
        self._kinds = kinds

    def facts(self, index: int) -> FileFacts | None:
        self.asked.append(index)
        kind = self._kinds[index]
        return None if kind is None else FileFacts(kind[0], 4, 4, quality=kind[1])


def counted(pictures: Any, chosen: list[int]) -> OriginalFiles:
    return original_files(pictures, chosen)


def test_formats_and_qualities_are_counted_and_what_cannot_be_told_is_not():
    pictures = Pictures(("JPEG", 75), ("PNG", None), None, ("JPEG", 40), ("JPEG", 75))
    files = counted(pictures, [0, 1, 2, 3, 4])
    assert files == OriginalFiles({"JPEG": 3, "PNG": 1}, {40: 1, 75: 2})
    assert (files.pictures, files.jpegs) == (4, 3)
    assert [files.at_most(quality) for quality in (39, 40, 74, 75, 100)] == [0, 1, 1, 3, 3]


def test_only_the_chosen_pictures_are_looked_at_and_of_many_some_from_all_over(monkeypatch: pytest.MonkeyPatch):
    pictures = Pictures(*[("JPEG", 90)] * 12)
    counted(pictures, [1, 5, 7])
    assert pictures.asked == [1, 5, 7]
    monkeypatch.setattr(module, "LOOKED_AT", 4)
    pictures.asked.clear()
    counted(pictures, list(range(12)))
    assert pictures.asked == [0, 3, 6, 9]


def test_sets_without_files_and_empty_ones_have_nothing_to_count():
    assert counted(object(), [0, 1]) == OriginalFiles()
    assert counted(Pictures(), []).pictures == 0


def test_it_survives_json():
    files = OriginalFiles({"JPEG": 3}, {40: 1, 75: 2})
    assert OriginalFiles.from_json(json.loads(json.dumps(asdict(files)))) == files
    assert OriginalFiles.from_json({}) == OriginalFiles()
