"""Training and evaluation mode for a while, module by module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd


@contextmanager
def modes(modules: Iterable[nn.Module], training: bool) -> Iterator[None]:
    """Puts these modules, and not what they hold, into a mode; afterwards each is in the mode that it was in."""
    before = [(module, module.training) for module in modules]
    try:
        for module, _ in before:
            module.training = training
        yield
    finally:
        for module, mode in before:
            module.training = mode


def all_but_noise(network: nn.Module) -> list[nn.Module]:
    """A network's modules but those whose mode changes numbers: norms over the batch, and dropout."""
    return [module for module in network.modules() if not isinstance(module, _NormBase | _DropoutNd)]
