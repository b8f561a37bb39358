"""The check for files that give the answer away: it hears what is there, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from forensic_folders import biased, save

from jpegproof.data.format_check import ALL, tells
from jpegproof.data.format_note import format_notes
from jpegproof.data.real_fake_folder import RealFakeFolder
from jpegproof.jpeg.file_facts import FileFacts

PNG = FileFacts("PNG", 96, 96)
JPEG = FileFacts("JPEG", 96, 96, lossless=False, quality=80, tables="a", subsampling="4:2:0", progressive=False)


def heard(real: list[FileFacts], fake: list[FileFacts]) -> dict[str, tuple[float, float]]:
    found = tells([*real, *fake], [False] * len(real) + [True] * len(fake))
    return {tell.fact: (tell.accuracy, tell.low) for tell in found if tell.low > 0.53}


def varied(random: np.random.Generator, count: int) -> list[FileFacts]:
    """JPEGs of many sizes and qualities, as cameras and the web give them."""
    return [
        FileFacts(
            "JPEG" if random.random() < 0.8 else "PNG",
            int(random.integers(200, 900)),
            int(random.choice([240, 480, 600])),
            quality=int(random.integers(60, 99)),
            subsampling=str(random.choice(["4:2:0", "4:4:4"])),
            exif=bool(random.random() < 0.5),
        )
        for _ in range(count)
    ]


def test_png_fakes_among_jpeg_reals_are_caught_whole():
    found = heard([JPEG] * 200, [PNG] * 200)
    assert {"format", "JPEG quality", "subsampling", "quantisation tables", ALL} <= set(found)
    assert found[ALL][0] == found["format"][0] == 1.0
    assert found["format"][1] > 0.96
    assert not {"width", "height", "size", "colours", "EXIF"} & set(found)


def test_classes_count_alike_however_many_pictures_they_have():
    rarely = [PNG] * 12 + [JPEG] * 28
    found = {tell.fact: tell.accuracy for tell in tells([*[JPEG] * 400, *rarely], [False] * 400 + [True] * 40)}
    assert found["format"] == pytest.approx((1 + 12 / 40) / 2)


@pytest.mark.parametrize("count", [10, 20, 60, 300])
def test_fair_sets_are_hardly_ever_suspected(count: int):
    suspected = 0
    for seed in range(50):
        random = np.random.default_rng(seed)
        suspected += bool(heard(varied(random, count), varied(random, count)))
    assert suspected <= 1


def test_many_rare_values_alone_tell_nothing():
    """Every picture has a size of its own, which says with certainty what that one picture is."""
    random = np.random.default_rng(0)
    sizes = random.permutation(20_000)[:400] + 100
    facts = [FileFacts("PNG", int(size), 96) for size in sizes]
    assert heard(facts[:200], facts[200:]) == {}


def test_numbers_that_never_repeat_are_told_by_their_range():
    real, fake = ([FileFacts("PNG", start + 2 * k, 96) for k in range(60)] for start in (400, 601))
    assert heard(real, fake)["width"][0] > 0.9


def test_facts_that_each_say_little_add_up():
    random = np.random.default_rng(1)

    def made(count: int, lean: float) -> list[FileFacts]:
        draws = random.random((count, 4)) < lean
        return [
            FileFacts("PNG" if a else "BMP", 96 if b else 100, 96 if c else 100, colours="grey" if d else "colour")
            for a, b, c, d in draws
        ]

    found = {t.fact: t for t in tells([*made(500, 0.3), *made(500, 0.7)], [False] * 500 + [True] * 500)}
    assert found[ALL].accuracy > max(t.accuracy for t in found.values() if t.fact not in (ALL, "size")) + 0.03


def test_too_few_pictures_say_nothing():
    assert tells([JPEG, PNG, PNG], [False, True, True]) == []
    assert heard([JPEG] * 3, [PNG] * 3) == {}


def test_a_biased_set_has_a_note_and_a_fair_one_has_none(tmp_path: Path):
    (note,) = RealFakeFolder(biased(tmp_path / "biased")).notes
    assert "tells real from fake on 100 % of 40 pictures" in note
    assert "format: 100 %" in note
    assert "equalise" in note
    for index in range(20):
        for folder in ("0_real", "1_fake"):
            save(tmp_path / "fair" / folder / f"{index}.jpg", index, quality=80)
    assert RealFakeFolder(tmp_path / "fair").notes == ()


def test_what_no_model_sees_is_told_apart(tmp_path: Path):
    for index in range(20):
        save(tmp_path / "real" / f"{index}.jpg", index, progressive=True)
        save(tmp_path / "fake" / f"{index}.jpg", index)
    (note,) = RealFakeFolder(tmp_path).notes
    assert "that no model sees" in note
    assert "scan order: 100 %" in note


def test_files_that_are_no_pictures_are_passed_over(tmp_path: Path):
    root = biased(tmp_path)
    (root / "0_real" / "broken.jpg").write_bytes(b"broken")
    assert "of 40 pictures" in RealFakeFolder(root).notes[0]


def test_of_a_large_set_only_some_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("jpegproof.data.format_note.LOOKED_AT", 30)
    (note,) = format_notes(RealFakeFolder(biased(tmp_path)))
    assert "of 30 pictures" in note
