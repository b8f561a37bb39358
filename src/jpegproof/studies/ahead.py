"""Work on pictures that is begun before it is needed, by threads that read and code while a network computes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")


class Ahead:
    """Answers by row, of work that was begun earlier where that was asked for, else of work done now.

    What is done to a picture depends on nothing but the picture, so the answers are the same either way.

    Args:
        loaders: the threads that work ahead; None where nobody does.
    """

    def __init__(self, loaders: ThreadPoolExecutor | None) -> None:
        self._loaders = loaders
        self._begun: dict[Hashable, dict[int, Future[Any]]] = {}

    def begin(self, what: Hashable, work: Callable[[_T], _R], rows: Mapping[int, _T]) -> None:
        """Has work begun on each row, unless it is; the loaders come to it when they are done with what was before."""
        if self._loaders is not None and what not in self._begun:
            self._begun[what] = {row: self._loaders.submit(work, item) for row, item in rows.items()}

    def take(self, what: Hashable) -> dict[int, Any] | None:
        """The answers of work that was begun, when all are there; None where it was not begun. Asked for once."""
        begun = self._begun.pop(what, None)
        return None if begun is None else {row: answer.result() for row, answer in begun.items()}
