"""The delivery chains of a training: from what a study file says to what is drawn for each picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jpegproof.exceptions import DataError
from jpegproof.studies.chain_spec import DrawnStepSpec, StepSpec
from jpegproof.tasks.find import has_places
from jpegproof.training.deliveries import KINDS, DrawnStep
from jpegproof.training.recipe import Recipe


def drawn_chains(
    wanted: Sequence[str | Sequence[DrawnStepSpec]], measured: Mapping[str, Sequence[StepSpec]]
) -> tuple[tuple[DrawnStep, ...], ...]:
    """The chains that a training draws from.

    Args:
        wanted: names of chains that are measured, each of whose saves is an end of its own, or steps with ranges.
        measured: the steps of the study's chains, by name.
    """
    found: list[tuple[DrawnStep, ...]] = []
    for chain in wanted:
        if isinstance(chain, str):
            steps = [_drawn(step) for step in measured[chain]]
            found += [tuple(steps[: place + 1]) for place, step in enumerate(steps) if not step.moves]
        else:
            found.append(tuple(_drawn(step) for step in chain))
    return tuple(found)


def refuse_lost_labels(training: str, recipe: Recipe, tasks: Sequence[str], labelled: bool) -> None:
    """Raises DataError where a chain moves pictures whose labels, or whose model's input, would not move with them."""
    if not any(step.moves for chain in recipe.chains for step in chain):
        return
    where = f"training {training!r}: its chains resize or crop"
    if recipe.stage == "input":
        raise DataError(f"{where} what is to be the model's input; use stage: source")
    if labelled and any(has_places(task) for task in tasks):
        raise DataError(
            f"{where}, and what is true of the pictures would lie elsewhere then; leave these steps out, or use an "
            "objective without labels"
        )


def _drawn(step: StepSpec | DrawnStepSpec) -> DrawnStep:
    subsampling = (step.subsampling,) if isinstance(step, StepSpec) else tuple(step.subsampling)
    if step.tables is not None:
        return DrawnStep("tables", subsampling=subsampling, tables=tuple(step.tables))
    for kind in KINDS:
        ends = getattr(step, kind)
        if ends is not None:
            low, high = ends if isinstance(ends, tuple) else (ends, ends)
            return DrawnStep(kind, low, high, subsampling)
    raise ValueError("a step without anything to do")  # which its schema does not let through
