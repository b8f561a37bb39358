"""QGAC networks of a few channels and random weights, and checkpoints of them as PyTorch Lightning writes them."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

import torch

from jpegproof.correctors.qgac.classic import QgacClassic
from jpegproof.correctors.qgac.corrector import Variant
from jpegproof.correctors.qgac.crab import QgacCrab

WIDTH = 4


class Stats:
    """Stands for a class of the program that trained."""

    def __init__(self) -> None:
        self.mean = torch.zeros(8, 8)


def thin_qgac(variant: Variant = "qgac_crab", **options: Any) -> QgacCrab | QgacClassic:
    """A network of `WIDTH` channels, the same each time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = QgacCrab if variant == "qgac_crab" else QgacClassic
        return network(width=WIDTH, **options).eval()


def lightning_content(state: dict[str, torch.Tensor]) -> dict[str, Any]:
    """What a Lightning checkpoint holds: weights between foreign objects."""
    return {
        "epoch": 3,
        "pytorch-lightning_version": "1.4.1",
        "state_dict": state,
        "callbacks": {Stats: {"best": torch.ones(1)}},
        "hyper_parameters": {"stats": Stats(), "optimizer": partial(torch.optim.Adam, lr=1e-3)},
        "args": argparse.Namespace(config="x"),
    }


def thin_qgac_file(folder: Path, variant: Variant = "qgac_crab", **options: Any) -> Path:
    """A Lightning checkpoint of `thin_qgac`."""
    path = folder / f"thin_{variant}.ckpt"
    torch.save(lightning_content(thin_qgac(variant, **options).state_dict()), path)
    return path


def without_correction(network: QgacCrab | QgacClassic) -> QgacCrab | QgacClassic:
    """The network with its last layers at zero: it adds nothing to luma and to doubled chroma."""
    last = (
        [network.unblock_y, network.unblock_c]
        if isinstance(network, QgacCrab)
        else [network.fusion.net[-2], *([network.color_net.unblock] if network.color_net else [])]
    )
    for layer in last:
        for parameter in layer.parameters():
            torch.nn.init.zeros_(parameter)
    return network
