"""The example server answers the hazard corpus from many threads as the pipeline does alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_server_under_load_answers_rightly_and_keeps_its_memory(monkeypatch):
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.load_test import run_load

    found = run_load(requests=400, threads=32)
    assert (found["wrong"], found["failed"], found["server_alive"]) == (0, 0, True), found["examples"]
    # The first pass over the corpus fills allocators and caches.
    settled = found["memory_mib"][5]
    assert found["memory_mib"][-1] < settled + 150, found["memory_mib"]


def test_the_example_is_short():
    text = (ROOT / "examples" / "serve.py").read_text()
    told = ast.parse(text).body[0].end_lineno or 0
    assert len(text.splitlines()) - told <= 31
