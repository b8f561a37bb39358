"""How something is trained: plain numbers, part of what names the result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from jpegproof.training.deliveries import DrawnStep
from jpegproof.training.stopping import StopRule

Precision = Literal["auto", "float32", "bfloat16", "float16"]
Subsampling = Literal["4:2:0", "4:2:2", "4:4:4"]

#: How the losses of several models are made to count alike. ``damage``: each in units of what it is on JPEGs without a
#: cure, so that it says which share of the damage is left. ``gradient``: of the length of its gradient at the start.
#: ``none``: as it comes.
Balance = Literal["damage", "gradient", "none"]

#: Where a study does not say; why: docs/correctors.md.
USUAL_BALANCE: Balance = "gradient"


@dataclass(frozen=True, slots=True)
class Recipe:
    """The numbers of a training.

    Attributes:
        steps: updates of the weights.
        batch: pictures a step.
        learning_rate: at its peak; it rises over the first `warmup` of the steps and falls to nothing by a cosine.
        weight_decay: AdamW's.
        warmup: share of the steps, 0..1.
        qualities: lowest and highest libjpeg quality; each picture gets one of them at random, each time anew.
        low_qualities: 1 draws all qualities alike; above it the lower ones come oftener: low + (high - low) u^this, u
            being uniform. At 2 half of the pictures lie in the lowest quarter of the range.
        subsampling: of chroma; each picture gets one of them at random.
        chains: delivery chains, one of which a picture comes along instead of being saved once, each as often.
        single_saves: with chains, the share of the pictures that are saved once all the same, 0..1.
        crop: side in pixels of a random square cut from the picture before it is compressed, a multiple of 16; None
            for whole pictures. Where something is trained along a model's path it must be None.
        shrunk: share of the squares that are shrunk after they were compressed, 0..1, by 1.25 to 4, as a picture is
            that is corrected near a model's own scale; they are cut that much larger before.
        ragged: share of the batches, 0..1, whose squares lack up to 15 rows and columns, so that blocks at the right
            and the bottom are in part beyond the picture, as in pictures of any size.
        stage: ``source`` compresses the picture as stored; ``input`` after the model's resize and crop.
        augment: ``mirror`` mirrors each picture at random before it is compressed; ``dihedral`` gives it one of the
            eight turns and reflections of a square; ``none`` neither.
        precision: of the convolutions: ``bfloat16`` or ``float16`` (by autocast, the latter with its loss scaled), or
            ``auto`` for bfloat16 where the processor or GPU has it. Weights, pictures and losses stay float32.
        seed: of everything random.
        stop: when it ends before its steps are over, told by held-back pictures; None: never, and none are looked at.
    """

    steps: int
    batch: int = 8
    learning_rate: float = 1e-4
    weight_decay: float = 0.0
    warmup: float = 0.05
    qualities: tuple[int, int] = (10, 90)
    low_qualities: float = 1.0
    subsampling: tuple[Subsampling, ...] = ("4:2:0",)
    chains: tuple[tuple[DrawnStep, ...], ...] = ()
    single_saves: float = 0.5
    crop: int | None = None
    shrunk: float = 0.0
    ragged: float = 0.0
    stage: Literal["source", "input"] = "source"
    augment: Literal["none", "mirror", "dihedral"] = "mirror"
    precision: Precision = "auto"
    seed: int = 0
    stop: StopRule | None = None

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        rising = self.warmup * self.steps
        if step < rising:
            return self.learning_rate * (step + 1) / (rising + 1)
        share = (step - rising) / max(self.steps - rising, 1)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * share))

    def describe(self) -> Mapping[str, Any]:
        """Plain data for a fingerprint."""
        facts = asdict(self)
        if not self.chains:  # as it was when there were none
            del facts["chains"], facts["single_saves"]
        if self.stop is None:
            del facts["stop"]
        return facts
