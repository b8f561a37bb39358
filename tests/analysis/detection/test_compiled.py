"""Compiled loops: the same answers as Python's, and a missing compiler is named when it is needed."""

from __future__ import annotations

import sys

import pytest

from jpegproof.analysis.detection.compiled import compiled
from jpegproof.exceptions import MissingExtraError


def _sum_to(last: int) -> int:
    total = 0
    for number in range(last + 1):
        total += number
    return total


def test_a_compiled_loop_answers_as_the_loop_does():
    assert compiled(_sum_to)(100) == _sum_to(100) == 5050


def test_a_missing_compiler_is_named_at_the_first_call_and_not_before(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    loop = compiled(_sum_to)
    with pytest.raises(MissingExtraError, match=r"scoring detections needs numba.*jpegproof\[detection\]"):
        loop(3)
