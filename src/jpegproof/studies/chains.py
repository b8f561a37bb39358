"""Delivery chains: from the steps of a study file to one compression for each save along the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from jpegproof.exceptions import DataError
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.steps import Crop, Resize
from jpegproof.studies.chain_spec import StepSpec
from jpegproof.tasks.find import has_places


def saves_along(name: str, steps: Sequence[StepSpec]) -> Iterator[Compression]:
    """One compression for each save of a chain, with all that happened before it."""
    before: list[Compression | Resize | Crop] = []
    for step in steps:
        if not step.saves:
            before.append(_moved(step))
            continue
        save = Compression("jpeg", step.save, step.subsampling, tables=tuple(step.tables) if step.tables else None)
        yield replace(save, before=tuple(before), chain=name)
        before.append(save)


def refuse_lost_places(compressions: Sequence[Compression], tasks: Mapping[str, str], stage: str) -> None:
    """Raises DataError where a chain moves pictures whose answers, or whose model, need them where they were."""
    moving = next((item.chain for item in compressions if item.moves), None)
    if moving is None:
        return
    if stage == "input":
        raise DataError(f"chain {moving!r} resizes or crops what is to be the model's input; use stage: source")
    placed = next((model for model, task in tasks.items() if has_places(task)), None)
    if placed is not None:
        raise DataError(
            f"chain {moving!r} resizes or crops, and what is true of the pictures of model {placed!r} would lie "
            "elsewhere then; leave these steps out, or measure this model in a study of its own"
        )


def _moved(step: StepSpec) -> Resize | Crop:
    if step.crop is not None:
        return Crop(step.crop)
    return Resize(step.resize, step.fit)
