"""Cross-entropy against labels of stored pixels: brought to the network's resolution, void left out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from PIL import Image

from jpegproof.exceptions import ModelError
from jpegproof.models.segmenters.label_loss import label_loss, labels_at
from jpegproof.tasks.segmenter import VOID


@pytest.mark.parametrize(("stored", "framed"), [((45, 67), (40, 64)), ((45, 67), (64, 96)), ((512, 683), (456, 600))])
@pytest.mark.parametrize("rate", [1, 4, 8])
def test_labels_are_what_pillow_takes_from_the_stored_ones_in_two_steps(
    stored: tuple[int, int], framed: tuple[int, int], rate: int
):
    labels = np.random.default_rng(0).integers(0, 151, stored).astype(np.uint8)
    small = framed[0] // rate, framed[1] // rate
    image = Image.fromarray(labels)
    for height, width in (framed, small):
        image = image.resize((width, height), Image.Resampling.NEAREST)
    found = labels_at(torch.from_numpy(labels.astype(np.int64)), framed, small)
    assert (found.numpy() == np.asarray(image)).all()


def test_the_loss_is_the_mean_over_all_labelled_pixels_of_all_pictures():
    random = torch.Generator().manual_seed(0)
    pairs, terms = [], []
    for size, void in (((2, 3), 1), ((4, 4), 9)):
        scores = 2 * torch.randn(2, 5, *size, generator=random)
        labels = torch.randint(0, 5, (2, *size), generator=random)
        labels.view(-1)[:void] = VOID
        pairs.append((scores, labels))
        for picture, row, column in np.ndindex(*labels.shape):
            label = int(labels[picture, row, column])
            if label != VOID:
                column_scores = scores[picture, :, row, column].double()
                terms.append(math.log(float(column_scores.exp().sum())) - float(column_scores[label]))
    assert len(terms) == 12 - 1 + 32 - 9
    assert float(label_loss(pairs)) == pytest.approx(sum(terms) / len(terms), rel=1e-6)


def test_pictures_without_a_label_cost_nothing_and_teach_nothing():
    scores = torch.randn(1, 3, 4, 4, requires_grad=True)
    loss = label_loss([(scores, torch.full((1, 4, 4), VOID))])
    loss.backward()
    assert float(loss.detach()) == 0
    assert scores.grad is not None
    assert (scores.grad == 0).all()


def test_a_label_that_is_no_class_of_the_network_is_told():
    with pytest.raises(ModelError, match=r"labelled with class 3, .* the 3 classes from 0 to 2"):
        label_loss([(torch.zeros(1, 3, 2, 2), torch.full((1, 2, 2), 3))])
