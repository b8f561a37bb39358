"""What the verbs share: short names for tables and folders, and the first thing wrong with what was given."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import ValidationError

from jpegproof.exceptions import ModelError

#: The embedded world as a data set: what stands in place of a folder.
WORLD = "world"


def given(**fields: Any) -> dict[str, Any]:
    """The fields that were given."""
    return {name: value for name, value in fields.items() if value is not None}


def short(text: str) -> str:
    """A name for tables and folders: the last part of a path or of ``library:NAME``, plain characters only."""
    last = text.rpartition(":")[2].rpartition("/")[2]
    plain = "".join(character if character.isalnum() or character in "._+-" else "-" for character in last)
    return plain.strip(".-")[:60] or "pictures"


def no_bare_network(model: Any) -> None:
    """Raises ModelError where a network was given without saying what it is asked and how pictures reach it."""
    if isinstance(model, torch.nn.Module):
        raise ModelError(
            f"a bare {type(model).__name__} does not say how pictures become its input; give "
            "jpegproof.wrap(network, prepare=jpegproof.ResizeCrop(...))"
        )


def problem_of(error: ValidationError) -> str:
    """The first problem that a schema has with what was given, and where."""
    problem = error.errors(include_url=False)[0]
    place = ".".join(str(step) for step in problem["loc"])
    return f"{place}: {problem['msg']}, not {problem['input']!r}"
