"""Who stands in a scene: how many objects, how large, and which of them in front."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jpegproof.data.world.canvas import Plan
from jpegproof.data.world.classes import KINDS
from jpegproof.data.world.draws import Draws


@dataclass(frozen=True, slots=True)
class Cast:
    """The objects of a scene: a dominant one, nearly level and facing either side, and others of any class and turn.

    Attributes:
        dominant_area: least and greatest area of the dominant object, as a share of the picture's.
        others: fewest and most other objects.
        other_area: least and greatest area of each of them, as a share of the picture's.
        in_front: whether the dominant object stands before all others; if not, anywhere among them.
    """

    dominant_area: tuple[float, float]
    others: tuple[int, int]
    other_area: tuple[float, float]
    in_front: bool

    def plans(self, draws: Draws, label: int, height: int, width: int) -> list[Plan]:
        """Where each object of a (height, width) picture stands: first the dominant one, of class `label`."""
        turn = 0.3 * draws.bell() + (np.pi if draws.chance(0.5) else 0.0)
        plans = [_plan(draws, label, self.dominant_area, 0.95, turn, height, width)]
        fewest, most = self.others
        for _ in range(fewest + draws.integer(most - fewest + 1)):
            other = draws.integer(len(KINDS))
            plans.append(_plan(draws, other, self.other_area, 0.3, draws.uniform(0.0, 2 * np.pi), height, width))
        return plans

    def order(self, draws: Draws, count: int) -> list[int]:
        """The order in which `count` objects are painted, farthest first: places in what `plans` answers with."""
        order = [int(place) for place in draws.permutation(count)]
        if self.in_front:
            order.remove(0)
            order.append(0)
        return order


PORTRAIT = Cast(dominant_area=(0.15, 0.30), others=(0, 3), other_area=(0.012, 0.035), in_front=False)
"""One object that fills a good part of the picture, and up to three small ones: for classification."""

GATHERING = Cast(dominant_area=(0.05, 0.12), others=(2, 6), other_area=(0.010, 0.05), in_front=True)
"""Three to seven objects of many sizes that stand before each other: for detection."""


def _plan(
    draws: Draws, label: int, area: tuple[float, float], margin: float, turn: float, height: int, width: int
) -> Plan:
    """An object of a class whose area is a share of the picture's, at least margin * reach away from the borders."""
    pixels = draws.uniform(*area) * height * width
    reach = min(0.5 * (pixels / KINDS[label].fill) ** 0.5, 0.5 * min(height, width))
    inset = margin * reach
    return Plan(
        label=label,
        x=draws.uniform(min(inset, width / 2), max(width - inset, width / 2)),
        y=draws.uniform(min(inset, height / 2), max(height - inset, height / 2)),
        reach=reach,
        turn=turn,
    )
