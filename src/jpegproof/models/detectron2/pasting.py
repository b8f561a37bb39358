"""Masks of boxes as masks of the picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

#: A pixel is the object's from this probability on.
THRESHOLD = 0.5


def paste_masks(probabilities: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """The mask head's squares, put where their boxes are.

    Args:
        probabilities: (N, S, S) in [0, 1], each stretched over its box.
        boxes: (N, 4) xyxy in pixels of the picture; fractions count.
        size: (H, W) of the picture.

    Returns:
        (N, H, W) bool: sampled bilinearly at the pixels' centres, 0 around the square, at least one half.

    Source: the arithmetic is facebookresearch/detectron2's (``paste_masks_in_image``), which rounds no box.
    """
    height, width = size
    pasted = torch.zeros(len(boxes), height, width, dtype=torch.bool, device=boxes.device)
    for number, (square, box) in enumerate(zip(probabilities, boxes, strict=True)):
        x0, y0, x1, y1 = box.tolist()
        # Only pixels in the box or beside it can be the object's.
        left, right = max(int(x0) - 1, 0), min(int(x1) + 2, width)
        top, bottom = max(int(y0) - 1, 0), min(int(y1) + 2, height)
        if left >= right or top >= bottom:
            continue
        x = (torch.arange(left, right, device=box.device, dtype=box.dtype) + 0.5 - box[0]) / (box[2] - box[0]) * 2 - 1
        y = (torch.arange(top, bottom, device=box.device, dtype=box.dtype) + 0.5 - box[1]) / (box[3] - box[1]) * 2 - 1
        rows, columns = torch.meshgrid(y, x, indexing="ij")
        places = torch.stack([columns, rows], dim=-1)
        sampled = F.grid_sample(square[None, None].to(box.dtype), places[None], align_corners=False)
        pasted[number, top:bottom, left:right] = sampled[0, 0] >= THRESHOLD
    return pasted
