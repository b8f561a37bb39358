"""The random numbers that networks draw while they learn: of torch, NumPy and Python, set anew for everything computed.

Nothing of them has to be kept in a checkpoint: whoever goes on at a step sets them as an undisturbed training did.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

_TORCH = 2

#: A prime far from the others, so that no picture of a batch draws what another step's draws.
_PER_PLACE = 998_244_353


def step_seed(seed: int, step: int, place: int = 0) -> int:
    """The seed for the pictures of a step from one place of its batch on; it knows nothing of processes.

    Args:
        seed: the recipe's.
        step: counted from 0.
        place: of the first picture that is computed with it.
    """
    return ((seed * 1_000_003 + step) * 31 + _TORCH + place * _PER_PLACE) % 2**63


def seed_generators(number: int) -> None:
    """Sets torch's generators (of every device), NumPy's global one and Python's."""
    torch.manual_seed(number)
    np.random.seed(number % 2**32)
    random.seed(number)


@contextmanager
def callers_generators_kept() -> Iterator[None]:
    """Gives NumPy's and Python's global generators back as they were: a program that trains may use them itself."""
    of_numpy, of_python = np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        np.random.set_state(of_numpy)
        random.setstate(of_python)
