"""COCO's layout: where its parts are, what they say, and what is refused."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jpeg_files import file_bytes, smooth_picture

from jpegproof.data.coco import CocoPictures
from jpegproof.data.find import open_pictures
from jpegproof.data.folder import UnlabelledFolder
from jpegproof.exceptions import DataError, MissingExtraError
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.tasks.masks import decode_mask, encode_mask

HEIGHT, WIDTH = 20, 30
BLOB = np.zeros((HEIGHT, WIDTH), dtype=bool)
BLOB[3:9, 4:20] = True
BLOB[5, 6] = False


def uncompressed(mask: np.ndarray) -> dict[str, Any]:
    """Run lengths, column by column, from the background on."""
    flat = np.concatenate([[False], mask.T.ravel(), [not mask[-1, -1]]])
    ends = np.flatnonzero(np.diff(flat.astype(int)) != 0)
    return {"size": list(mask.shape), "counts": np.diff(np.concatenate([[0], ends])).tolist()}


POLYGONS = [[2.5, 2.0, 12.0, 3.5, 8.0, 15.25], [20.0, 5.0, 28.0, 5.0, 28.0, 12.0, 20.0, 12.0]]
SEGMENTATIONS: dict[str, Any] = {
    "polygons": POLYGONS,
    "run lengths": uncompressed(BLOB),
    "compressed run lengths": {"size": [HEIGHT, WIDTH], "counts": encode_mask(BLOB).decode("ascii")},
}


def annotation(identity: int, picture: int, category: int = 3, **more: Any) -> dict[str, Any]:
    stated = {"bbox": [4.0, 3.0, 16.0, 6.0], "area": 95.0, "iscrowd": 0, "segmentation": POLYGONS}
    return {"id": identity, "image_id": picture, "category_id": category, **stated, **more}


def data_set() -> dict[str, Any]:
    """Three pictures, listed out of order: 5 has two objects, 9 none, 12 one."""
    files = {12: "c.png", 5: "a.png", 9: "b.png"}
    return {
        "images": [{"id": key, "file_name": name, "height": HEIGHT, "width": WIDTH} for key, name in files.items()],
        "categories": [{"id": 3, "name": "boat"}, {"id": 17, "name": "cat"}],
        "annotations": [
            annotation(2, 5, 17, segmentation=SEGMENTATIONS["run lengths"], iscrowd=1),
            annotation(1, 12, segmentation=SEGMENTATIONS["compressed run lengths"], area=12.5),
            annotation(7, 5),
        ],
    }


def pictures_at(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(names):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(file_bytes(smooth_picture(HEIGHT, WIDTH, seed), "PNG"))


def written(root: Path, content: Any = None, file: str = "instances.json", pictures: str = "images") -> Path:
    pictures_at(root / pictures, "a.png", "b.png", "c.png")
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data_set() if content is None else content))
    return root


def names(pictures: Any) -> list[str]:
    return [pictures.name(index) for index in range(len(pictures))]


# What it says


def test_pictures_stand_in_the_order_of_their_ids_with_their_objects(tmp_path: Path):
    pictures = CocoPictures(written(tmp_path))
    assert names(pictures) == ["a.png", "b.png", "c.png"]
    assert dict(pictures.categories) == {3: "boat", 17: "cat"} == pictures.class_names
    assert (pictures.task, pictures.notes) == ("detection", ())
    first, empty, last = (pictures.target(index) for index in range(3))
    assert first.size == (HEIGHT, WIDTH)
    assert first.boxes.tolist() == [[4, 3, 20, 9]] * 2
    assert (first.labels.tolist(), first.crowd.tolist(), first.areas.tolist()) == ([17, 3], [True, False], [95, 95])
    assert (last.labels.tolist(), last.crowd.tolist(), last.areas.tolist()) == ([3], [False], [12.5])
    assert (len(empty), empty.boxes.shape, empty.masks) == (0, (0, 4), ())
    assert (pictures.pixels(1) == smooth_picture(HEIGHT, WIDTH, 1)).all()


@pytest.mark.parametrize("kind", SEGMENTATIONS)
def test_masks_are_what_pycocotools_makes_of_the_same_annotation(kind: str, tmp_path: Path):
    from pycocotools.coco import COCO

    content = {**data_set(), "annotations": [annotation(1, 12, segmentation=SEGMENTATIONS[kind])]}
    target = CocoPictures(written(tmp_path, content)).target(2)
    with redirect_stdout(StringIO()):
        theirs = COCO(str(tmp_path / "instances.json"))
    assert target.masks is not None
    ours = decode_mask(target.masks[0], target.size)
    assert (ours == theirs.annToMask(theirs.loadAnns([1])[0]).astype(bool)).all()
    assert (ours == BLOB).all() == (kind != "polygons")
    assert ours.any()


def test_what_is_not_stated_is_taken_from_the_mask_or_else_the_box(tmp_path: Path):
    bare = {"id": 1, "image_id": 5, "category_id": 3, "bbox": [1, 2, 10, 4]}
    masked = {**bare, "segmentation": SEGMENTATIONS["run lengths"]}
    target = CocoPictures(written(tmp_path / "masks", {**data_set(), "annotations": [masked]})).target(0)
    assert (target.areas.tolist(), target.crowd.tolist()) == ([BLOB.sum()], [False])
    target = CocoPictures(written(tmp_path / "boxes", {**data_set(), "annotations": [bare]})).target(0)
    assert (target.areas.tolist(), target.masks) == ([40.0], None)


@pytest.mark.parametrize("nothing", [None, [], {}, [[]]])
def test_where_some_objects_have_no_mask_none_is_used_and_a_note_says_so(nothing: Any, tmp_path: Path):
    content = data_set()
    content["annotations"][1]["segmentation"] = nothing
    pictures = CocoPictures(written(tmp_path, content))
    assert [pictures.target(index).masks for index in range(3)] == [None] * 3
    assert pictures.notes == ("1 of 3 objects have no mask; boxes alone are used.",)


def test_boxes_need_no_pycocotools_and_masks_name_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pycocotools", None)
    plain = [annotation(1, 5, segmentation=[])]
    assert len(CocoPictures(written(tmp_path / "boxes", {**data_set(), "annotations": plain})).target(0)) == 1
    with pytest.raises(MissingExtraError, match=r"jpegproof\[detection\]"):
        CocoPictures(written(tmp_path / "masks")).target(0)


def test_ids_may_be_texts(tmp_path: Path):
    content = json.loads(json.dumps(data_set()).replace('"image_id": 5', '"image_id": "five"'))
    content["images"][1]["id"] = "five"
    assert names(CocoPictures(written(tmp_path, content))) == ["b.png", "c.png", "a.png"]


def test_pictures_without_any_annotation_are_a_data_set(tmp_path: Path):
    pictures = CocoPictures(written(tmp_path, {**data_set(), "annotations": []}))
    assert [len(pictures.target(index)) for index in range(3)] == [0, 0, 0]


# Where its parts are


@pytest.mark.parametrize(
    ("file", "pictures", "opened"),
    [
        ("instances.json", "images", "."),
        ("labels.json", ".", "."),
        ("annotations/instances_val2017.json", "val2017", "."),
        ("annotations/instances_val2017.json", "val2017", "val2017"),
        ("annotations/instances_val2017.json", "images/val2017", "."),
        ("annotations/instances_default.json", "images", "."),
    ],
)
def test_the_layout_is_told_from_where_the_annotations_are(file: str, pictures: str, opened: str, tmp_path: Path):
    (written(tmp_path, file=file, pictures=pictures) / "notes.json").write_text('{"images": 3}')
    found = open_pictures(tmp_path / opened)
    assert isinstance(found, CocoPictures)
    assert names(found) == ["a.png", "b.png", "c.png"]
    assert found.target(0).labels.tolist() == [17, 3]


def test_of_two_splits_the_one_with_pictures_is_meant(tmp_path: Path):
    written(tmp_path, file="annotations/instances_val2017.json", pictures="val2017")
    (tmp_path / "annotations" / "instances_train2017.json").write_text("{}")
    assert len(CocoPictures(tmp_path)) == 3


def test_of_two_splits_with_pictures_one_must_be_named(tmp_path: Path):
    for split in ("train2017", "val2017"):
        written(tmp_path, file=f"annotations/instances_{split}.json", pictures=split)
    with pytest.raises(DataError, match=r"has several annotations files, .*train2017.json, .*open one .*/val2017, or"):
        open_pictures(tmp_path)
    assert len(open_pictures(tmp_path / "train2017")) == 3
    assert len(CocoPictures(tmp_path, tmp_path / "annotations" / "instances_val2017.json")) == 3


def test_annotations_may_be_anywhere_when_named(tmp_path: Path):
    written(tmp_path, file="elsewhere/labels.json", pictures="photos")
    assert len(CocoPictures(tmp_path / "photos", tmp_path / "elsewhere" / "labels.json")) == 3


def test_a_folder_without_annotations_is_another_layout(tmp_path: Path):
    pictures_at(tmp_path, "a.png")
    (tmp_path / "other.json").write_text('{"images": [], "annotations": []}')
    assert isinstance(open_pictures(tmp_path), UnlabelledFolder)
    with pytest.raises(DataError, match="holds no pictures with annotations in COCO's instances format; put the JSON"):
        open_pictures(tmp_path, "coco")


# Single pictures that cannot be used


def test_a_missing_picture_does_not_stop_the_others(tmp_path: Path):
    written(tmp_path)
    (tmp_path / "images" / "b.png").unlink()
    pictures = CocoPictures(tmp_path)
    with pytest.raises(UnusablePictureError, match="cannot be read: No such file"):
        pictures.pixels(1)
    assert pictures.pixels(2).shape == (HEIGHT, WIDTH, 3)
    assert (len(pictures), pictures.size_in_bytes(1)) == (3, 0)
    assert pictures.identity(1).startswith("unreadable: No such file")


def test_without_any_of_the_pictures_the_folder_is_the_mistake(tmp_path: Path):
    written(tmp_path)
    (tmp_path / "images").rename(tmp_path / "photos")
    with pytest.raises(DataError, match=r"none of its 3 pictures is there, such as a\.png; looked in"):
        CocoPictures(tmp_path)


def test_a_picture_of_another_size_than_annotated_cannot_be_used(tmp_path: Path):
    written(tmp_path)
    (tmp_path / "images" / "a.png").write_bytes(file_bytes(smooth_picture(WIDTH, HEIGHT, 0), "PNG"))
    with pytest.raises(UnusablePictureError, match="is 20 x 30 pixels, but annotated as one of 30 x 20"):
        CocoPictures(tmp_path).pixels(0)


# Identity


def test_an_identity_is_that_of_the_file_wherever_it_is_named_from(tmp_path: Path):
    """So that a picture that was learned from in another layout is seen to be the same."""
    written(tmp_path)
    alone = UnlabelledFolder(tmp_path / "images")
    for index in range(3):
        assert CocoPictures(tmp_path).identity(index) == alone.identity(index)


def test_a_truth_is_told_apart_from_another_of_the_same_picture(tmp_path: Path):
    before = [CocoPictures(written(tmp_path)).target(index).describe() for index in range(3)]
    content = data_set()
    content["annotations"][1]["area"] = 13.0
    after = [CocoPictures(written(tmp_path, content)).target(index).describe() for index in range(3)]
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, True, False]


# What is refused


def changed(place: str, index: int, **values: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        content[place][index].update(values)

    return change


def without(place: str, index: int, key: str) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        del content[place][index][key]

    return change


RUNS = SEGMENTATIONS["run lengths"]
MISTAKES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "unknown category": (changed("annotations", 1, category_id=4), r"annotations\[1\] \(id 1\): category_id 4 is not"),
    "absent picture": (changed("annotations", 0, image_id=6), r"annotations\[0\] \(id 2\): image_id 6 is not among"),
    "no picture": (without("annotations", 0, "image_id"), r"annotations\[0\] \(id 2\): has no image_id; add it"),
    "two things missing": (without("images", 0, "height"), r"images\[0\] \(id 12\): has no height; add it"),
    "outside": (
        changed("annotations", 2, bbox=[31, 0, 4, 4]),
        r"bbox .* lies outside a\.png, 30 x 20; correct the box",
    ),
    "above": (changed("annotations", 2, bbox=[0, -9, 4, 4]), r"bbox .* lies outside a\.png"),
    "negative width": (changed("annotations", 2, bbox=[9, 9, -4, 4]), r"is not \[left, top, width, height\]"),
    "short box": (changed("annotations", 2, bbox=[9, 9, 4]), r"is not \[left, top, width, height\]"),
    "endless box": (changed("annotations", 2, bbox=[9, 9, 4, float("inf")]), r"is not \[left, top, width, height\]"),
    "box of text": (changed("annotations", 2, bbox=["9", 9, 4, 4]), r"is not \[left, top, width, height\]"),
    "negative area": (changed("annotations", 2, area=-1), "area -1 is no number of square pixels"),
    "unknown area": (changed("annotations", 2, area=float("nan")), "area nan is no number"),
    "half a crowd": (changed("annotations", 2, iscrowd=2), "iscrowd 2 is neither 0 nor 1"),
    "odd annotation id": (changed("annotations", 2, id=[1]), r"annotations\[2\]: id \[1\] is neither"),
    "twice an annotation": (changed("annotations", 2, id=1), r"annotations\[2\]: id 1 is that of annotations\[1\] too"),
    "twice a picture": (changed("images", 2, id=5), r"images\[2\]: id 5 is that of images\[1\] too; give each its own"),
    "twice a file": (changed("images", 2, file_name="a.png"), r"images\[2\]: file_name 'a.png' is that of images\[1\]"),
    "twice a category": (changed("categories", 1, id=3), r"categories\[1\]: id 3 is that of categories\[0\] too"),
    "nameless category": (changed("categories", 1, name=3), r"categories\[1\] \(id 17\): needs a whole number as id"),
    "no height": (changed("images", 0, height=0), "height 0 and width 30 are not whole numbers of pixels above 0"),
    "half a pixel": (changed("images", 0, width=30.5), "width 30.5 are not whole numbers"),
    "way out": (changed("images", 0, file_name="../c.png"), "file_name '../c.png' is no path below the picture folder"),
    "absolute": (changed("images", 0, file_name="/c.png"), "file_name '/c.png' is no path below"),
    "line for a polygon": (
        changed("annotations", 2, segmentation=[[1, 2, 3, 4]]),
        "polygon that is not .* three points",
    ),
    "odd polygon": (changed("annotations", 2, segmentation=[[1, 2, 3, 4, 5, 6, 7]]), "polygon that is not"),
    "far polygon": (changed("annotations", 2, segmentation=[[1, 2, 3, 4, 5, 1e9]]), "corner far outside the picture"),
    "other size": (changed("annotations", 0, segmentation={**RUNS, "size": [30, 20]}), r"size \[30, 20\], the picture"),
    "too few runs": (
        changed("annotations", 0, segmentation={**RUNS, "counts": [5, 5]}),
        "counts are of 10 pixels, and the",
    ),
    "negative runs": (
        changed("annotations", 0, segmentation={**RUNS, "counts": [605, -5]}),
        "counts are no run lengths",
    ),
    "broken text": (changed("annotations", 0, segmentation={**RUNS, "counts": "o"}), "counts are no run lengths"),
    "no counts": (
        changed("annotations", 0, segmentation={"size": [20, 30]}),
        "neither a list of polygons nor run lengths",
    ),
    "no entry": (lambda content: content["images"].append(7), r"images\[3\]: is no object of JSON"),
    "no pictures": (lambda content: content.update(images=[], annotations=[]), "lists no pictures"),
    "other format": (
        lambda content: content.pop("categories"),
        "is not in COCO's instances format, which has the lists",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_place(mistake: str, tmp_path: Path):
    change, message = MISTAKES[mistake]
    content = copy.deepcopy(data_set())
    change(content)
    written(tmp_path, content)
    with pytest.raises(DataError, match=message) as caught:
        CocoPictures(tmp_path, tmp_path / "instances.json")
    assert str(caught.value).startswith(f"{tmp_path / 'instances.json'}: ")


def test_many_mistakes_are_counted_and_the_first_ones_named(tmp_path: Path):
    content = data_set()
    content["annotations"] = [annotation(number + 1, 5, 4) for number in range(1234)]
    with pytest.raises(DataError, match=r"json: 1,234 mistakes\.\n  annotations\[0\]") as caught:
        CocoPictures(written(tmp_path, content))
    assert str(caught.value).splitlines()[-1] == "  and 1,229 more"
    assert len(str(caught.value).splitlines()) == 7


@pytest.mark.parametrize("text", ["", '{"images": [', "\x00", '"images" "annotations" "categories"'])
def test_a_broken_file_is_told_from_a_wrong_one(text: str, tmp_path: Path):
    (written(tmp_path) / "instances.json").write_text(text)
    with pytest.raises(
        DataError, match=r"instances.json: is no whole JSON file \(line 1, column \d+: .*export it again"
    ):
        CocoPictures(tmp_path, tmp_path / "instances.json")


def test_a_file_of_another_encoding_or_depth_is_no_json(tmp_path: Path):
    for content in (b"\xff\xfe\xfa", b"[" * 200_000):
        (written(tmp_path) / "instances.json").write_bytes(content)
        with pytest.raises(DataError, match=r"is no JSON text"):
            CocoPictures(tmp_path, tmp_path / "instances.json")


def test_a_missing_annotations_file_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"gone\.json: cannot be read: No such file or directory; check the path"):
        CocoPictures(written(tmp_path), tmp_path / "gone.json")


def test_a_box_may_reach_beyond_its_picture(tmp_path: Path):
    content = {**data_set(), "annotations": [annotation(1, 5, bbox=[-5, -5, 100, 100])]}
    assert CocoPictures(written(tmp_path, content)).target(0).boxes.tolist() == [[-5, -5, 95, 95]]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_run_lengths_of_every_mask_are_read(tmp_path_factory: pytest.TempPathFactory, seed: int, share: float):
    mask = np.random.default_rng(seed).random((HEIGHT, WIDTH)) < share
    counts = encode_mask(mask).decode("ascii")
    content = data_set()
    content["annotations"] = [
        annotation(1, 5, segmentation={"size": [HEIGHT, WIDTH], "counts": counts}),
        annotation(2, 5, segmentation=uncompressed(mask)),
    ]
    target = CocoPictures(written(tmp_path_factory.mktemp("masks"), content)).target(0)
    assert target.masks == (counts.encode(), counts.encode())
