"""The folder in which the documentation's commands are run: everything that they name, made from the embedded world."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import torch
from documented_stand_ins import NAMES
from forensic_folders import biased
from PIL import Image
from safetensors.torch import save_file
from small_study import MODEL_FILE
from tiny_dncnn import dncnn_state
from tiny_fake_detectors import DETECTOR_FILE
from tiny_segmenters import SEGMENTER_FILE

from jpegproof.cli.main import main
from jpegproof.data.world import World
from jpegproof.data.world_objects import GATHERINGS

#: Class folders of the labelled photographs: ImageNet's names of its first three classes.
WNIDS = ("n01440764", "n01443537", "n01484850")

#: A module of the reader's own networks, and one that builds a model of it.
NETWORKS = """
import torch


class Classifier(torch.nn.Sequential):
    def __init__(self, classes=1000):
        super().__init__(torch.nn.Conv2d(3, 8, 5, stride=4), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1),
                         torch.nn.Flatten(), torch.nn.Linear(8, classes))


def weights():
    torch.manual_seed(0)
    return Classifier().state_dict()


def build_network():
    return Classifier()
"""
#: A detector that answers place by place, in the place of a library that is not installed here.
PLACES = """
import torch


class _Places(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.look = torch.nn.Conv2d(3, 8, 32, stride=32)

    def forward(self, pictures):
        found = self.look(pictures).flatten(2)
        return torch.cat([320 + 20 * found[:, :2], 60 + found[:, 2:4].abs(), found[:, 4:].sigmoid()], 1)


class YOLO:
    def __init__(self, weights):
        self.model = _Places()
"""

#: A finished study of one classifier with two cures and a delivery chain; {root} is the sandbox.
MINE = """
name: mine
root: {root}
data:
  photos: {path: photos}
  learned: {path: learned}
models:
  squeezenet1_1: {from: "torchvision:squeezenet1_1", weights: squeezenet1_1.safetensors, data: photos}
correctors:
  block-restorer: {from: jpegproof}
trainings:
  learning: {objective: self_distilled, model: squeezenet1_1, data: learned, steps: 1, batch: 2}
compression:
  qualities: [10, 30, 50]
  chains: {messenger: [{save: 90}, {save: 75}, {save: 60}]}
mitigations:
  - none
  - {mitigation: off_the_shelf, corrector: block-restorer}
  - {mitigation: self_distilled, tuned: learning}
"""
#: A finished study of several networks.
SEVERAL = """
name: several
data:
  portraits: {world: test, size: 6}
  gatherings: {world: test, size: 4, task: detection}
models:
  world-classifier: {from: "jpegproof:world-classifier", data: portraits}
  world-detector: {from: "jpegproof:world-detector", data: gatherings}
correctors:
  block-restorer: {from: jpegproof}
mitigations:
  - none
  - {mitigation: off_the_shelf, corrector: block-restorer}
compression: {qualities: [10, 30]}
"""

#: A finished study of a network that is called as the paper calls one of its own.
NAMED_AS_THE_PAPERS = """
name: imagenet
data: {imagenet: {world: test, size: 6}}
models: {ResNet-18: {from: "jpegproof:world-classifier"}}
correctors: {block-restorer: {from: jpegproof}}
mitigations: [none, {mitigation: off_the_shelf, corrector: block-restorer}]
compression: {qualities: [10, 30]}
"""
#: The finished studies that are none of `MINE`, by the names of their folders.
OTHERS = {"several": SEVERAL, "imagenet": NAMED_AS_THE_PAPERS}


def make_sandbox(folder: Path) -> Path:
    """Pictures, weights and networks under the names that the documentation uses; a few megabytes."""
    folder.mkdir(parents=True)
    _photographs(folder)
    _uploads(folder)
    _segments(folder)
    biased(folder / "CNN_synth_testset" / "progan", each=4)
    _weights(folder)
    texts = {
        "mynetworks.py": NETWORKS,
        "mymodels.py": NETWORKS,
        "my_model.py": MODEL_FILE.replace("classes=3", "classes=1000"),
        "my_segmenter.py": SEGMENTER_FILE,
        "my_detector.py": DETECTOR_FILE.replace("def whole", "def build"),
        "ultralytics.py": PLACES,
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    return folder


def _save(picture: np.ndarray, path: Path, quality: int = 95) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, quality=quality)  # which PNG does not look at


def _photographs(folder: Path) -> None:
    """`photos`: labelled JPEGs; `learned`: others; LIVE1: pictures that were never compressed; an upload."""
    world = World("test", 40, GATHERINGS)
    for number in range(6):
        wnid = WNIDS[number % 3]
        for place in ("photos", "imagenet/val"):
            _save(world.picture(number), folder / place / wnid / f"{number + 2:04d}.JPEG", quality=95)
        _save(world.picture(number + 10), folder / "learned" / f"{number}.png")
    for place in ("LIVE1", "live1"):
        for number in range(29):  # as many as there are, since published numbers are shown for the whole set alone
            _save(world.picture(number)[:48, :64], folder / place / f"{number:02d}.png")
    _save(world.picture(30), folder / "upload.jpg", quality=25)


def _uploads(folder: Path) -> None:
    """`uploads`: JPEGs of many qualities, one of them cut off, and a PNG."""
    world = World("val", 40)
    for number in range(12):
        _save(world.picture(number), folder / "uploads" / f"{number:03d}.jpg", quality=20 + 6 * number)
    _save(world.picture(20), folder / "uploads" / "holiday" / "000.jpg", quality=50)
    _save(world.picture(21), folder / "uploads" / "logo.png")
    whole = (folder / "uploads" / "001.jpg").read_bytes()
    (folder / "uploads" / "broken.jpg").write_bytes(whole[: len(whole) // 2])


def _segments(folder: Path) -> None:
    """`pictures`, `maps` and `classes.txt`: label maps of eleven classes, and one that is void."""
    world = World("test", 40, GATHERINGS)
    for number in range(3):
        _save(world.picture(number), folder / "pictures" / f"{number}.png")
        rows = np.arange(128)[:, None] // 12 + np.zeros((1, 160), int)
        _save(rows.astype(np.uint8), folder / "maps" / f"{number}.png")
    (folder / "classes.txt").write_text("\n".join([*(f"class {number}" for number in range(11)), "Unlabelled"]))


def _weights(folder: Path) -> None:
    """Files of random weights under the names of those that a reader would have."""
    from timm import create_model
    from torchvision.models import squeezenet1_1

    torch.manual_seed(0)
    squeezenet = squeezenet1_1().state_dict()
    for name in ("squeezenet1_1", "resnet50", "other"):
        save_file(squeezenet, folder / f"{name}.safetensors")
    torch.save(squeezenet, folder / "other.pth")
    save_file(create_model(NAMES["timm:efficientnet_b3"].removeprefix("timm:")).state_dict(), folder / "b3.safetensors")
    save_file(dncnn_state(), folder / "dncnn3.safetensors")


class FinishedStudies:
    """Results folders that pages take for granted: each kind is made once, and copied to where a page names it."""

    def __init__(self, sandbox: Path, folder: Path) -> None:
        self._sandbox, self._folder = sandbox, folder
        folder.mkdir(parents=True)

    def put(self, target: Path) -> None:
        """Puts a finished study at a path such as ``results/mine``."""
        kind = target.name if target.name in OTHERS else "mine"
        made = self._folder / kind
        if not made.exists():
            file = self._folder / f"{kind}.yaml"
            file.write_text(OTHERS.get(kind) or MINE.replace("{root}", str(self._sandbox)))
            words = ["study", str(file), "--out", str(made), "--workers", "1", "--threads", "1", "--quiet"]
            assert main(words) == 0
        shutil.copytree(made, target)
