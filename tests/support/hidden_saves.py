"""Pictures that hide an earlier save, without having been saved twice."""

from __future__ import annotations

import pytest

from jpegproof.jpeg.earlier_save import EarlierSave


def hide(monkeypatch: pytest.MonkeyPatch, quality: int | None, offset: tuple[int, int] = (0, 0)) -> None:
    """Has gates find a save of a quality in every picture; None for none."""

    def found(pixels: object, last: object, below: float) -> EarlierSave | None:
        del pixels, last
        return None if quality is None or quality >= below else EarlierSave(quality, offset, evidence=50.0)

    monkeypatch.setattr("jpegproof.correctors.gate.earlier_save", found)
