"""The outputs of official networks under reproducible weights, which do not live in the repository."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from outside_folders import outside_folder


@dataclass(frozen=True)
class ParityFixture:
    """One official network.

    Attributes:
        spec: how its checkpoint and its cases are made.
        arrays: inputs and outputs by case and name.
    """

    spec: dict[str, Any]
    arrays: Any

    def __getitem__(self, name: str) -> torch.Tensor:
        return torch.from_numpy(self.arrays[name])


def parity_folder() -> Path:
    """The folder of fixtures: $JPEGPROOF_PARITY, or ``../shared/parity``; see `outside_folder`."""
    return outside_folder("parity", "JPEGPROOF_PARITY", "parity fixtures")


def parity_fixture(name: str) -> ParityFixture:
    """The fixture of a name."""
    return ParityFixture(_fill().load_spec(name), np.load(parity_folder() / f"{name}.npz"))


def fill(network: torch.nn.Module, fixture: ParityFixture) -> None:
    """Gives a network the fixture's weights, tensor by tensor, so that they are in memory once only.

    Raises:
        ValueError: the network's keys are not those of the official checkpoint.
    """
    rule, (rows,) = _fill(), fixture.spec["tensors"].values()
    state = network.state_dict()
    if {key: list(value.shape) for key, value in state.items()} != {key: shape for key, shape, _ in rows}:
        raise ValueError("the network's keys and shapes are not the official ones")
    for key, shape, dtype in rows:
        value = rule.tensor(key, shape, dtype, *fixture.spec["fill"].get(key, (None, None)))
        state[key].copy_(torch.from_numpy(value))


def write_checkpoint(fixture: ParityFixture, path: Path) -> Path:
    """Writes the fixture's weights as the official code writes its checkpoints."""
    _fill().write(fixture.spec, str(path))
    return path


def _fill() -> Any:
    found = importlib.util.spec_from_file_location("parity_fill", parity_folder() / "fill.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
