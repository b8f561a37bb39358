"""Detectron2's checkpoints: the zoo's pickles of arrays, what its training writes, or plain tensors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from jpegproof.exceptions import WeightsError
from jpegproof.models.detectron2 import retinanet, rpn
from jpegproof.models.detectron2.anchors import cell_anchors
from jpegproof.models.detectron2.pickled_arrays import as_array, read_pickled_arrays
from jpegproof.models.detectron2.picture_batch import PIXEL_MEAN, PIXEL_STD
from jpegproof.weights import load_into, read_weights

# Buffers that older code saved with the weights, of which this code knows what they must be.
_CELLS = re.compile(r"(proposal_generator\.)?anchor_generator\.cell_anchors\.(\d+)")


def load_checkpoint(network: torch.nn.Module, path: Path) -> None:
    """Loads a network's weights from a file, whole and exactly.

    Args:
        network: one of this package's; its keys are the official ones.
        path: ``.pkl`` (the model zoo's: arrays under ``model``), ``.pth`` (Detectron2's training: tensors under
            ``model``), or ``.safetensors``. Buffers of older files (the mean of pixels, anchors) may be there, and must
            be what these networks compute with.

    Raises:
        WeightsError: the file is missing, damaged, would run code, or its keys, shapes or buffers are not the
            network's; the message names them.
    """
    weights = _arrays(path) if path.suffix.lower() == ".pkl" else read_weights(path)
    known = {key: value for key, value in weights.items() if not _is_constant(key, value, path)}
    load_into(network, known, path)


def _arrays(path: Path) -> dict[str, Tensor]:
    content = read_pickled_arrays(path)
    arrays = content.get("model") if isinstance(content, Mapping) else None
    if not isinstance(content, Mapping) or not isinstance(arrays, Mapping):
        older = isinstance(content, Mapping) and ("blobs" in content or "fc1000_w" in content or "conv1_w" in content)
        hint = "it is of Caffe2 or the first Detectron" if older else "it holds no arrays under 'model'"
        raise WeightsError(f"{path}: is no checkpoint of Detectron2's model zoo: {hint}")
    if content.get("matching_heuristics"):
        raise WeightsError(
            f"{path}: holds a backbone to start a training from, under other names; a whole detector is needed, such "
            "as model_final_....pkl of the model zoo"
        )
    return {str(key): _tensor(value, path, str(key)) for key, value in arrays.items()}


def _tensor(value: Any, path: Path, key: str) -> Tensor:
    array = as_array(value, path, key)
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), copy=False))


def _is_constant(key: str, value: Tensor, path: Path) -> bool:
    """Whether a key is a buffer that is computed here.

    Raises:
        WeightsError: it is, and has another value.
    """
    cells = _CELLS.fullmatch(key)
    if key == "pixel_mean":
        wanted = torch.tensor(PIXEL_MEAN)
    elif key == "pixel_std":
        wanted = torch.tensor(PIXEL_STD)
    elif cells is not None:
        levels = _anchors_by_level(cells[1] is not None)
        wanted = levels[int(cells[2])] if int(cells[2]) < len(levels) else torch.zeros(0)
    else:
        return False
    found = value.float().flatten()
    if found.shape != wanted.flatten().shape or not torch.allclose(found, wanted.flatten(), atol=1e-2):
        raise WeightsError(
            f"{path}: {key} is {_rounded(found)}, and this network computes with {_rounded(wanted.flatten())}; "
            "it was trained with another configuration"
        )
    return True


def _anchors_by_level(proposing: bool) -> list[Tensor]:
    if proposing:
        return [cell_anchors([size]) for _, size in rpn.LEVELS.values()]
    return [cell_anchors(retinanet.sizes_of(level)) for level in retinanet.LEVELS]


def _rounded(values: Tensor) -> list[float]:
    return [round(number, 3) for number in values.tolist()[:6]]
