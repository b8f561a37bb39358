"""The mode in which networks for large pictures learn."""

from __future__ import annotations

import torch


def learn_with_frozen_norms(network: torch.nn.Module) -> None:
    """Training mode, but for batch norm, which keeps its statistics: batches of a few pictures would spoil them."""
    network.train()
    for layer in network.modules():
        if isinstance(layer, torch.nn.modules.batchnorm._BatchNorm):
            layer.eval()
