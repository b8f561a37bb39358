"""Annotations that stay in their file say, picture by picture, what the file says when it is read whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from real_photographs import real_folder

from jpegproof.data import coco_annotations, json_stream
from jpegproof.data.coco_annotations import CocoAnnotations, looks_like_annotations, read_annotations
from jpegproof.exceptions import DataError

HEIGHT, WIDTH = 40, 60
COORDINATES = st.floats(0, HEIGHT) | st.integers(0, HEIGHT)
POLYGONS = st.lists(st.lists(COORDINATES, min_size=3, max_size=6).map(lambda some: some * 2), min_size=1, max_size=3)
RUNS = st.integers(0, HEIGHT * WIDTH).map(
    lambda first: {"size": [HEIGHT, WIDTH], "counts": [first, HEIGHT * WIDTH - first], "of": "é"}
)
IDS = st.integers() | st.text(max_size=3)


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """A data set without mistakes, its parts in any order, annotations of all pictures mixed."""
    pictures = draw(st.lists(IDS, min_size=1, max_size=5, unique=True))
    kinds = draw(st.lists(st.integers(-(10**20), 10**20), min_size=1, max_size=4, unique=True))
    own = draw(st.lists(IDS, max_size=8, unique=True))
    annotations = []
    for identity in own:
        box = [draw(COORDINATES) for _ in range(4)]
        given = {"bbox": box, "image_id": draw(st.sampled_from(pictures)), "category_id": draw(st.sampled_from(kinds))}
        more: dict[str, Any] = {
            "id": identity,
            "area": draw(st.none() | st.floats(0, 1e9) | st.integers(0, 10**9)),
            "iscrowd": draw(st.sampled_from([0, 1, False, True])),
            "segmentation": draw(POLYGONS | RUNS | st.sampled_from([None, [], {}, [[]]])),
            "attributes": {"occluded": "ü"},
        }
        for key in draw(st.sets(st.sampled_from(sorted(more)))):
            del more[key]
        annotations.append({**given, **more})
    images = [{"id": key, "file_name": f"{place}é.png", "height": HEIGHT, "width": WIDTH}
              for place, key in enumerate(pictures)]  # fmt: skip
    categories = [{"id": key, "name": draw(st.text())} for key in kinds]
    parts = {"images": images, "annotations": annotations, "categories": categories, "info": {"images": [1]}}
    return {part: parts[part] for part in draw(st.permutations(sorted(parts)))}


def expected(path: Path) -> list[Any]:
    """What a file says, read whole and gone through in plain loops."""
    content = json.loads(path.read_bytes())
    pictures = []
    for image in sorted(content["images"], key=lambda image: (isinstance(image["id"], str), image["id"])):
        objects = []
        for item in content["annotations"]:
            if item["image_id"] == image["id"]:
                segmentation = item.get("segmentation")
                objects.append(
                    (
                        tuple(float(value) for value in item["bbox"]),
                        item["category_id"],
                        item.get("iscrowd", 0) == 1,
                        None if item.get("area") is None else float(item["area"]),
                        None if segmentation in (None, [], {}, [[]]) else segmentation,
                    )
                )
        pictures.append((image["file_name"], (image["height"], image["width"]), objects))
    return [{item["id"]: item["name"] for item in content["categories"]}, pictures]


def said(content: CocoAnnotations) -> list[Any]:
    pictures = [
        (
            content.file_name(index),
            content.size(index),
            [(one.box, one.category, one.crowd, one.area, one.segmentation) for one in content.objects(index)],
        )
        for index in range(len(content))
    ]
    return [dict(content.categories), pictures]


def counts(content: list[Any]) -> tuple[int, int]:
    objects = [one for _, _, objects in content[1] for one in objects]
    return len(objects), sum(one[-1] is not None for one in objects)


@pytest.fixture
def remembering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder in which also small files, written just now, are remembered."""
    monkeypatch.setenv("JPEGPROOF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("jpegproof.data.cache_folder.SETTLED_NS", -1)
    monkeypatch.setattr(coco_annotations, "_WORTH_REMEMBERING", 0)
    return tmp_path / "cache"


def data_set(pictures: int = 3, **more: Any) -> dict[str, Any]:
    polygon = [[1, 2, 30.25, 4, 5, 6.1]]
    return {
        "annotations": [
            {"id": number, "image_id": number % pictures, "category_id": 1, "bbox": [1, 2, 3, 4.5]}
            | {"segmentation": polygon}
            for number in range(4 * pictures)
        ],
        "images": [
            {"id": number, "file_name": f"{number}.png", "height": HEIGHT, "width": WIDTH} for number in range(pictures)
        ],
        "categories": [{"id": 1, "name": "cat"}],
    } | more


@settings(max_examples=60)
@given(
    contents(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.booleans(), st.sampled_from([20, 100, 1 << 20])
)
def test_objects_are_those_of_the_file_read_whole_with_and_without_a_cache(
    tmp_path_factory: pytest.TempPathFactory, content: Any, encoding: str, is_ascii: bool, stretch: int
):
    folder = tmp_path_factory.mktemp("random")
    path = folder / "instances.json"
    path.write_bytes(json.dumps(content, ensure_ascii=is_ascii).encode(encoding, "surrogatepass"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JPEGPROOF_CACHE", str(folder / "cache"))
        patch.setattr(json_stream, "_STRETCH", stretch)
        patch.setattr("jpegproof.data.cache_folder.SETTLED_NS", -1)
        for least in (1 << 20, 0, 0):  # in memory, written and mapped, mapped again
            patch.setattr(coco_annotations, "_WORTH_REMEMBERING", least)
            found = read_annotations(path)
            assert repr(said(found)) == repr(expected(path))
            assert (found.object_count, found.masked_count) == counts(expected(path))
    assert len(list((folder / "cache").rglob("*.arrow"))) == 1


@pytest.mark.real
def test_cocos_own_annotations_are_those_of_the_file_read_whole(remembering: Path):
    path = real_folder() / "coco" / "instances.json"
    for _ in range(2):
        assert repr(said(read_annotations(path))) == repr(expected(path))


def test_a_file_that_was_read_before_is_not_read_again(
    remembering: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(data_set()))
    before = said(read_annotations(path))

    def read_again(_: Path) -> Any:
        raise AssertionError("the file is read again")

    monkeypatch.setattr(coco_annotations, "annotation_index", read_again)
    assert said(read_annotations(path)) == before


def test_mistakes_are_told_each_time_and_nothing_is_remembered(remembering: Path, tmp_path: Path):
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(data_set(categories=[])))
    for _ in range(2):
        with pytest.raises(DataError, match=r"12 mistakes\.\n  annotations\[0\] \(id 0\): category_id 1 is not among"):
            read_annotations(path)
    assert list(remembering.rglob("*.arrow")) == []


def test_a_file_that_changes_while_it_is_in_use_is_told_of(tmp_path: Path):
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(data_set()))
    content = read_annotations(path)
    before = content.objects(1)
    path.write_text(json.dumps(data_set()).replace("30.25", "30.26"))
    with pytest.raises(DataError, match=r"instances\.json: has changed since it was opened; start again"):
        content.objects(1)
    path.write_text(json.dumps(data_set())[:100])
    with pytest.raises(DataError, match="has changed since it was opened"):
        content.objects(2)
    path.unlink()
    with pytest.raises(DataError, match=r"instances\.json: cannot be read any more: No such file or directory; check"):
        content.objects(1)
    path.write_text(json.dumps(data_set()))
    assert content.objects(1) == before


def test_the_later_of_two_lists_with_one_name_counts(tmp_path: Path):
    path = tmp_path / "instances.json"
    first, second = data_set(5), data_set(2)
    pairs = [f'"{part}": {json.dumps(content[part])}' for content in (first, second) for part in content]
    path.write_text(f"{{{', '.join(pairs)}}}")
    assert said(read_annotations(path)) == expected(path)
    path.write_text(f'{{{", ".join(pairs)}, "images": 7}}')
    with pytest.raises(DataError, match="is not in COCO's instances format"):
        read_annotations(path)


def test_ids_that_only_hash_alike_are_different(tmp_path: Path):
    content = data_set()
    for item, own in zip(content["annotations"], [-1, -2, 0, 2**61 - 1], strict=False):
        item["id"] = own
    content["annotations"] = content["annotations"][:4]
    (tmp_path / "instances.json").write_text(json.dumps(content))
    assert read_annotations(tmp_path / "instances.json").object_count == 4
    content["annotations"][3]["id"] = -2
    (tmp_path / "instances.json").write_text(json.dumps(content))
    with pytest.raises(
        DataError, match=r"1 mistake\.\n  annotations\[3\]: id -2 is that of annotations\[1\] too; give"
    ):
        read_annotations(tmp_path / "instances.json")


def test_the_three_parts_are_found_wherever_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "instances.json"
    for stretch in (1, 5, 13, 14, 100):
        monkeypatch.setattr(coco_annotations, "_STRETCH", stretch)
        path.write_text('{"info": 1, "images": [], "categories": [], "annotations": []}')
        assert looks_like_annotations(path)
        path.write_text('{"info": 1, "images": [], "categories": [], "annotation": []}')
        assert not looks_like_annotations(path)
    assert not looks_like_annotations(tmp_path)


def test_a_side_that_no_picture_has_is_a_mistake(tmp_path: Path):
    content = data_set()
    content["images"][1]["width"] = 10**30
    (tmp_path / "instances.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match=r"images\[1\] \(id 1\): height or width is more than 2,147,483,647 pixels"):
        read_annotations(tmp_path / "instances.json")


def test_what_is_kept_of_an_object_is_its_place_alone(remembering: Path, tmp_path: Path):
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(data_set(2000)))
    read_annotations(path)
    (place,) = remembering.rglob("*.arrow")
    assert place.stat().st_size < 12 * 8000 + 48 * 2000 + 8192
