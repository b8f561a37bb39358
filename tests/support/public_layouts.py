"""The public data sets of the paper, two pictures a split, laid out as they unpack."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
from coco_dictionaries import coco_data_set
from PIL import Image
from thin_qgac import thin_qgac_file

from jpegproof.data.world import World
from jpegproof.data.world_objects import WorldObjects
from jpegproof.models.detectron2.categories import COCO_CATEGORIES

SPLITS = ("train", "val")


def imagenet(root: Path) -> None:
    """Pictures of 96 x 96 pixels in two class folders each."""
    for split in SPLITS:
        world = World(split, 2)
        for number, wnid in enumerate(("n01440764", "n15075141")):
            path = root / "imagenet" / split / wnid / f"ILSVRC2012_{split}_{number:08d}.JPEG"
            _save(path, world.picture(number))


def coco(root: Path) -> None:
    """Pictures of 128 x 160 pixels with boxes and masks of COCO's first ten categories."""
    (root / "coco" / "annotations").mkdir(parents=True)
    for split in SPLITS:
        world = WorldObjects(split, 2)
        content = coco_data_set([world.target(number) for number in range(2)], COCO_CATEGORIES)
        for number, image in enumerate(content["images"]):
            image["id"] = _coco_id(split, number)
            image["file_name"] = f"{image['id']:012d}.jpg"
            _save(root / "coco" / f"{split}2017" / image["file_name"], np.asarray(world.pixels(number)))
        for annotation in content["annotations"]:
            annotation["image_id"] = _coco_id(split, annotation["image_id"] - 1)
        file = root / "coco" / "annotations" / f"instances_{split}2017.json"
        file.write_text(json.dumps(content))


def ade20k(root: Path) -> None:
    """Pictures of 96 x 96 pixels; of each a third has no label."""
    for split, world_split in (("training", "train"), ("validation", "val")):
        world = World(world_split, 2)
        for number in range(2):
            name = f"ADE_{world_split}_{number + 1:08d}"
            folder = root / "ADEChallengeData2016"
            _save(folder / "images" / split / f"{name}.jpg", world.picture(number))
            label = np.repeat(np.array([0, 1 + number, 150], dtype=np.uint8), 32)[:, None].repeat(96, 1)
            _save(folder / "annotations" / split / f"{name}.png", label)


def forensics(root: Path) -> None:
    """Wang et al.'s folders and Chai et al.'s, pictures of 96 x 96 pixels."""
    wang, chai = root / "CNNDetection" / "dataset", root / "patch-forensics" / "dataset" / "faces" / "celebahq"
    world, seen = World("val", 8), World("train", 8)
    for kind, name in enumerate(("0_real", "1_fake")):
        _save(wang / "test" / "progan" / "airplane" / name / "0.png", world.picture(kind))
        _save(wang / "train" / "airplane" / name / "0.png", seen.picture(kind))
    for kind, name in enumerate(("real-tfr-1024-resized128", "pgan-pretrained-128-png")):
        for number, (split, pictures) in enumerate((("test", world), ("train", seen), ("val", seen))):
            _save(chai / name / split / "0.png", pictures.picture(2 + kind + 2 * number))


def published_files(root: Path) -> None:
    """What the studies name below ``weights``: a thin QGAC, and proposals for `coco` as Detectron2 gives them."""
    folder = root / "weights" / "detectron2"
    folder.mkdir(parents=True)
    thin_qgac_file(root).rename(root / "weights" / "qgac_crab.ckpt")
    random = np.random.default_rng(0)
    for split, digest in (("train", "21bc3a"), ("val", "ee0dad")):
        corners = [np.sort(random.uniform(0, 120, (6, 2, 2)), axis=1).reshape(6, 4) for _ in range(2)]
        content = {
            "ids": [_coco_id(split, number) for number in range(2)],
            "boxes": [boxes.astype(np.float32) for boxes in corners],
            "objectness_logits": [np.linspace(1, 0, 6, dtype=np.float32)] * 2,
            "bbox_mode": 0,
        }
        (folder / f"coco_2017_{split}_box_proposals_{digest}.pkl").write_bytes(pickle.dumps(content))


def _coco_id(split: str, number: int) -> int:
    return 139 + number + (1000 if split == "train" else 0)


def _save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {} if path.suffix == ".png" else {"format": "JPEG", "quality": 95}
    Image.fromarray(pixels).save(path, **options)
