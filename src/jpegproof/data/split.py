"""A data set cut in three: what is learned from, what says when to stop, and what judges the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from jpegproof.data.picture_set import PictureSet
from jpegproof.data.scenes import scene_identity
from jpegproof.exceptions import DataError

#: Of the pictures that are held back, the share that says when to stop; the others judge. Distances are numbers and few
#: pictures tell them apart; answers are the same or another, of which many are needed.
STOPPING_SHARE = 1 / 3

#: More of them would only take longer.
MOST_STOPPING, MOST_JUDGING = 64, 400

#: With fewer nothing can be told, and an interval over them would be a pretence.
LEAST_STOPPING, LEAST_JUDGING = 5, 10


@dataclass(frozen=True, slots=True)
class Split:
    """The numbers of the pictures of each part, in the data set's order.

    Attributes:
        learning: what is learned from.
        stopping: what says when to stop.
        judging: what judges the outcome; nothing was chosen by it.
    """

    learning: tuple[int, ...]
    stopping: tuple[int, ...]
    judging: tuple[int, ...]


def held_back_counts(pictures: int, share: float) -> tuple[int, int]:
    """How many of so many pictures say when to stop, and how many judge, where `share` is held back."""
    stopping = min(round(pictures * share * STOPPING_SHARE), MOST_STOPPING)
    return stopping, min(round(pictures * share) - round(pictures * share * STOPPING_SHARE), MOST_JUDGING)


def can_be_split(pictures: int, share: float) -> bool:
    """Whether so many pictures are enough for all three parts."""
    stopping, judging = held_back_counts(pictures, share)
    return stopping >= LEAST_STOPPING and judging >= LEAST_JUDGING and stopping + judging < pictures


def split(pictures: PictureSet, numbers: Sequence[int], share: float, seed: int, block: int = 1) -> Split:
    """Cuts pictures in three, by their contents alone: whatever order or names they have, the same are held back.

    Pictures of the same content, and pictures that show one scene, stay together.

    Args:
        pictures: the data set.
        numbers: which of it are used.
        share: of them that is held back, in (0, 1); `MOST_STOPPING` and `MOST_JUDGING` at most.
        seed: another one holds others back.
        block: how many pictures that follow each other are alike, as in a video, and stay together.

    Raises:
        DataError: there are too few pictures, or too few that differ.
    """
    if not can_be_split(len(numbers), share):
        raise DataError(
            f"{len(numbers)} pictures are too few to hold a share of {share:g} back: {LEAST_STOPPING} must say when to "
            f"stop, {LEAST_JUDGING} must judge, and some must be left to learn from; give more pictures"
        )
    groups: dict[str, list[int]] = {}
    for place, number in enumerate(numbers):
        first = numbers[place - place % block]
        groups.setdefault(scene_identity(pictures, first), []).append(number)
    ranked = sorted(groups, key=lambda identity: (_digest(identity, seed), identity))
    stopping_count, judging_count = held_back_counts(len(numbers), share)
    stopping: list[int] = []
    judging: list[int] = []
    learning: list[int] = []
    for identity in ranked:
        if len(judging) < judging_count:
            judging += groups[identity]
        elif len(stopping) < stopping_count:
            stopping += groups[identity]
        else:
            learning += groups[identity]
    if not learning or not stopping:
        raise DataError(
            f"of {len(numbers)} pictures only {len(groups)} differ, too few to hold some back; give more of them"
        )
    return Split(*(tuple(sorted(part)) for part in (learning, stopping, judging)))


def _digest(identity: str, seed: int) -> bytes:
    return blake2b(f"{seed} {identity}".encode("utf-8", "surrogateescape"), digest_size=16).digest()
