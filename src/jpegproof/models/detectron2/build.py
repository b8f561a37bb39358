"""Detectron2's networks by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from jpegproof.exceptions import ModelError, UnknownNameError, missing_extra, nearest
from jpegproof.models.proposal_files import proposal_files
from jpegproof.models.published_weights import where_published
from jpegproof.models.shortest_side import ShortestSide
from jpegproof.weights import file_digest

#: The networks' names, as those of the model zoo's configurations, and the task of each.
NETWORKS = {
    "fast_rcnn_R_50_FPN": "detection",
    "faster_rcnn_R_50_FPN": "detection",
    "retinanet_R_50_FPN": "detection",
    "mask_rcnn_R_50_FPN": "instance_segmentation",
}


def detectron2_detector(
    name: str, weights: str | None, seed: int, arguments: Mapping[str, Any]
) -> tuple[torch.nn.Module, str, ShortestSide, Mapping[str, Any]]:
    """Builds one of Detectron2's networks.

    Args:
        name: one of `NETWORKS`.
        weights: a local file (see `load_checkpoint`), or ``random``; nothing is downloaded.
        seed: of random weights.
        arguments: ``categories``, the category id of each class, COCO's 80 unless given; and for
            ``fast_rcnn_R_50_FPN`` ``proposals``, a file of them (see `read_proposals`) or a list of files.

    Returns:
        The network, its task's name, its preparation, and what identifies weights and proposals.

    Raises:
        UnknownNameError: there is no such network.
        MissingExtraError: torchvision is not installed.
        ModelError: no weights are named, or the arguments are not this network's.
        WeightsError: a file cannot be read or does not fit.
    """
    if name not in NETWORKS:
        raise UnknownNameError(
            f"there is no network detectron2:{name}.{nearest(name, NETWORKS)} Known: {', '.join(NETWORKS)}."
        )
    if weights is None:
        raise ModelError(
            f"detectron2:{name} needs weights: a local file such as model_final_....pkl of Detectron2's model zoo, or "
            f"random; nothing is downloaded.{where_published(f'detectron2:{name}')}"
        )
    known = ("categories", "proposals") if name == "fast_rcnn_R_50_FPN" else ("categories",)
    unknown = [argument for argument in arguments if argument not in known]
    if unknown:
        raise ModelError(f"detectron2:{name} takes no argument {unknown[0]!r}; it takes {', '.join(known)}")
    categories, proposals = arguments.get("categories"), proposal_files(arguments)
    try:
        import torchvision  # noqa: F401
    except ImportError as error:
        raise missing_extra("torchvision", "detection", "a model named detectron2:...") from error
    from jpegproof.models.detectron2.checkpoint import load_checkpoint

    identity: dict[str, Any] = {"weights": "random", "seed": seed}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network(name, categories, proposals)
    if weights != "random":
        path = Path(weights).expanduser()
        load_checkpoint(network, path)
        identity = {"weights": file_digest(path)}
    if categories is not None:
        identity["categories"] = list(categories)
    if proposals:
        identity["proposals"] = " ".join(map(file_digest, proposals))
    return network.eval(), NETWORKS[name], ShortestSide(), identity


def _network(name: str, categories: Sequence[int] | None, proposals: Sequence[Path]) -> torch.nn.Module:
    from jpegproof.models.detectron2.categories import COCO_CATEGORIES
    from jpegproof.models.detectron2.fast_rcnn import FastRcnn
    from jpegproof.models.detectron2.faster_rcnn import FasterRcnn
    from jpegproof.models.detectron2.proposal_file import read_proposals
    from jpegproof.models.detectron2.proposal_table import joined
    from jpegproof.models.detectron2.retinanet import RetinaNet

    ids = COCO_CATEGORIES if categories is None else categories
    if name == "fast_rcnn_R_50_FPN":
        tables = [read_proposals(file) for file in proposals]
        return FastRcnn(ids, joined(tables) if tables else None)
    if name == "retinanet_R_50_FPN":
        return RetinaNet(ids)
    return FasterRcnn(ids, masks=name == "mask_rcnn_R_50_FPN")
