"""Preparations back from what they say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jpegproof.exceptions import ModelError
from jpegproof.models.huggingface.frames import BoundedSides, FlooredCrop
from jpegproof.models.preparation import Preparation, ResizeCrop
from jpegproof.models.rounded_sides import RoundedSides
from jpegproof.models.shortest_side import ShortestSide

_KINDS: Mapping[str, type[Preparation]] = {
    "resize_crop": ResizeCrop,
    "floored_crop": FlooredCrop,
    "shortest_side": ShortestSide,
    "rounded_sides": RoundedSides,
    "bounded_sides": BoundedSides,
}


def is_described(preparation: Preparation) -> bool:
    """Whether `described_preparation` gives a preparation back."""
    kind = _KINDS.get(str(preparation.describe().get("kind")))
    return kind is type(preparation)


def described_preparation(said: Mapping[str, Any]) -> Preparation:
    """The preparation whose `describe` said this; lists stand for tuples, as they do in JSON.

    Raises:
        ModelError: it is of no known kind, or its fields are not that kind's.
    """
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
    kind = _KINDS.get(str(fields.pop("kind", None)))
    if kind is None:
        raise ModelError(f"preparation of kind {said.get('kind')!r} is not known; known: {', '.join(_KINDS)}")
    try:
        return kind(**fields)
    except (TypeError, ValueError) as error:
        raise ModelError(f"preparation of kind {said['kind']!r}: {error}") from error
