"""Residual-in-residual dense blocks."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

#: Makes a 3x3 convolution that keeps the size, from so many channels to so many.
MakeConvolution = Callable[[int, int], nn.Module]

_SHARE = 0.2
"""Of what a block adds to its input."""


def convolution(inputs: int, outputs: int) -> nn.Module:
    """An ordinary 3x3 convolution."""
    return nn.Conv2d(inputs, outputs, 3, padding=1)


class _DenseBlock(nn.Module):
    """Five convolutions, each of which sees the input and all answers before it."""

    def __init__(self, width: int, make: MakeConvolution) -> None:
        super().__init__()
        for number in range(1, 6):
            self.add_module(f"conv{number}", make(number * width, width))
            self.add_module(f"relu{number}", nn.PReLU())

    def forward(self, x: Tensor) -> Tensor:
        answers, answer = [x], x
        for number in range(1, 6):
            convolved = self.get_submodule(f"conv{number}")(torch.cat(answers, dim=1))
            answer = self.get_submodule(f"relu{number}")(convolved)
            answers.append(answer)
        return _SHARE * answer + x


class ResidualDense(nn.Module):
    """Three dense blocks in a row, added to the input.

    Args:
        width: channels in, out and between.
        make: makes its convolutions.

    Source: X. Wang et al., ESRGAN, ECCVW 2018, section 3.1 (with PReLU here, after the fifth convolution, too).
    """

    def __init__(self, width: int, make: MakeConvolution = convolution) -> None:
        super().__init__()
        self.block1 = _DenseBlock(width, make)
        self.block2 = _DenseBlock(width, make)
        self.block3 = _DenseBlock(width, make)

    def forward(self, x: Tensor) -> Tensor:
        """(N, width, h, w) to the same."""
        return _SHARE * self.block3(self.block2(self.block1(x))) + x
