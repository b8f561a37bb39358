"""The number of classes as an argument of a model."""

from __future__ import annotations

from typing import Any

from jpegproof.exceptions import ModelError


def class_count(given: Any) -> int:
    """The number of a network's classes.

    Raises:
        ModelError: `given` is no whole number from 2.
    """
    if not isinstance(given, int) or isinstance(given, bool) or given < 2:
        raise ModelError(f"classes: {given!r} is no number of classes; give a whole number from 2")
    return given
