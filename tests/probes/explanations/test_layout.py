"""Where the places of a picture are in a layer's answer."""

from __future__ import annotations

import pytest
import torch

from jpegproof.probes.explanations.layout import Layout, layout_of


@pytest.mark.parametrize(
    ("shape", "picture", "wanted"),
    [
        ((1, 512, 7, 7), (224, 224), Layout("channels_first", (7, 7))),
        ((1, 64, 25, 34), (800, 1067), Layout("channels_first", (25, 34))),
        ((1, 7, 7, 768), (224, 224), Layout("channels_last", (7, 7))),
        ((1, 197, 384), (224, 224), Layout("tokens", (14, 14), 1)),
        ((1, 196, 384), (224, 224), Layout("tokens", (14, 14), 0)),
        ((1, 201, 384), (224, 224), Layout("tokens", (14, 14), 5)),
        ((1, 1 + 14 * 28, 384), (224, 448), Layout("tokens", (14, 28), 1)),
        ((1, 512, 1, 1), (224, 224), None),
        ((1, 1000), (224, 224), None),
        ((2, 512, 7, 7), (224, 224), None),
        ((60, 64, 7, 7), (224, 224), None),
        ((1, 64, 7, 40), (224, 224), None),
        ((1, 3, 8), (224, 224), None),
        ((1, 0, 8), (224, 224), None),
    ],
)
def test_maps_channels_last_and_tokens_are_told_apart(shape, picture, wanted):
    assert layout_of(shape, picture) == wanted


@pytest.mark.parametrize("shape", [(1, 5, 6, 8), (1, 6, 8, 5), (1, 50, 5)])
def test_a_map_and_back_is_the_answer_itself(shape):
    answer = torch.rand(shape)
    layout = layout_of(shape, (60, 80))
    assert layout is not None
    found = layout.to_map(answer)
    assert found.shape == (1, 5, 6, 8)
    assert torch.equal(layout.from_map(found, answer), answer)
    assert not torch.equal(layout.from_map(found * 2, answer), answer)


def test_tokens_are_row_by_row_and_those_of_no_place_are_left_out():
    answer = torch.arange(2 + 6).float().reshape(1, 8, 1)
    layout = Layout("tokens", (2, 3), 2)
    assert layout.to_map(answer)[0, 0].tolist() == [[2, 3, 4], [5, 6, 7]]
