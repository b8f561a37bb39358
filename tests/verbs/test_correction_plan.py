"""Which file is corrected into which, by names alone; never over what is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jpegproof.exceptions import DataError, StoreError
from jpegproof.verbs import correction_plan
from jpegproof.verbs.correction_plan import plan_tasks, refuse_clashes


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def touch(*names: str) -> None:
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def planned(*inputs: str, out: str = "out") -> dict[str, str]:
    """Sources and their places below the output folder."""
    tasks = plan_tasks(inputs, Path(out), ".png")
    assert all(task.target == Path(out) / task.place for task in tasks)
    assert len({task.target for task in tasks}) == len(tasks)
    return {str(task.source): str(task.place) for task in tasks}


def test_a_folders_layout_is_kept(place: Path):
    touch("in/b.jpg", "in/deep/er/a.JPEG", "in/notes.txt", "in/.hidden/c.jpg")
    assert planned("in") == {"in/b.jpg": "b.png", "in/deep/er/a.JPEG": "deep/er/a.png"}


def test_files_land_in_the_output_folder_itself(place: Path):
    touch("one/a.jpg", "two/b", "two/c.2020")
    # Of an unusual name nobody knows where it ends.
    assert planned("one/a.jpg", "two/b", "two/c.2020") == {
        "one/a.jpg": "a.png",
        "two/b": "b.png",
        "two/c.2020": "c.2020.png",
    }


def test_names_that_would_be_the_same_keep_their_old_suffix(place: Path):
    touch("in/a.jpg", "in/a.jpeg", "in/b.jpg", "in/sub/a.jpg")
    assert planned("in") == {
        "in/a.jpeg": "a.jpeg.png",
        "in/a.jpg": "a.jpg.png",
        "in/b.jpg": "b.png",
        "in/sub/a.jpg": "sub/a.png",
    }


def test_a_name_that_is_taken_by_a_longer_one_is_no_clash(place: Path):
    touch("in/a.jpg", "in/a.jpeg", "in/a.jpg.jpg")
    assert planned("in") == {
        "in/a.jpeg": "a.jpeg.png",
        "in/a.jpg": "a.jpg.png",
        "in/a.jpg.jpg": "a.jpg.jpg.png",
    }


def test_upper_and_lower_case_are_told_apart_only_where_names_can(place: Path):
    touch("in/A.jpg", "in/a.jpeg")
    assert set(planned("in").values()) == {"A.jpg.png", "a.jpeg.png"}


def test_the_plan_does_not_depend_on_the_order_of_the_inputs(place: Path):
    touch("in/a.jpg", "in/a.jpeg", "b.jpg")
    assert planned("in", "b.jpg") == planned("b.jpg", "in")


def test_a_file_that_is_given_twice_is_corrected_once(place: Path):
    touch("in/a.jpg")
    assert planned("in/a.jpg", "in/a.jpg", "./in/../in/a.jpg", str(place / "in" / "a.jpg")) == {"in/a.jpg": "a.png"}
    assert planned("in", "in/") == {"in/a.jpg": "a.png"}


def test_a_folder_and_a_file_in_it_are_one_task(place: Path):
    touch("in/sub/a.jpg")
    assert planned("in", "in/sub/a.jpg") == {"in/sub/a.jpg": "sub/a.png"}


def test_a_folder_under_two_names_is_corrected_once(place: Path):
    touch("in/a.jpg")
    Path("again").symlink_to("in")
    assert list(planned("in", "again").values()) == ["a.png"]


def test_a_linked_picture_has_an_output_under_each_name(place: Path):
    touch("in/a.jpg")
    Path("in/b.jpg").symlink_to("a.jpg")
    assert planned("in") == {"in/a.jpg": "a.png", "in/b.jpg": "b.png"}


def test_different_files_of_one_name_are_refused(place: Path):
    touch("one/a.jpg", "two/a.jpg")
    with pytest.raises(DataError, match=r"one/a\.jpg and two/a\.jpg would both become a\.jpg\.png"):
        planned("one", "two")


def test_folders_that_link_in_circles_end(place: Path):
    touch("in/a.jpg")
    Path("in/circle").symlink_to("..")
    Path("in/itself").symlink_to("itself")
    assert planned("in", out="/tmp/elsewhere")["in/a.jpg"] == "a.png"


def test_a_picture_that_links_to_itself_is_planned_and_later_skipped(place: Path):
    touch("in/a.jpg")
    Path("in/loop.jpg").symlink_to("loop.jpg")
    assert planned("in")["in/loop.jpg"] == "loop.png"


def test_names_that_are_not_utf8_are_planned(place: Path):
    name = os.fsdecode(b"in/\xff\xfe.jpg")
    touch(name)
    assert planned("in") == {name: os.fsdecode(b"\xff\xfe.png")}


def test_missing_inputs_and_empty_folders_are_told(place: Path):
    with pytest.raises(DataError, match=r"gone\.jpg: there is no such file or folder"):
        planned("gone.jpg")
    Path("empty").mkdir()
    with pytest.raises(DataError, match="empty: holds no pictures"):
        planned("empty")
    with pytest.raises(DataError, match="no pictures are given"):
        planned()


@pytest.mark.parametrize("out", ["in", "in/out", "in/sub", ".", "link", "link/sub", "in/../in"])
def test_nothing_is_written_into_an_input_folder(place: Path, out: str):
    # With "." the folder in/in would be written into in/.
    touch("in/a.jpg", "in/sub/b.jpg", "in/in/c.jpg")
    Path("link").symlink_to("in")
    with pytest.raises(StoreError, match="into the input folder"):
        planned("in", out=out)


def test_an_output_folder_whose_subfolder_links_into_the_input_is_refused(place: Path):
    touch("in/sub/a.jpg")
    Path("out").mkdir()
    Path("out/sub").symlink_to("../in/sub")
    with pytest.raises(StoreError, match="into the input folder"):
        planned("in")


def test_the_folder_around_the_input_may_take_the_output(place: Path):
    touch("in/a.jpg")
    assert planned("in", out=".") == {"in/a.jpg": "a.png"}


def test_no_input_is_written_over(place: Path):
    touch("a.png", "b.jpg")
    with pytest.raises(StoreError, match=r"a\.png: is one of the inputs"):
        planned("a.png", "b.jpg", out=".")
    assert planned("b.jpg", out=".") == {"b.jpg": "b.png"}


def test_no_input_is_written_over_through_a_link(place: Path):
    touch("b.jpg")
    Path("out").mkdir()
    Path("out/b.png").symlink_to("../b.jpg")
    with pytest.raises(StoreError, match="is one of the inputs"):
        planned("b.jpg")


def test_no_input_is_written_over_under_another_name_of_it(place: Path):
    touch("b.jpg")
    Path("out").mkdir()
    Path("out/b.png").hardlink_to("b.jpg")
    with pytest.raises(StoreError, match="is one of the inputs"):
        planned("b.jpg")


# Where upper and lower case are the same


@pytest.fixture
def ignoring_case(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks files up as such a file system does, below the working folder."""
    exact = correction_plan._identity

    def looked_up(path: Path) -> tuple[int, int] | None:
        whole = Path(os.path.abspath(path))  # noqa: PTH100
        names = {str(found).casefold(): found for found in place.rglob("*")}
        return exact(names.get(str(whole).casefold(), whole))

    monkeypatch.setattr(correction_plan, "_identity", looked_up)
    monkeypatch.setattr(correction_plan, "ignores_case", lambda folder: True)


@pytest.mark.usefixtures("ignoring_case")
def test_the_input_folder_is_known_in_any_case(place: Path):
    touch("in/a.jpg")
    for out in ("IN", "In/out"):
        with pytest.raises(StoreError, match="into the input folder in"):
            planned("in", out=out)
    assert planned("in") == {"in/a.jpg": "a.png"}


@pytest.mark.usefixtures("ignoring_case")
def test_the_input_is_known_in_any_case(place: Path):
    touch("one/A.PNG")
    with pytest.raises(StoreError, match=r"one/A\.png: is one of the inputs"):
        planned("one/A.PNG", out="one")


def tasks_of(*inputs: str) -> list[correction_plan.Task]:
    tasks = plan_tasks(inputs, Path("out"), ".png")
    for task in tasks:
        task.target.parent.mkdir(parents=True, exist_ok=True)
    return tasks


@pytest.mark.usefixtures("ignoring_case")
@pytest.mark.parametrize("twins", [("in/a.jpg", "in/A.jpg"), ("in/sub/a.jpg", "in/SUB/a.jpg")])
def test_two_inputs_never_become_one_output(place: Path, twins: tuple[str, str]):
    touch(*twins)
    with pytest.raises(DataError, match="upper and lower case are the same"):
        refuse_clashes(tasks_of("in"))


def test_where_case_matters_both_have_an_output(place: Path):
    touch("in/a.jpg", "in/A.jpg")
    tasks = tasks_of("in")
    refuse_clashes(tasks)
    assert len(tasks) == 2
