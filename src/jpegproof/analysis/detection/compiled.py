"""Loops that numba compiles, at their first call and not before: a study of another task needs no numba."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

from jpegproof.exceptions import missing_extra

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")


def compiled(function: Callable[_Arguments, _Answer]) -> Callable[_Arguments, _Answer]:
    """The function as machine code that is kept on disk and lets other threads run.

    The call raises MissingExtraError where numba is not installed.
    """

    @cache
    def machine_code() -> Any:
        try:
            from numba import njit
        except ImportError as error:
            raise missing_extra("numba", "detection", "scoring detections") from error
        return njit(cache=True, nogil=True)(function)

    @wraps(function)
    def call(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Answer:
        return machine_code()(*args, **kwargs)

    return call
