"""Weights from local files. Reading one never runs code from it."""

from __future__ import annotations

import hashlib
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from jpegproof.exceptions import WeightsError
from jpegproof.inert_checkpoint import read_inert

PICKLE_SUFFIXES = (".pth", ".pt", ".bin", ".ckpt", ".tar")
SUFFIXES = (".safetensors", *PICKLE_SUFFIXES)

# Where training scripts put the tensors in a checkpoint that holds more than them, in order of trust.
_WRAPPERS = ("state_dict", "model_state_dict", "model", "params_ema", "params", "net", "network")


def read_weights(path: Path, foreign: Literal["refuse", "ignore"] = "refuse") -> dict[str, torch.Tensor]:
    """Reads a state dict from ``.safetensors``, or from a PyTorch checkpoint without running what it holds.

    A checkpoint that wraps its tensors (``{"state_dict": ...}`` and the like) is unwrapped, and the ``module.`` that
    DataParallel puts before every key is taken off.

    Args:
        path: a local file.
        foreign: what to do with a checkpoint that holds more than tensors and plain data. ``refuse`` reads it with
            torch's weights-only unpickler, which names the first such object. ``ignore`` passes them over, as PyTorch
            Lightning's files ask for, whose ``hyper_parameters`` are objects of the program that trained; see
            `read_inert`, and copy the tensors if they are to outlive the file.

    Returns:
        Tensors by key, on the CPU.

    Raises:
        WeightsError: the file is missing, of another kind, damaged, or holds objects that would run code.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: there is no such weights file; check the path")
    if path.suffix.lower() not in SUFFIXES:
        raise WeightsError(f"{path}: is not a kind of weights file that is read here; use one of {', '.join(SUFFIXES)}")
    head = _head(path)
    if not head:
        raise WeightsError(f"{path}: is empty")
    if head.startswith(b"version https://git-lfs"):
        raise WeightsError(f"{path}: is a Git LFS pointer in place of the weights; fetch them with: git lfs pull")
    if path.suffix.lower() == ".safetensors":
        content = _read_safetensors(path)
    else:
        content = _read_pickle(path) if foreign == "refuse" else _read_foreign(path)
    return _plain_keys(_tensors_in(content, path))


def load_into(network: torch.nn.Module, weights: Mapping[str, torch.Tensor], path: Path) -> None:
    """Loads a state dict into a network, whole and exactly.

    Raises:
        WeightsError: keys are missing or left over, or a shape differs; the message names them.
    """
    _refuse_misfits(network, weights, path)
    network.load_state_dict(dict(weights), strict=False)


def check_before_building(network: torch.nn.Module, weights: Mapping[str, torch.Tensor], path: Path) -> None:
    """Checks a file that itself says how large its network is, so that a false one costs no memory.

    Args:
        network: what would be built, on the ``meta`` device, where it takes none.
        weights: its state dict, no tensor of it in the file twice.
        path: the file.

    Raises:
        WeightsError: as `load_into`; or the tensors have more bytes than the file, being one value many times over.
    """
    _refuse_misfits(network, weights, path)
    claimed, held = sum(value.nbytes for value in weights.values()), path.stat().st_size
    if claimed > held:
        largest = max(weights, key=lambda key: weights[key].nbytes)
        raise WeightsError(
            f"{path}: its tensors claim {claimed:,} bytes and the file has {held:,}; the largest is {largest}, "
            f"{tuple(weights[largest].shape)}"
        )


def _refuse_misfits(network: torch.nn.Module, weights: Mapping[str, torch.Tensor], path: Path) -> None:
    wanted = network.state_dict()
    # Bookkeeping of batch norm's running average, absent from old checkpoints; it plays no part in evaluation.
    # Nor can a file of tensors hold a layer's extra state that is none.
    missing = [
        key
        for key, value in wanted.items()
        if key not in weights and not key.endswith("num_batches_tracked") and isinstance(value, torch.Tensor)
    ]
    surplus = [key for key in weights if key not in wanted]
    misshapen = [
        f"{key} is {tuple(weights[key].shape)} in the file and {tuple(wanted[key].shape)} in the network"
        for key in wanted
        if key in weights and isinstance(wanted[key], torch.Tensor) and weights[key].shape != wanted[key].shape
    ]
    problems = [
        f"{len(keys)} {what}: {', '.join(keys[:4])}{', ...' if len(keys) > 4 else ''}"
        for keys, what in ((missing, "missing"), (surplus, "unknown"), (misshapen, "of another shape"))
        if keys
    ]
    if problems:
        raise WeightsError(
            f"{path}: these weights are not of this network ({type(network).__name__}). " + "; ".join(problems)
        )


def file_digest(path: Path) -> str:
    """A digest of a weights file's bytes.

    Raises:
        WeightsError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read: {error.strerror}") from error


def _head(path: Path) -> bytes:
    """A file's first bytes, by which kinds of files know themselves."""
    try:
        with path.open("rb") as file:
            return file.read(32)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read: {error.strerror}") from error


def _read_safetensors(path: Path) -> Any:
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"{path}: is not a readable safetensors file: {error}") from error


def _read_pickle(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            # Torch asks for a bug report on every pickle that it did not write itself.
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if not _head(path).startswith((b"PK", b"\x80")):  # a zip archive, or a pickle
            raise WeightsError(f"{path}: is not a PyTorch checkpoint, whatever its name says") from error
        raise WeightsError(
            f"{path}: holds more than tensors ({_offender(error)}), which could run code on loading; refused. "
            "Save the plain state dict, best as .safetensors: safetensors.torch.save_file(model.state_dict(), ...)"
        ) from error
    # torch answers damaged zip archives and cut-off pickles with whatever its parsers stumble over.
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WeightsError(f"{path}: is not a readable PyTorch checkpoint: {reason}") from error


def _read_foreign(path: Path) -> Any:
    try:
        return read_inert(path)
    # Damaged archives and pickles fail in whatever way their parsers stumble.
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WeightsError(f"{path}: is not a readable PyTorch checkpoint: {reason}") from error


def _offender(error: Exception) -> str:
    """The name of the refused object, from torch's long explanation."""
    for word in ("GLOBAL ", "global "):
        _, found, rest = str(error).partition(word)
        if found:
            return rest.split()[0]
    return "an object that is not a tensor"


def _tensors_in(content: Any, path: Path) -> dict[str, torch.Tensor]:
    for key in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    if not isinstance(content, Mapping):
        raise WeightsError(f"{path}: holds a {type(content).__name__} instead of tensors by name")
    if not content:
        raise WeightsError(f"{path}: holds no tensors")
    odd = [str(key) for key, value in content.items() if not isinstance(value, torch.Tensor)]
    if odd:
        raise WeightsError(f"{path}: entries are not tensors: {', '.join(odd[:4])}; save the plain state dict")
    unnamed = [str(key) for key in content if not isinstance(key, str)]
    if unnamed:
        raise WeightsError(f"{path}: tensors have no names but {', '.join(unnamed[:4])}; save the plain state dict")
    return dict(content)


def _plain_keys(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    if all(key.startswith("module.") for key in weights):
        return {key.removeprefix("module."): value for key, value in weights.items()}
    return weights
