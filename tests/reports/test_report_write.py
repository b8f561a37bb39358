"""The files of a report."""

from __future__ import annotations

from pathlib import Path

import pytest
from synthetic_study import compressed, record, reference

from jpegproof.exceptions import StoreError
from jpegproof.reports.write import write_report

SMALL = record([reference(), compressed(44.6)])


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report that was written once."""
    return write_report(SMALL, tmp_path_factory.mktemp("study") / "out").parent


def test_a_report_has_tables_figures_and_a_page(written: Path):
    stem = "classification-photos-top1-jpeg-420-source"
    assert names(written) == sorted(
        [
            "report.html",
            *(f"figures/{stem}{kind}.{ending}" for kind in ("", "-loss") for ending in ("pdf", "png", "svg")),
            *(f"tables/{stem}{kind}.{ending}" for kind in ("", "-loss") for ending in ("csv", "md", "tex")),
            f"tables/paper-{stem}.tex",
            "tables/paper.tex",
        ]
    )


def test_a_second_report_of_a_study_replaces_the_first_with_the_same_files(written: Path):
    before = {name: (written / name).read_bytes() for name in names(written)}
    (written / "report.html").write_text("old")
    assert write_report(SMALL, written) == written / "report.html"
    assert {name: (written / name).read_bytes() for name in names(written)} == before


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "\ud800\x00"])
def test_no_name_leaves_the_folder(tmp_path: Path, name: str):
    out = tmp_path / "deep" / "er" / "out"
    write_report(record([compressed(44.6, dataset=name, task=name, metric=name, model=name)], title=name), out)
    assert {path.split("/")[0] for path in names(tmp_path)} == {"deep"}
    assert {path.parent.name for path in out.rglob("*") if path.is_file()} == {"out", "tables", "figures"}


def test_an_empty_study_has_a_page_and_nothing_else(tmp_path: Path):
    write_report(record(), tmp_path)
    assert names(tmp_path) == ["report.html"]


def test_a_folder_that_cannot_be_written_is_a_mistake_that_a_user_can_mend(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="choose a folder that you may write to"):
        write_report(record(), tmp_path / "file")


def test_a_folder_in_the_place_of_the_page_is_a_mistake_that_a_user_can_mend(tmp_path: Path):
    (tmp_path / "report.html").mkdir()
    with pytest.raises(StoreError, match="there is a folder of that name"):
        write_report(record(), tmp_path)


def test_writing_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    write_report(record([compressed(44.6, model="模型")]), tmp_path)
    assert capfd.readouterr() == ("", "")
