"""The default corrector and its relatives: weights that come with the package, and files that ``fit`` has written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from jpegproof.correctors.block_restorer import BlockRestorer
from jpegproof.correctors.grid_corrector import GridCorrector
from jpegproof.correctors.protocol import Corrector, Precision
from jpegproof.exceptions import WeightsError
from jpegproof.weights import check_before_building, file_digest, load_into, read_weights

#: The correctors whose weights come with the package, by the name that a user types; a card lies beside each file.
SHIPPED = {"default": "block-restorer", "small": "block-restorer-small"}

#: The key of the one entry of a file's metadata: JSON that says how the network is built.
METADATA = "jpegproof"


def default_corrector(device: torch.device | str = "cpu", precision: Precision = "float32") -> GridCorrector:
    """The default corrector with the weights that come with the package: trained for pixels, on photographs."""
    return shipped_corrector("default", device, precision)


def shipped_corrector(name: str, device: torch.device | str = "cpu", precision: Precision = "float32") -> GridCorrector:
    """One of the correctors whose weights come with the package: trained for pixels, on photographs.

    Args:
        name: of `SHIPPED`: ``default``, or ``small`` for a quarter of its multiply-adds.
        device: where it runs.
        precision: of its convolutions.
    """
    with _shipped_file(name) as path:
        return load_corrector(path, device, precision)


def shipped_name(corrector: Corrector) -> str | None:
    """Which of the shipped correctors one is; None for all others."""
    weights = corrector.describe().get("weights")
    return next((name for name in SHIPPED if weights == _shipped_digest(name)), None)


def untrained_corrector(seed: int, device: torch.device | str = "cpu", **size: int) -> GridCorrector:
    """A corrector of the default's kind that gives every picture back as it is, until it is trained.

    Args:
        seed: of its hidden weights.
        device: where it runs.
        size: arguments of `BlockRestorer`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = BlockRestorer(**size)
    return GridCorrector(network.to(device), {"untrained": seed, **_build(network)})


def load_corrector(path: Path, device: torch.device | str = "cpu", precision: Precision = "float32") -> GridCorrector:
    """A corrector from a file that `corrector_bytes` made.

    Raises:
        WeightsError: the file is missing, damaged, or no corrector of jpegproof's.
    """
    weights, size = read_weights(path), _built(path)
    with torch.device("meta"):
        check_before_building(BlockRestorer(**size), weights, path)
    network = BlockRestorer(**size)
    load_into(network, weights, path)
    return GridCorrector(network.float().to(device), {"weights": file_digest(path)}, precision)


def corrector_bytes(
    weights: Mapping[str, Tensor], network: BlockRestorer, objective: str = "", half: bool = False
) -> bytes:
    """A corrector as the content of a ``.safetensors`` file, the same bytes for the same weights.

    Args:
        weights: its state dict.
        network: says how it is built.
        objective: what it was trained for, such as ``task_targeted``.
        half: whether to store it in half precision.
    """
    kept = {
        name: (value.half() if half and value.is_floating_point() else value).detach().cpu().contiguous()
        for name, value in weights.items()
    }
    # One entry only: safetensors writes several in a random order, and the same weights should be the same bytes.
    told = {"network": "BlockRestorer", **_build(network), "objective": objective}
    return save(kept, metadata={METADATA: json.dumps(told, sort_keys=True)})


def trained_for(path: Path) -> str:
    """The objective that a corrector's file says it was trained for; empty where it does not say.

    Raises:
        WeightsError: as `load_corrector`.
    """
    return str(_told(path).get("objective", ""))


@cache
def _shipped_digest(name: str) -> str:
    with _shipped_file(name) as path:
        return file_digest(path)


def _shipped_file(name: str) -> AbstractContextManager[Path]:
    return as_file(files("jpegproof.correctors").joinpath("shipped", f"{SHIPPED[name]}.safetensors"))


def _build(network: BlockRestorer) -> dict[str, int]:
    return {"width": network.width, "depth": network.depth}


def _built(path: Path) -> dict[str, int]:
    """How the network of a file is built."""
    told = _told(path)
    return {"width": told["width"], "depth": told["depth"]}


def _told(path: Path) -> dict[str, Any]:
    """What a file says of its network in its metadata."""
    problem = f"{path}: is no corrector of jpegproof's; for other restorers use spandrel:FILE"
    if path.suffix.lower() != ".safetensors":
        raise WeightsError(problem)
    try:
        with safe_open(path, framework="pt") as file:
            told = json.loads((file.metadata() or {}).get(METADATA, "{}"))
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"{path}: is not a readable safetensors file: {error}") from error
    size = [told.get("width"), told.get("depth")] if isinstance(told, dict) else [None]
    if any(not isinstance(value, int) or not 1 <= value <= 4096 for value in size):
        raise WeightsError(problem)
    return told
