"""What a network costs: its multiply-adds, counted while it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode


def multiply_adds(module: Callable[..., Any], *inputs: Any) -> int:
    """Multiply-adds of one call: those of convolutions, linear layers, matrix products and attention.

    Activations, norms, additions and resampling are not counted, as in published tables. A multiply and the addition
    that follows it count as one; papers that speak of FLOPs often count them as two. The call is made for real, on the
    inputs' device and without gradients; on the ``meta`` device it costs nothing. Divide by the pixels of the input
    for multiply-adds per pixel.

    Args:
        module: a network, or any function of tensors.
        inputs: what it is called with.

    Returns:
        The count for all inputs together; convolutions count their padding too.
    """
    # Under inference mode some layers are no longer taken apart into the operations that the counter knows.
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(*inputs)
    return counter.get_total_flops() // 2
