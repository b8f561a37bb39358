"""Whether what a network of one's own answers with can be trained through."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


def carries_gradient(inputs: Tensor, network: torch.nn.Module, outputs: Mapping[str, Tensor]) -> bool:
    """Whether gradients flow through the outputs, or none were asked for."""
    asked = torch.is_grad_enabled() and (
        inputs.requires_grad or any(parameter.requires_grad for parameter in network.parameters())
    )
    return not asked or any(tensor.requires_grad for tensor in outputs.values())
