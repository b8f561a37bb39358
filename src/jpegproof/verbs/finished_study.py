"""A finished study, opened again to run its networks: what verbs that look at single pictures share."""

from __future__ import annotations

from collections.abc import Sequence

from jpegproof.exceptions import StoreError, UnknownNameError, nearest
from jpegproof.studies.plan import Edge, Plan, make_plan
from jpegproof.studies.run import STUDY_FILE
from jpegproof.studies.store import Store
from jpegproof.studies.study_file import load_study
from jpegproof.studies.train_artifact import artifact_paths
from jpegproof.studies.workshop import Workshop


def workshop_again(plan: Plan, store: Store, edges: Sequence[Edge], device: str, allow_code: bool) -> Workshop:
    """The things that a study names, found to be those of which its predictions are.

    Args:
        plan, store: the study's.
        edges: those along which networks will run.
        device: where.
        allow_code: whether models may come from entry points.

    Raises:
        StoreError: a training is not done, or something has changed since the study was run.
        JpegproofError: the data or a model is not there any more.
    """
    spec = load_study(store.root / STUDY_FILE)
    workshop = Workshop(spec, device, allow_code=allow_code)
    paths = artifact_paths(plan.artifacts, store)
    for (training, _), path in paths.items():
        if any(training in (edge.corrector, edge.tuned) for edge in edges) and not path.exists():
            raise StoreError(f"training {training!r} is not done; run the study again")
    workshop.use(paths)
    if {cell.name for cell in make_plan(spec, workshop).cells} != {cell.name for cell in plan.cells}:
        raise StoreError(
            f"{store.root}: its pictures, a model or a corrector have changed since the study was run, so that the "
            "sheets would contradict its numbers; put them back, or run the study again"
        )
    return workshop


def data_of(plan: Plan, model: str) -> str:
    """The name of the data set on which a model is measured."""
    return plan.shards[plan.cells_of(plan.reference_edge(model), 0)[0].shard].data


def numbers_of(plan: Plan, data: str) -> list[int]:
    """The numbers of the pictures of a data set that the study uses, in its order."""
    return [number for shard in plan.shards if shard.data == data for number in shard.pictures]


def numbers_of_names(plan: Plan, workshop: Workshop, data: str, names: Sequence[str]) -> list[int]:
    """The numbers of pictures that a user named.

    Raises:
        UnknownNameError: the study does not use a picture of such a name.
    """
    held = workshop.pictures(data)
    used = {held.name(number): number for number in numbers_of(plan, data)}
    for name in names:
        if name not in used:
            example = f" They are called like {next(iter(used))!r}."
            raise UnknownNameError(f"picture {name!r} is not among those of {data}.{nearest(name, used) or example}")
    return [used[name] for name in names]
