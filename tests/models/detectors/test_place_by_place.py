"""The file that docs/models.md shows for detectors of Ultralytics' kind, run as it stands there on a stand-in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from jpegproof.models.find import find_model
from jpegproof.models.model import Model
from jpegproof.tasks.batch import Batch

DOCUMENT = Path(__file__).parents[3] / "docs" / "models.md"

#: Answers as networks of that kind do in evaluation: boxes and probabilities of each cell of 32 x 32, and maps.
STAND_IN = """
import torch

class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.half_weight = torch.nn.Parameter(torch.ones((), dtype=torch.float16))

    def forward(self, pictures):
        assert pictures.shape[1:] == (3, 640, 640)
        cells = torch.nn.functional.avg_pool2d(pictures, 32)
        rows, columns = torch.meshgrid(torch.arange(20), torch.arange(20), indexing="ij")
        centres = torch.stack([columns, rows]).flatten(1) * 32.0 + 16
        boxes = torch.cat([centres, torch.full((2, 400), 32.0)])[None]
        scores = cells[:, :2].flatten(2) * self.half_weight
        return torch.cat([boxes, scores], dim=1), [cells]

class YOLO:
    def __init__(self, weights):
        assert weights == "yolo11n.pt"
        self.model = Network()
"""


@pytest.fixture
def model(tmp_path: Path) -> Model:
    (code,) = re.findall(r"```python\n(# yolo\.py\n.*?)```", DOCUMENT.read_text(), re.DOTALL)
    (tmp_path / "yolo.py").write_text(code)
    (tmp_path / "ultralytics.py").write_text(STAND_IN)
    return find_model(f"{tmp_path / 'yolo.py'}:build", task="detection")


def picture() -> torch.Tensor:
    """A dark picture of 96 x 320, a red cell in its second row and a green one in its first."""
    pixels = torch.zeros(3, 96, 320)
    pixels[0, 48:64, 160:176] = 0.75
    pixels[1, 0:16, 32:48] = 0.5
    return pixels


def test_boxes_come_back_in_pixels_of_the_picture(model: Model):
    (found,) = model.task.answer(model.network, Batch.of(picture()[None]))
    # Doubled for the network, so that a cell is 16 x 16 of the picture's pixels; what was added below is grey.
    inside = [row for row in range(len(found)) if found.boxes[row, 3] <= 96]
    assert [int(found.labels[row]) for row in inside[:2]] == [0, 1]
    assert found.boxes[inside[0]] == pytest.approx([160, 48, 176, 64])
    assert found.boxes[inside[1]] == pytest.approx([32, 0, 48, 16])
    assert [float(found.scores[row]) for row in inside[:2]] == pytest.approx([0.75, 0.5], abs=0.1)


def test_a_corrector_can_be_trained_through_it(model: Model):
    inputs = picture().requires_grad_()
    network: Any = model.network
    (dense,) = network.dense([inputs])
    assert {name: tuple(tensor.shape) for name, tensor in dense.tensors.items()} == {
        "probabilities": (400, 2),
        "boxes": (400, 4),
    }
    assert torch.equal(dense.belief["boxes"][:, 0], dense.tensors["probabilities"].amax(dim=1).detach())
    (other,) = network.dense([picture() * 0.5])
    model.task.distance([dense], [other]).sum().backward()
    assert inputs.grad is not None
    assert inputs.grad.abs().sum() > 0
