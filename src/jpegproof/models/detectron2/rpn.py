"""The region proposal network: where something may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.detection._utils import BalancedPositiveNegativeSampler
from torchvision.ops import batched_nms

from jpegproof.models.detectron2.anchors import RATIOS, by_anchor, cell_anchors, level_anchors
from jpegproof.models.detectron2.boxes import BACKGROUND, PLAIN_OFFSETS, clipped, has_area, match
from jpegproof.models.detectron2.pyramid import WIDTH
from jpegproof.models.detectron2.truth import Truth

#: By level: stride, and the size of its anchors, pixels.
LEVELS = {"p2": (4, 32.0), "p3": (8, 64.0), "p4": (16, 128.0), "p5": (32, 256.0), "p6": (64, 512.0)}

_NMS = 0.7
#: Best of each level that go into non-maximum suppression, when detecting and when learning.
_CANDIDATES, _CANDIDATES_TO_LEARN = 1000, 2000
#: Proposals of a picture, after it.
MOST = 1000


class Proposals(NamedTuple):
    """Proposals for one picture.

    Attributes:
        boxes: (P, 4) float32 xyxy in input pixels, best first.
        logits: (P,) float32 objectness before the sigmoid, falling.
    """

    boxes: Tensor
    logits: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class RpnAnswer:
    """What the network says at every anchor.

    Attributes:
        anchors: per level (A, 4) in input pixels.
        logits: per level (N, A) objectness.
        offsets: per level (N, A, 4).
    """

    anchors: Sequence[Tensor]
    logits: Sequence[Tensor]
    offsets: Sequence[Tensor]


class RpnHead(nn.Module):
    """Objectness and offsets of three anchors at each place of a map."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.objectness_logits = nn.Conv2d(WIDTH, len(RATIOS), 1)
        self.anchor_deltas = nn.Conv2d(WIDTH, 4 * len(RATIOS), 1)
        for layer in (self.conv, self.objectness_logits, self.anchor_deltas):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, level: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 256, H, W) to logits (N, 3, H, W) and offsets (N, 12, H, W), anchor by anchor."""
        hidden = F.relu(self.conv(level))
        return self.objectness_logits(hidden), self.anchor_deltas(hidden)


class Rpn(nn.Module):
    """The proposals of a pyramid.

    Source: Ren et al., "Faster R-CNN", 2015, section 3; constants of facebookresearch/detectron2's R50-FPN models.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rpn_head = RpnHead()

    def forward(self, maps: Mapping[str, Tensor]) -> RpnAnswer:
        """What is said of every anchor of levels p2 .. p6."""
        anchors, logits, offsets = [], [], []
        for name, (stride, size) in LEVELS.items():
            level = maps[name]
            cells = cell_anchors([size]).to(level.device)
            anchors.append(level_anchors(cells, stride, (level.shape[-2], level.shape[-1])))
            level_logits, level_offsets = self.rpn_head(level)
            logits.append(by_anchor(level_logits, 1).squeeze(-1).float())
            offsets.append(by_anchor(level_offsets, 4).float())
        return RpnAnswer(anchors, logits, offsets)

    @torch.no_grad()
    def proposals(self, answer: RpnAnswer, sizes: Sequence[tuple[int, int]], learning: bool = False) -> list[Proposals]:
        """The best boxes of each picture, at most `MOST`; no gradients go through them.

        Args:
            answer: as `forward` gave it.
            sizes: (H, W) of each picture without padding.
            learning: takes more candidates into account, as Detectron2 does while it trains.
        """
        candidates = _CANDIDATES_TO_LEARN if learning else _CANDIDATES
        return [self._proposals(answer, number, size, candidates) for number, size in enumerate(sizes)]

    def losses(self, answer: RpnAnswer, truths: Sequence[Truth]) -> dict[str, Tensor]:
        """Cross entropy of 256 anchors of each picture, half of them objects where there are as many; L1 of offsets.

        Both are sums over the sampled anchors, divided by their number as if each picture had its 256.
        """
        anchors = torch.cat(list(answer.anchors))
        logits, offsets = torch.cat(list(answer.logits), 1), torch.cat(list(answer.offsets), 1)
        sampler = BalancedPositiveNegativeSampler(256, 0.5)
        classification, regression = logits.new_zeros(()), logits.new_zeros(())
        for number, truth in enumerate(truths):
            matched = match(truth.boxes, anchors, 0.3, 0.7, each_truth=True)
            # The sampler wants 1 for objects, 0 for background, -1 for what is not to be sampled.
            kind = torch.where(matched >= 0, 1, torch.where(matched == BACKGROUND, 0, -1))
            (object_mask,), (background_mask,) = sampler([kind])
            objects, sampled = object_mask.bool(), object_mask.bool() | background_mask.bool()
            classification = classification + F.binary_cross_entropy_with_logits(
                logits[number][sampled], kind[sampled].to(logits.dtype), reduction="sum"
            )
            if objects.any():
                wanted = PLAIN_OFFSETS.encode_single(truth.boxes[matched[objects]], anchors[objects])
                regression = regression + F.l1_loss(offsets[number][objects], wanted, reduction="sum")
        share = 256 * len(truths)
        return {"loss_rpn_cls": classification / share, "loss_rpn_loc": regression / share}

    def _proposals(self, answer: RpnAnswer, number: int, size: tuple[int, int], candidates: int) -> Proposals:
        boxes, logits, levels = [], [], []
        for place, (anchors, level_logits, offsets) in enumerate(
            zip(answer.anchors, answer.logits, answer.offsets, strict=True)
        ):
            best, chosen = level_logits[number].topk(min(candidates, level_logits.shape[1]))
            boxes.append(PLAIN_OFFSETS.decode_single(offsets[number][chosen], anchors[chosen]))
            logits.append(best)
            levels.append(torch.full_like(chosen, place))
        all_boxes, all_logits, all_levels = clipped(torch.cat(boxes), size), torch.cat(logits), torch.cat(levels)
        kept = has_area(all_boxes)
        all_boxes, all_logits, all_levels = all_boxes[kept], all_logits[kept], all_levels[kept]
        chosen = batched_nms(all_boxes, all_logits, all_levels, _NMS)[:MOST]
        return Proposals(all_boxes[chosen], all_logits[chosen])
