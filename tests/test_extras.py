"""Optional libraries: without any of them everything else works, and what needs one names the extra that brings it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from small_study import make_pictures
from thin_qgac import thin_qgac_file

from jpegproof.correctors.default import untrained_corrector
from jpegproof.correctors.find import find_corrector
from jpegproof.exceptions import MissingExtraError
from jpegproof.models.find import find_model
from jpegproof.probes.explanations.grad_cam import explain_score
from jpegproof.probes.parity.decoders import find_decoder
from jpegproof.probes.parity.resizers import find_resizer
from jpegproof.studies.engine import Hands
from jpegproof.studies.executors.ray_cluster import RayCluster
from jpegproof.studies.result_store import open_store
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.masks import encode_mask
from jpegproof.training.training_log import TensorBoardLog
from jpegproof.verbs.export import export

ROOT = Path(__file__).parents[1]

#: What each optional library is imported as.
LIBRARIES = (
    *("torchvision", "timm", "spandrel", "jpeglib", "pycocotools", "numba", "segmentation_models_pytorch"),
    *("transformers", "scipy", "onnxruntime", "onnx", "onnxscript", "captum", "cv2", "simplejpeg", "tensorboard"),
    *("ray", "s3fs"),
)


def _model(name: str) -> Callable[[Path], object]:
    return lambda folder: find_model(name, weights="random")


def _onnx(folder: Path) -> object:
    (folder / "network.onnx").write_bytes(b"graph")
    return find_model(f"onnx:{folder / 'network.onnx'}")


def _exported(folder: Path) -> object:
    return export(None, folder / "exported", corrector=untrained_corrector(0, width=8, depth=1), formats="onnx")


def _explained(folder: Path) -> object:
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3))
    picture = Batch.of([torch.zeros(3, 8, 8)])
    return explain_score(network, picture, lambda network, batch: network(batch.stacked()).sum(), "0")


def _spandrel(folder: Path) -> object:
    (folder / "network.safetensors").write_bytes(b"weights")
    return find_corrector("spandrel", str(folder / "network.safetensors"), {}, torch.device("cpu"))


NEEDS: list[tuple[str, str, Callable[[Path], object]]] = [
    ("torchvision", "torchvision", _model("torchvision:resnet18")),
    ("timm", "timm", _model("timm:resnet18")),
    ("spandrel", "spandrel", _spandrel),
    ("jpeglib", "jpeglib", lambda folder: _qgac(folder)),
    ("detection", "torchvision", _model("torchvision:fasterrcnn_resnet50_fpn")),
    ("detection", "pycocotools", lambda folder: encode_mask(np.zeros((2, 2), bool))),
    ("segmentation", "segmentation_models_pytorch", _model("smp:Unet")),
    ("segmentation", "timm", _model("ade20k:resnet18dilated-ppm_deepsup")),
    ("forensics", "timm", _model("forensics:xception_block1")),
    ("explain", "captum", _explained),
    ("hf", "transformers", _model("hf:somebody/something")),
    ("onnx", "onnxruntime", _onnx),
    ("parity", "cv2", lambda folder: find_decoder("opencv")),
    ("parity", "simplejpeg", lambda folder: find_decoder("simplejpeg")),
    ("parity", "torchvision", lambda folder: find_decoder("torchvision")),
    ("parity", "cv2", lambda folder: find_resizer("opencv-linear")),
    ("tensorboard", "tensorboard", TensorBoardLog),
    ("export", "onnxscript", _exported),
    ("ray", "ray", lambda folder: RayCluster(Hands(executor="ray"))),
    ("s3", "s3fs", lambda folder: open_store("s3://bucket/prefix")),
]


def _qgac(folder: Path) -> object:
    return find_corrector("qgac", str(thin_qgac_file(folder)), {"coefficients": "file"}, torch.device("cpu"))


def test_every_extra_is_looked_at():
    not_of_the_package = {"serve", "docs"}  # of an example, and of the documentation site
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {extra for extra, _, _ in NEEDS} == set(declared) - {"all", "dev"} - not_of_the_package
    (everything,) = declared["all"]
    assert (
        set(everything.partition("[")[2].rstrip("]").split(",")) == set(declared) - {"all", "dev"} - not_of_the_package
    )


def _belongs(name: str, library: str) -> bool:
    return name == library or name.startswith(f"{library}.")


def _uses(module: ModuleType | None, library: str) -> bool:
    """Whether it is one of ours that an earlier test has loaded with the library."""
    if module is None or not module.__name__.startswith("jpegproof."):
        return False
    found = (getattr(value, "__module__", None) or getattr(value, "__name__", "") for value in vars(module).values())
    return any(isinstance(name, str) and _belongs(name, library) for name in found)


@pytest.mark.parametrize(("extra", "library", "ask"), NEEDS, ids=[f"{extra}-{library}" for extra, library, _ in NEEDS])
def test_what_needs_a_missing_library_names_its_extra(
    extra: str, library: str, ask: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    for name in [name for name, module in sys.modules.items() if _belongs(name, library) or _uses(module, library)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'jpegproof\[{extra}\]'"):
        ask(tmp_path)


#: Runs verbs in a process to which the optional libraries are not there.
WITHOUT = f"""
import sys
for library in {LIBRARIES!r}:
    sys.modules[library] = None
from jpegproof.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_without_any_of_them_every_verb_that_needs_none_works(tmp_path: Path):
    make_pictures(tmp_path / "pictures", count=4, classes=1)
    (tmp_path / "own.py").write_text("import torch\n\ndef build():\n    return torch.nn.AdaptiveAvgPool2d(2)\n")
    here = ["--threads", "1", "--quiet"]
    model = ["jpegproof:world-classifier", "pictures"]
    folder = "out/measure-world-classifier-pictures"
    for command in (
        [
            "measure",
            *model,
            "--layout",
            "folder",
            "--qualities",
            "10",
            "--corrector",
            "default",
            "--workers",
            "1",
            *here,
        ],
        ["parity", *model, "--layout", "folder", *here],
        ["measure", "own.py:build", "pictures", "--task", "tensors", "--qualities", "10", "--workers", "1", *here],
        ["fit", *model, "--layout", "folder", "--steps", "1", "--batch", "2", *here],
        ["status", folder],
        ["report", folder],
        ["audit", "pictures"],
        ["correct", "pictures", "--out", "corrected", *here],
    ):
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT, *command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (command, done.stderr)
