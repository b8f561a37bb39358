"""Multiply-adds against counts by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from jpegproof.correctors.cost import multiply_adds


@pytest.mark.parametrize(
    ("layer", "shape", "by_hand"),
    [
        (nn.Conv2d(3, 5, 3, padding=1), (1, 3, 7, 9), 7 * 9 * 5 * 3 * 9),
        (nn.Conv2d(3, 5, 3, stride=2), (2, 3, 7, 9), 2 * 3 * 4 * 5 * 3 * 9),
        (nn.Conv2d(6, 9, (1, 3), groups=3), (1, 6, 4, 8), 4 * 6 * 9 * 2 * 3),
        (nn.Conv2d(4, 4, 3, padding=2, dilation=2), (1, 4, 8, 8), 64 * 4 * 4 * 9),
        (nn.ConvTranspose2d(4, 6, 4, stride=2, padding=1), (1, 4, 5, 5), 25 * 4 * 6 * 16),
        (nn.ConvTranspose2d(4, 6, 2, stride=2, groups=2), (1, 4, 5, 5), 25 * 4 * 3 * 4),
        (nn.Linear(7, 11), (3, 7), 3 * 7 * 11),
        (nn.Sequential(nn.Linear(7, 11), nn.ReLU(), nn.Linear(11, 2)), (1, 7), 7 * 11 + 11 * 2),
        (nn.ReLU(), (1, 7), 0),
    ],
)
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_a_count_is_the_one_made_by_hand(layer: nn.Module, shape: tuple[int, ...], by_hand: int, device: str):
    assert multiply_adds(layer.to(device), torch.zeros(shape, device=device)) == by_hand


def test_products_of_matrices_count_in_any_function():
    def product(a: torch.Tensor, b: torch.Tensor) -> Any:
        return torch.einsum("nij,njk->nik", a, b) + (a[0] @ b[0])

    assert multiply_adds(product, torch.zeros(2, 3, 4), torch.zeros(2, 4, 5)) == 3 * (3 * 4 * 5)


def test_every_call_counts_and_gradients_do_not():
    layer = nn.Conv2d(1, 1, 1)
    assert multiply_adds(lambda x: layer(layer(x)), torch.zeros(1, 1, 2, 2, requires_grad=True)) == 8
    assert layer.weight.grad is None
