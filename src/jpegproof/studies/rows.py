"""Rows of a shard: grouped, cut into runs that go through a model at once, and found again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import torch

_T = TypeVar("_T")


def grouped(items: Sequence[_T], key: Callable[[_T], Any]) -> list[tuple[Any, list[_T]]]:
    groups: dict[Any, list[_T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.items())


def runs_of_one_shape(inputs: Mapping[int, torch.Tensor], size: int) -> Iterator[list[int]]:
    """Runs of rows whose inputs have one shape, at most `size` long."""
    run: list[int] = []
    for row, item in inputs.items():
        if run and (len(run) == size or item.shape != inputs[run[0]].shape):
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def places(whole: Sequence[int], part: Sequence[int]) -> list[int]:
    place = {row: position for position, row in enumerate(whole)}
    return [place[row] for row in part]
