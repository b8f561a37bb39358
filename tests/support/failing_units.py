"""Units of work that fail."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jpegproof.exceptions import ModelError
from jpegproof.studies.plan import Cell
from jpegproof.studies.unit import Unit


def fail(monkeypatch: pytest.MonkeyPatch, *shards: int) -> None:
    """Has the units of shards fail, those of others not."""
    whole = Unit.run

    def run(unit: Unit, on_cell: Callable[[Cell], None]) -> None:
        if unit._cells[0].shard in shards:
            raise ModelError("a bad moment")
        whole(unit, on_cell)

    monkeypatch.setattr(Unit, "run", run)
