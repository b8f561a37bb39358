"""Files of proposals: Detectron2's and ours, found by picture, brought to a network's input."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from jpeg_files import smooth_picture
from tiny_detectors import random_picture, tiny_faster_rcnn
from torch import Tensor

from jpegproof.exceptions import ModelError, WeightsError
from jpegproof.models.detectron2.make_proposals import make_proposals
from jpegproof.models.detectron2.proposal_file import read_proposals, write_proposals
from jpegproof.models.detectron2.proposal_table import PictureProposals, joined, supplied
from jpegproof.models.detectron2.torchvision_proposer import TorchvisionProposer
from jpegproof.models.shortest_side import ShortestSide
from jpegproof.tasks.geometry import Geometry

BOXES = [np.array([[0, 0, 10, 20], [5, 6, 7, 9]], np.float32), np.array([[1, 2, 3, 4]], np.float32)]
LOGITS = [np.array([0.5, -1], np.float32), np.array([2], np.float32)]


def pickled(folder: Path, **changes: Any) -> Path:
    content = {"ids": [139, 285], "boxes": BOXES, "objectness_logits": LOGITS, "bbox_mode": 0, **changes}
    path = folder / "proposals.pkl"
    path.write_bytes(pickle.dumps({key: value for key, value in content.items() if value is not None}))
    return path


@pytest.mark.parametrize("name", ["139", "139.jpg", "val2017/000000000139.jpg", "COCO_val2014_000000000139.jpg"])
def test_a_picture_is_found_by_its_number_in_cocos_file_names(name: str, tmp_path: Path):
    found = read_proposals(pickled(tmp_path)).of(name)
    assert (found.boxes == BOXES[0]).all()
    assert (found.logits == LOGITS[0]).all()


def test_a_picture_is_found_by_its_name_before_its_number(tmp_path: Path):
    table = read_proposals(pickled(tmp_path, ids=["7.jpg", "7"]))
    assert (table.of("7.jpg").boxes == BOXES[0]).all()
    assert (table.of("sub/7.png").boxes == BOXES[1]).all()


def test_the_first_detectrons_names_and_other_boxes_are_read(tmp_path: Path):
    old = pickled(tmp_path, ids=None, objectness_logits=None, bbox_mode=None, indexes=np.array([3, 4]), scores=LOGITS)
    assert (read_proposals(old).of("4.jpg").boxes == BOXES[1]).all()
    sized = pickled(tmp_path, bbox_mode=1)
    assert read_proposals(sized).of("139").boxes.tolist() == [[0, 0, 10, 20], [5, 6, 12, 15]]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"boxes": None}, "it needs ids, boxes and objectness_logits"),
        ({"bbox_mode": 4}, "bbox_mode is 4"),
        ({"ids": [1]}, "1 ids, 2 arrays of boxes"),
    ],
)
def test_files_that_are_no_proposals_are_told(changes: dict[str, Any], words: str, tmp_path: Path):
    with pytest.raises(WeightsError, match=words):
        read_proposals(pickled(tmp_path, **changes))


def test_boxes_and_logits_that_do_not_belong_together_are_told(tmp_path: Path):
    table = read_proposals(pickled(tmp_path, objectness_logits=[LOGITS[0][:1], LOGITS[1]]))
    with pytest.raises(WeightsError, match=r"picture 0 has boxes of shape \(2, 4\) for 1 logits"):
        table.of("139")


def test_tables_of_several_files_are_one(tmp_path: Path):
    (tmp_path / "train").mkdir()
    first, second = pickled(tmp_path), pickled(tmp_path / "train", ids=[1139, 9])
    table = joined([read_proposals(first), read_proposals(second)])
    assert len(table) == 4
    assert (table.of("000000000285.jpg").boxes == BOXES[1]).all()
    assert (table.of("000000001139.jpg").boxes == BOXES[0]).all()
    again = pickled(tmp_path / "train", ids=[7, 285])
    with pytest.raises(ModelError, match=r"train/proposals.pkl: has proposals for '285', and so has .*; leave one out"):
        joined([read_proposals(first), read_proposals(again)])


def test_an_unknown_picture_is_told_with_the_mend(tmp_path: Path):
    with pytest.raises(ModelError, match=r"no proposals for the picture '140.jpg' \(there are 2, of 139, 285"):
        read_proposals(pickled(tmp_path)).of("140.jpg")


def test_what_is_written_is_read(tmp_path: Path):
    rng = np.random.default_rng(0)
    written = {
        f"{number}.jpg": PictureProposals(
            rng.random((number, 4), np.float32) * 100, rng.standard_normal(number).astype(np.float32)
        )
        for number in range(130)  # more than are written at a time, one without proposals
    }
    path = tmp_path / "own.parquet"
    write_proposals(path, iter(written.items()))
    table = read_proposals(path)
    assert len(table) == 130
    for name, proposals in written.items():
        assert (table.of(name).boxes == proposals.boxes).all()
        assert table.of(name).boxes.shape == proposals.boxes.shape
        assert (table.of(name).logits == proposals.logits).all()


@pytest.mark.parametrize("name", ["nothing.pkl", "nothing.parquet", "table.csv", "broken.parquet"])
def test_missing_damaged_and_other_files_are_told(name: str, tmp_path: Path):
    path = tmp_path / name
    if not name.startswith("nothing"):
        path.write_bytes(b"PAR1 and no more")
    with pytest.raises(WeightsError, match=name):
        read_proposals(path)


def test_the_second_stage_gets_them_sorted_scaled_clipped_and_without_empty_ones():
    proposals = PictureProposals(
        np.array([[2, 4, 6, 8], [-5, -5, 3, 3], [50, 50, 60, 60], [1, 1, 1, 5]], np.float32),
        np.array([0.1, 0.9, 0.5, 0.7], np.float32),
    )
    boxes, logits = supplied(proposals, Geometry((20, 30), (2.0, 3.0), (0, 0)), (40, 90))
    assert boxes.tolist() == [[0, 0, 9, 6], [6, 8, 18, 16]]
    assert logits.tolist() == pytest.approx([0.9, 0.1])


def test_no_more_than_a_thousand_are_looked_at():
    many = PictureProposals(np.tile(np.array([[0, 0, 5, 5]], np.float32), (1200, 1)), np.arange(1200, dtype=np.float32))
    boxes, logits = supplied(many, Geometry((9, 9), (1.0, 1.0), (0, 0)), (9, 9))
    assert len(boxes) == 1000
    assert logits[0] == 1199


class OneBox:
    """Proposes the upper left quarter of its input."""

    def propose(self, images: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
        return [
            (torch.tensor([[0.0, 0.0, image.shape[-1] / 2, image.shape[-2] / 2]]), torch.tensor([1.5]))
            for image in images
        ]


def test_made_proposals_are_in_pixels_of_the_picture(tmp_path: Path):
    pictures = [("a.png", smooth_picture(40, 60)), ("b.png", smooth_picture(30, 20))]
    path = tmp_path / "own.parquet"
    write_proposals(path, make_proposals(OneBox(), ShortestSide(25, 1333), pictures))
    table = read_proposals(path)
    assert np.allclose(table.of("a.png").boxes, [[0, 0, 30, 20]])
    assert np.allclose(table.of("b.png").boxes, [[0, 0, 10, 15]])
    assert table.of("b.png").logits.tolist() == [1.5]


def test_an_rcnn_of_torchvisions_proposes_what_it_looks_at_itself():
    network, image = tiny_faster_rcnn(), random_picture(90, 70)
    ((boxes, logits),) = TorchvisionProposer(network).propose([image])
    with torch.inference_mode():
        inputs, _ = network.transform([image])
        (own,), _ = network.rpn(inputs, {"0": network.backbone(inputs.tensors)})
    height, width = inputs.image_sizes[0]
    assert (height, width) != (90, 70)
    assert len(boxes) > 3
    assert torch.allclose(boxes, own * torch.tensor([70 / width, 90 / height] * 2), atol=1e-3)
    assert (logits.diff() <= 0).all()
