"""Which local files a model's weights name, told without reading any."""

from __future__ import annotations

from pathlib import Path


def local_weights(source: str, weights: str | None) -> list[Path]:
    """The files or folders, none where `weights` are a library's own or random.

    Args:
        source: the model's name.
        weights: as the user typed them: one file; of ``ade20k:NAME`` also a folder, or two files with a comma between.
    """
    if weights is None or weights == "random":
        return []
    if source.partition(":")[0] == "ade20k":
        return [Path(part.strip()) for part in weights.split(",")]
    return [Path(weights)] if Path(weights).suffix else []
