"""A classifier's answers: its best classes with their probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch

from jpegproof.probes.drawn import Bar, Drawn, DrawnPicture
from jpegproof.probes.shown import Look, ShownPicture

#: So many of the best classes are shown, and the true one below where it is not among them.
SHOWN = 3


def draw_labels(shown: ShownPicture, names: Mapping[int, str]) -> DrawnPicture:
    """Draws the best three classes, and the true one (without a label: the one said of the original) below them.

    Args:
        shown: with answers of `Classification`.
        names: of the classes; one without a name goes by its number.
    """
    label = cast("int | None", shown.target)
    own = cast(torch.Tensor, shown.original.answer)
    wanted = int(torch.sort(own[0], descending=True, stable=True).indices[0]) if label is None else label

    def drawn(look: Look) -> Drawn | None:
        if look.answer is None:
            return None
        bars = _bars(cast(torch.Tensor, look.answer)[0], wanted, names)
        words = f"{bars[0].verdict}: " + ", ".join(f"{bar.text} {100 * bar.share:.1f} %" for bar in bars)
        return Drawn(look.pixels, look.shown, bars=bars, words=words)

    truth = None
    if label is not None:
        named = _name(label, names)
        truth = Drawn(shown.original.pixels, shown.original.shown, bars=(Bar(named, 1.0, "truth"),), words=named)
    key = "Bars are probabilities; \N{CHECK MARK} right, \N{BALLOT X} wrong."
    key += "" if label is not None else " No label: right is what the model says of the original."
    return DrawnPicture(drawn(shown.original), tuple(map(drawn, shown.looks)), truth, (), key)


def _bars(logits: torch.Tensor, wanted: int, names: Mapping[int, str]) -> tuple[Bar, ...]:
    shares = torch.softmax(logits.double(), dim=0).tolist()
    best = torch.sort(logits, descending=True, stable=True).indices[:SHOWN].tolist()
    best += [wanted] if wanted not in best else []
    # Only the first is what the model answers; of the others only that one is right is worth telling.
    return tuple(
        Bar(_name(number, names), shares[number], "right" if number == wanted else "wrong" if place == 0 else None)
        for place, number in enumerate(best)
    )


def _name(number: int, names: Mapping[int, str]) -> str:
    return names.get(number, f"class {number}")
