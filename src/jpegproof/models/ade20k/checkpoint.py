"""CSAIL's checkpoints: the encoder in one file and the decoder in another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from jpegproof.exceptions import WeightsError
from jpegproof.models.ade20k.scene_parser import SceneParser
from jpegproof.weights import SUFFIXES, file_digest, load_into, read_weights

# Buffers of the official batch norm that synchronises over devices, of which evaluation reads none.
_SYNCHRONISING = ("_tmp_running_mean", "_tmp_running_var", "_running_iter")


def load_checkpoint(network: SceneParser, weights: str) -> str:
    """Loads both parts of a network, whole and exactly.

    Args:
        network: one of this package's; its keys are the official ones.
        weights: a folder that holds one ``encoder*.pth`` and one ``decoder*.pth``; two files, ``ENCODER,DECODER``; or
            one file with both parts under ``encoder.`` and ``decoder.``, as ``fit`` writes it. Files of the other
            kinds that `read_weights` knows will do too. The extra buffers of the official norms may be there.

    Returns:
        A digest of the files.

    Raises:
        WeightsError: a file is missing, damaged or would run code, or its keys and shapes are not the network's; the
            message names them.
    """
    files = checkpoint_files(weights)
    if len(files) == 1:
        load_into(network, _without_extras(read_weights(files[0])), files[0])
    else:
        for part, file in zip((network.encoder, network.decoder), files, strict=True):
            load_into(part, _without_extras(read_weights(file)), file)
    return " ".join(file_digest(file) for file in files)


def checkpoint_files(weights: str) -> list[Path]:
    """The files that a network's weights name: the encoder's and the decoder's, or one that holds both.

    Raises:
        WeightsError: they name no files, or a folder where it is not clear which.
    """
    parts = [part.strip() for part in weights.split(",")]
    if len(parts) > 2 or not all(parts):
        raise WeightsError(f"{weights}: name the encoder's and the decoder's file, ENCODER.pth,DECODER.pth")
    paths = [Path(part).expanduser() for part in parts]
    if len(paths) == 1 and paths[0].is_dir():
        return [_only(paths[0], part) for part in ("encoder", "decoder")]
    return paths


def _only(folder: Path, part: str) -> Path:
    found = sorted(path for path in folder.iterdir() if path.name.startswith(part) and path.suffix.lower() in SUFFIXES)
    if len(found) == 1:
        return found[0]
    if not found:
        raise WeightsError(f"{folder}: holds no {part}*.pth; both encoder and decoder are needed")
    names = ", ".join(path.name for path in found[:4])
    raise WeightsError(
        f"{folder}: holds {len(found)} files {part}* ({names}); name the two that belong together, "
        "ENCODER.pth,DECODER.pth"
    )


def _without_extras(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Without the buffers that may be there, where they stand beside a norm's own statistics; elsewhere unknown."""
    kept = {}
    for key, value in weights.items():
        layer, _, leaf = key.rpartition(".")
        if leaf not in _SYNCHRONISING or f"{layer}.running_mean" not in weights:
            kept[key] = value
    return kept
