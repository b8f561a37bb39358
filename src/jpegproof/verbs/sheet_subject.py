"""What of a study is drawn: which models, which compression, which edges."""

from __future__ import annotations

from collections.abc import Sequence

from jpegproof.exceptions import DataError, UnknownNameError, nearest
from jpegproof.probes.draw import DRAWN_TASKS
from jpegproof.studies.plan import Edge, Plan

#: The columns of the paper's Figure 10 between the JPEG as it is and the original.
PAPERS = ("off_the_shelf", "task_targeted", "supervised_fine_tuning")


def models_of(plan: Plan, wanted: str | None, every: bool) -> list[str]:
    """The models that are drawn: the one that is wanted, the only one there is, or every one.

    Raises:
        UnknownNameError: there is no such model, or several and none is named.
        DataError: the model's task cannot be drawn.
    """
    drawable = [model for model, task in plan.tasks.items() if task in DRAWN_TASKS]
    if wanted is not None:
        if every:
            raise UnknownNameError(f"name a model ({wanted}) or draw all of them, not both")
        if wanted not in plan.tasks:
            raise UnknownNameError(
                f"model {wanted!r} is not in the study.{nearest(wanted, plan.tasks)} It has: {', '.join(plan.tasks)}"
            )
        if plan.tasks[wanted] not in DRAWN_TASKS:
            raise DataError(
                f"model {wanted!r} does the task {plan.tasks[wanted]}, whose answers cannot be drawn; those of "
                f"{', '.join(DRAWN_TASKS)} can"
            )
        return [wanted]
    if not drawable:
        raise DataError(f"the study has no model of a task that can be drawn: {', '.join(DRAWN_TASKS)}")
    if len(drawable) > 1 and not every:
        raise UnknownNameError(
            f"the study has {len(drawable)} models; name one of them, or draw all (--all): {', '.join(drawable)}"
        )
    return drawable


def compression_of(plan: Plan, quality: int | None, label: str | None) -> int:
    """The number of the compression that is drawn: of a quality, of a label such as ``messenger, save 2``; the lowest.

    Raises:
        UnknownNameError: there is no such one.
    """
    if quality is not None and label is not None:
        raise UnknownNameError(f"name a quality ({quality}) or a compression ({label}), not both")
    single = {
        item.quality: place
        for place, item in enumerate(plan.compressions)
        if item.quality is not None and item.codec == "jpeg" and not item.chain
    }
    by_label = {item.label: place for place, item in enumerate(plan.compressions) if not item.is_original}
    if quality is not None and quality not in single:
        raise UnknownNameError(
            f"quality {quality} is not among the single saves of the study; it has "
            f"{', '.join(map(str, sorted(single))) or 'none'}, and as --compression: {_listed(by_label)}"
        )
    if label is not None and label not in by_label:
        raise UnknownNameError(
            f"compression {label!r} is not among those of the study.{nearest(label, by_label)} "
            f"It has: {_listed(by_label)}"
        )
    if label is not None:
        return by_label[label]
    if quality is not None:
        return single[quality]
    return single[min(single)] if single else 1


def edges_of(plan: Plan, model: str, cures: Sequence[str], every: bool) -> list[Edge]:
    """The edges of a model that get columns: without a cure first.

    Args:
        plan: the study's.
        model: the model's name.
        cures: mitigations in the order of the columns.
        every: whether other models are drawn too, which may have cures that this one has not.

    Raises:
        UnknownNameError: a cure was asked for that is not there.
    """
    own = [edge for edge in plan.edges if edge.model == model]
    cures = list(dict.fromkeys(cure for cure in cures if cure != "none"))  # which is always drawn
    among = plan.edges if every else own
    there = list(dict.fromkeys(edge.mitigation for edge in among if edge.mitigation != "none"))
    missing = [cure for cure in cures if cure not in there]
    if missing and cures != list(PAPERS):
        whose = "the study" if every else model
        raise UnknownNameError(
            f"cure {missing[0]!r} is not among those of {whose}.{nearest(missing[0], there)} It has: {', '.join(there)}"
        )
    return [edge for cure in ("none", *cures) for edge in own if edge.mitigation == cure]


def chooser_of(edges: Sequence[Edge]) -> Edge:
    """The edge by whose gains pictures are chosen: task-targeted correction, or else the first cure.

    Raises:
        DataError: there is no cure.
    """
    cured = sorted(edges[1:], key=lambda edge: edge.mitigation != "task_targeted")
    if not cured:
        raise DataError(
            f"there is no cure of {edges[0].model} by whose gains pictures could be chosen; name the pictures "
            "(--picture)"
        )
    return cured[0]


def _listed(labels: dict[str, int]) -> str:
    return "; ".join(labels)
