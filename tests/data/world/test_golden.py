"""World version 1 stays as it is: a few of its portraits and gatherings and their truths are kept beside this file.

Only a change of ``WORLD_VERSION`` may write them anew: ``python tests/data/world/test_golden.py --write``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from jpegproof.data.world import WORLD_VERSION, Scene, World, WorldSettings
from jpegproof.data.world_objects import GATHERINGS

GOLDEN = Path(__file__).parent / "golden"
SETTINGS = {"": WorldSettings(), "gathering-": GATHERINGS}
PORTRAITS = (("train", 0), ("train", 29_999), ("val", 17), ("test", 0), ("test", 1234))
KEPT = (*(("", *place) for place in PORTRAITS), ("gathering-", "train", 29_999), ("gathering-", "test", 1234))


def drawn(kind: str, split: str, index: int) -> Scene:
    return World(split, 30_000, SETTINGS[kind]).scene(index)


def truth(scene: Scene) -> dict[str, Any]:
    return {
        "label": scene.label,
        "dominant": scene.dominant,
        "labels": scene.labels.tolist(),
        "boxes": [list(instance.box) for instance in scene.instances],
        "areas": [instance.area for instance in scene.instances],
    }


@pytest.mark.parametrize(("kind", "split", "index"), KEPT)
def test_a_kept_picture_is_drawn_again(kind: str, split: str, index: int):
    """Processors round sines differently in the last bit, so a grey level may tip here and there, and no more."""
    kept = np.asarray(Image.open(GOLDEN / f"{kind}{split}-{index}.png")).astype(int)
    apart = np.abs(drawn(kind, split, index).picture.astype(int) - kept).max(axis=2)
    assert np.mean(apart > 0) < 0.01
    assert np.mean(apart > 1) < 0.001


@pytest.mark.parametrize(("kind", "split", "index"), KEPT)
def test_a_kept_truth_is_found_again(kind: str, split: str, index: int):
    kept = json.loads((GOLDEN / "truth.json").read_text())
    assert kept["world"] == WORLD_VERSION
    wanted, found = kept["scenes"][f"{kind}{split}-{index}"], truth(drawn(kind, split, index))
    for exact in ("label", "dominant", "labels"):
        assert found[exact] == wanted[exact]
    assert np.abs(np.subtract(found["boxes"], wanted["boxes"])).max() <= 1
    assert np.abs(np.subtract(found["areas"], wanted["areas"])).max() <= 2


def test_the_first_labels_of_every_split_are_kept():
    kept = json.loads((GOLDEN / "truth.json").read_text())
    for split, labels in kept["labels"].items():
        world = World(split)
        assert [world.label(index) for index in range(len(labels))] == labels


def write() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for kind, split, index in KEPT:
        Image.fromarray(drawn(kind, split, index).picture).save(GOLDEN / f"{kind}{split}-{index}.png")
    kept = {
        "world": WORLD_VERSION,
        "scenes": {f"{kind}{split}-{index}": truth(drawn(kind, split, index)) for kind, split, index in KEPT},
        "labels": {split: [World(split).label(index) for index in range(20)] for split in ("train", "val", "test")},
    }
    (GOLDEN / "truth.json").write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    write()
