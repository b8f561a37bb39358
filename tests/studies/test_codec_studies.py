"""Studies with other codecs: beside JPEG, at its bytes, without correctors."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PIL import features
from pydantic import ValidationError
from small_study import prediction_files, run_here, study_spec

from jpegproof.analysis.codecs import study_codecs
from jpegproof.analysis.stored import read_cells
from jpegproof.cli.summary import print_summary
from jpegproof.studies.spec import CompressionSpec
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store
from jpegproof.verbs.report import report

CODEC = "webp"
pytestmark = pytest.mark.skipif(not features.check(CODEC), reason="this Pillow has no WebP")
BOTH = {"qualities": [10, 20, 50], "codecs": ["jpeg", CODEC]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("codecs")
    run_here(study_spec(root, corrector=True, compression=BOTH), root / "out")
    return root / "out"


def test_jpegs_cells_are_those_of_a_study_without_other_codecs(folder: Path):
    alone = run_here(study_spec(folder.parent, corrector=True, qualities=(10, 20, 50)), folder.parent / "alone")
    held = prediction_files(folder)
    assert prediction_files(folder.parent / "alone").items() <= held.items()
    assert len(held) == len(alone.plan.cells) + 3


def test_a_corrector_has_no_cells_on_what_is_no_jpeg(folder: Path):
    plan = study_status(folder).plan
    others = [cell for cell in plan.cells if plan.compressions[cell.compression].codec == CODEC]
    assert {plan.edges[cell.edge].corrector for cell in others} == {"identity"}
    assert {plan.compressions[cell.compression].quality for cell in others} == {10, 20, 50}


def test_the_bytes_that_were_matched_are_recorded_picture_by_picture(folder: Path):
    status = study_status(folder)
    sizes = {}
    for number, compression in enumerate(status.plan.compressions):
        table = read_cells(Store(folder), status.plan.cells_of(0, number), [])
        sizes[compression.codec, compression.quality] = table["bytes"].to_pylist()
        assert set(table["pixels"].to_pylist()) == {50 * 60}
        assert all(table["file_bytes"].is_valid().to_pylist()) == compression.is_original
    for quality in (10, 20, 50):
        for other, jpeg in zip(sizes[CODEC, quality], sizes["jpeg", quality], strict=True):
            assert other == pytest.approx(jpeg, rel=0.15)


def test_codecs_are_compared_at_equal_bytes(folder: Path):
    status = study_status(folder)
    rows = study_codecs(status.plan, Store(folder), status.finished)
    assert {(row.codec, row.quality, row.metric) for row in rows} == {
        (CODEC, quality, metric) for quality in (10, 20, 50) for metric in ("top1", "agreement")
    }
    for row in rows:
        assert row.difference == pytest.approx(row.value - row.jpeg)
        assert 0 <= row.off <= row.off_most < 15
        assert row.n == 6
        assert row.bytes_per_image == pytest.approx(row.jpeg_bytes_per_image, rel=0.1)


def test_a_report_tells_codecs_apart(folder: Path, capsys: pytest.CaptureFixture[str]):
    done = report(folder)
    print_summary(done)
    printed = capsys.readouterr().out
    assert "tiny on pictures: top1, %, webp at the bytes of JPEG (n = 6)" in printed
    own = [row for row in done.results if (row.metric, row.mitigation) == ("agreement", "none")]
    jpeg = {row.quality: row.value for row in own if row.codec == "jpeg"}
    line = next(line for line in printed.split("agreement, % (n = 6)")[1].splitlines() if line.startswith("  none"))
    assert [float(number) for number in line.split()[1:]] == [pytest.approx(jpeg[q], abs=0.05) for q in (10, 20, 50)]
    found = {(row.codec, row.quality, row.mitigation) for row in done.results if row.metric == "top1"}
    assert {key for key in found if key[0] == CODEC} == {(CODEC, quality, "none") for quality in (10, 20, 50)}
    with (folder / "codecs.csv").open(newline="") as file:
        assert {row["codec"] for row in csv.DictReader(file)} == {CODEC}
    assert "WebP against JPEG at equal bytes" in (folder / "tables" / "codecs.md").read_text()
    pooled = [row for row in done.gaps if "+" in row.quality]
    assert {(row.codec, row.quality) for row in pooled} == {("jpeg", "10+20")}


@pytest.mark.parametrize("wrong", [["webp"], ["jpeg", "jpeg"], ["jpeg", "gif"], []])
def test_codecs_that_a_study_cannot_have_are_refused(wrong: list[str]):
    with pytest.raises(ValidationError, match="codecs"):
        CompressionSpec.model_validate({"codecs": wrong})


def test_own_tables_have_no_bytes_of_a_quality():
    with pytest.raises(ValidationError, match="leave tables or codecs out"):
        CompressionSpec.model_validate({"codecs": ["jpeg", CODEC], "tables": [(1,) * 64]})
