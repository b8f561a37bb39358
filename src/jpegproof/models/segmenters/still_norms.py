"""Networks whose batch norms keep their statistics while the rest learns."""

from __future__ import annotations

from typing import Self

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


class StillNorms(nn.Module):
    """In training mode everything in it is, but norms over the batch.

    Segmenters are fine-tuned with a few pictures at once, often one, of which a norm would learn too little; and what
    PSPNet pools into a single place cannot be normalised over a batch of one at all. Their weights learn. A norm that
    is put into training mode by itself, as for re-estimating statistics, stays in it.
    """

    def train(self, mode: bool = True) -> Self:
        """See ``torch.nn.Module``."""
        super().train(mode)
        for layer in self.modules():
            if isinstance(layer, _BatchNorm):
                layer.eval()
        return self
