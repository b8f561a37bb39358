"""The modules that are exported: a corrector, a network, and both with the gate and the preparation between them."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from jpegproof.correctors.block_restorer import OFFSET, SPREAD, BlockRestorer
from jpegproof.correctors.gate import Gate
from jpegproof.correctors.grid_corrector import layout_of
from jpegproof.deploy.graph_resize import GraphPreparation
from jpegproof.jpeg.codec import DecodedJpeg
from jpegproof.jpeg.dct import BLOCK
from jpegproof.jpeg.tables import chroma_table, luma_table
from jpegproof.models.model import Model

#: Inputs of the graphs of a corrector and of a pipeline, in this order.
INPUTS = ("pixels", "luma", "chroma", "layout")


class CorrectorGraph(nn.Module):
    """`BlockRestorer` from 8-bit pixels and a file's own tables.

    Args:
        network: its weights are copied.
    """

    def __init__(self, network: BlockRestorer) -> None:
        super().__init__()
        self.network = plain_copy(network)

    def forward(self, pixels: Tensor, luma: Tensor, chroma: Tensor, layout: Tensor) -> Tensor:
        """Corrected pictures, of one size.

        Args:
            pixels: (N, H, W, 3) uint8 RGB, as decoded; H and W from 9.
            luma: (N, 8, 8) int32 quantisation steps, row = vertical frequency.
            chroma: (N, 8, 8) int32; of a grey file the luma's again.
            layout: (N, 4) float32: 1 where chroma is halved down, across, where there is chroma at all, and where the
                picture has the file's grid of blocks (was not resized), else 0.

        Returns:
            (N, 3, H, W) float32 RGB in [0, 1].
        """
        height, width = pixels.shape[1], pixels.shape[2]
        # The edge's own pixels repeated, up to whole blocks; as an index, since a padding of 0 would be another graph.
        rows = torch.arange((height + BLOCK - 1) // BLOCK * BLOCK).clamp(max=height - 1)
        columns = torch.arange((width + BLOCK - 1) // BLOCK * BLOCK).clamp(max=width - 1)
        pictures = _unit(pixels[:, rows][:, :, columns])
        steps = torch.cat([luma.flatten(1), chroma.flatten(1)], dim=1).clamp(min=1).float()
        conditions = torch.cat([(steps.log() - OFFSET) / SPREAD, layout], dim=1)
        restored = self.network(pictures, conditions).clamp(0.0, 1.0)
        # Cut off by an index too: what torch.export knows of a slice's memory holds for some sizes alone.
        return restored.index_select(2, torch.arange(height)).index_select(3, torch.arange(width))


class GraphGate(nn.Module):
    """A gate's verdict from the tables, without the search for hidden saves, which no graph holds.

    Args:
        gate: whose limits it has.
    """

    _standard: Tensor
    _places: Tensor

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        tables = [[*luma_table(quality).flatten(), *chroma_table(quality).flatten()] for quality in range(1, 101)]
        self.register_buffer("_standard", torch.tensor(np.array(tables), dtype=torch.float32).log())
        self._limits = gate.limits

    def forward(self, luma: Tensor, chroma: Tensor, layout: Tensor, downscale: Tensor) -> Tensor:
        """(N,) bool: whether each picture is corrected; `downscale` is (), see `Gate.limit`."""
        given = torch.cat([luma.flatten(1), chroma.flatten(1)], dim=1).clamp(min=1).float().log()
        apart = (given[:, None] - self._standard).abs()
        has_chroma = layout[:, 2, None]
        half = apart.shape[2] // 2
        # Of a grey file the luma table alone counts.
        errors = (apart[..., :half].sum(2) + apart[..., half:].sum(2) * has_chroma) / (half * (1 + has_chroma))
        qualities = torch.arange(1, errors.shape[1] + 1).float()
        best = errors <= errors.amin(dim=1, keepdim=True)
        quality = torch.where(best, qualities, torch.zeros_like(qualities)).amax(dim=1)
        return quality < self._limit(downscale)

    def _limit(self, downscale: Tensor) -> Tensor:
        place = downscale.log()
        limit = torch.full_like(place, self._limits[0][1])
        for (known, quality), (following, next_quality) in zip(self._limits, self._limits[1:], strict=False):
            begin, end = math.log(known), math.log(following)
            limit = limit + (place - begin).clamp(0.0, end - begin) * ((next_quality - quality) / (end - begin))
        return limit


class NetworkGraph(nn.Module):
    """A classifier's network alone: (N, 3, h, w) float32, prepared, to (N, classes) float32 logits.

    Args:
        network: its weights are copied.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = plain_copy(network)

    def forward(self, inputs: Tensor) -> Tensor:
        """See the class."""
        answer: Any = self.network(inputs)
        answer = answer.logits if hasattr(answer, "logits") else answer
        return answer.float()


class PipelineGraph(nn.Module):
    """From pixels and tables to logits: corrected, or behind a closed gate not, prepared, asked.

    Args:
        model: a classifier with an input of a fixed size.
        corrector: in front of it; None for none.
        gate: selects between the corrected and the given picture, both of which are computed; None takes the corrected.

    Raises:
        ModelError: see `GraphPreparation`.
    """

    def __init__(self, model: Model, corrector: BlockRestorer | None, gate: Gate | None) -> None:
        super().__init__()
        self.preparation = GraphPreparation(model.preparation)
        self.network = NetworkGraph(model.network)
        self.corrector = None if corrector is None else CorrectorGraph(corrector)
        self.gate = None if gate is None else GraphGate(gate)

    def forward(self, pixels: Tensor, luma: Tensor, chroma: Tensor, layout: Tensor) -> Tensor:
        """(N, classes) float32 logits; the inputs are those of `CorrectorGraph`."""
        pictures = _unit(pixels)
        if self.corrector is not None:
            corrected = self.corrector(pixels, luma, chroma, layout)
            if self.gate is not None:
                opened = self.gate(luma, chroma, layout, self.preparation.downscale(pictures))
                corrected = torch.where(opened[:, None, None, None], corrected, pictures)
            pictures = corrected
        return self.network(self.preparation(pictures))


def graph_inputs(image: DecodedJpeg) -> dict[str, NDArray[Any]]:
    """What the graphs of a corrector and of a pipeline take, of one picture, by name; see `CorrectorGraph`.

    Args:
        image: whose planes are told (`JpegHeader.planes_are_told`); of others nothing is known, and they should not go
            through a corrector.
    """
    luma, chroma = image.header.steps
    tables = [table[None].astype(np.int32) for table in (luma, luma if chroma is None else chroma)]
    layout = np.array([layout_of(image.header)], dtype=np.float32)
    return dict(zip(INPUTS, (image.pixels[None], *tables, layout), strict=True))


def plain_copy(network: nn.Module) -> Any:
    """A copy of a network on the processor, in evaluation, its weights in the usual order of memory."""
    return copy.deepcopy(network).cpu().eval().requires_grad_(False).to(memory_format=torch.contiguous_format)


def _unit(pixels: Tensor) -> Tensor:
    """(N, H, W, 3) uint8 -> (N, 3, H, W) float32 in [0, 1]."""
    return pixels.permute(0, 3, 1, 2).float() / 255
