"""Tensors by name from whatever a network answers with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from torch import Tensor


def named_tensors(answer: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    """Every tensor of an answer with its name.

    Args:
        answer: a tensor, or a mapping, dataclass, named tuple, tuple or list of such answers, however deep.
        name: of the whole; keys, fields and numbers are added behind a dot.
    """
    if isinstance(answer, Tensor):
        yield name or "answer", answer
        return
    if isinstance(answer, Mapping):
        parts: Any = answer.items()
    elif is_dataclass(answer) and not isinstance(answer, type):
        parts = ((field.name, getattr(answer, field.name)) for field in fields(answer))
    elif isinstance(answer, tuple) and hasattr(answer, "_fields"):
        parts = zip(answer._fields, answer, strict=True)  # type: ignore[attr-defined]
    elif isinstance(answer, tuple | list):
        parts = enumerate(answer)
    else:
        return
    for key, part in parts:
        yield from named_tensors(part, f"{name}.{key}" if name else str(key))


def about_the_picture(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The floating tensors of an answer to one picture whose leading dimension is that of the pictures, without it."""
    return {
        name: tensor[0].float()
        for name, tensor in tensors.items()
        if tensor.is_floating_point() and tensor.ndim > 0 and len(tensor) == 1 and tensor.numel() > 0
    }
