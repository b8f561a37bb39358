"""What a schema cannot see in the trainings of a study file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jpegproof.exceptions import nearest
from jpegproof.studies.spec import CORRECTOR_LEARNS, TrainingSpec

#: Of pictures that come along no chain.
USUAL_SHARE = TrainingSpec.model_fields["single_saves"].default

#: What a resolved study says of every training.
USUAL_PATIENCE = TrainingSpec.model_fields["patience"].default

Mistake = tuple[tuple[str | int, ...], str]


def training_mistakes(
    name: str,
    trainings: Mapping[str, Any],
    data: Mapping[str, Any],
    models: Mapping[str, Any],
    correctors: Mapping[str, Any],
    chains: Mapping[str, Any],
) -> Iterator[Mistake]:
    """Finds names that point at nothing, and fields that do not go together.

    Args:
        name: of the training that is looked at.
        trainings, data, models, correctors, chains: the raw content of the study file, by name.
    """
    this = _mapping(trainings.get(name))
    place = ("trainings", name)
    objective = this.get("objective")
    wanted = this.get("data")
    for one in [wanted] if isinstance(wanted, str) else wanted if isinstance(wanted, list) else []:
        if isinstance(one, str) and one not in data:
            yield (*place, "data"), unknown("data set", one, data)
    stop_on = this.get("stop_on")
    if isinstance(stop_on, str) and stop_on not in data:
        yield (*place, "stop_on"), unknown("data set", stop_on, data)
    if stop_on is not None and objective == "statistics_only":
        yield (*place, "stop_on"), "statistics_only takes averages and has nothing to stop; leave it out"
    if this.get("patience", USUAL_PATIENCE) != USUAL_PATIENCE and stop_on is None:
        yield (*place, "patience"), "is of a training that pictures stop; name them with stop_on"
    wanted = this.get("chains")
    for number, one in enumerate(wanted if isinstance(wanted, list) else []):
        if isinstance(one, str) and one not in chains:
            yield (*place, "chains", number), unknown("delivery chain", one, chains)
    # A resolved study says the usual share of every training.
    if this.get("single_saves", USUAL_SHARE) != USUAL_SHARE and not wanted:
        yield (*place, "single_saves"), "is the share of the pictures that come along no chain; name chains too"
    model = this.get("model")
    several = [one for one in model if isinstance(one, str)] if isinstance(model, list) else []
    for one in [model] if isinstance(model, str) else several:
        if one not in models:
            yield (*place, "model"), unknown("model", one, models)
    if len(set(several)) < len(several):
        yield (*place, "model"), "names a model twice; each counts once"
    if len(several) > 1 and isinstance(objective, str) and objective != "task_targeted":
        yield (*place, "model"), f"{objective} is for one model; several share a corrector with task_targeted"
    if this.get("balance") is not None and len(several) < 2:
        yield (*place, "balance"), "is for a training through several models; leave it out"
    if objective == "restore_pixels" and model is not None:
        yield (*place, "model"), "restore_pixels knows no model; leave it out, or use task_targeted"
    if isinstance(objective, str) and objective != "restore_pixels" and model is None:
        yield place, f"{objective} needs model: one of {', '.join(models)}"
    fit = [*correctors, *(one for one in trainings if _mapping(trainings[one]).get("objective") in CORRECTOR_LEARNS)]
    for key in ("start", "corrector"):
        named = this.get(key)
        if isinstance(named, str) and named not in fit:
            yield (*place, key), unknown("corrector", named, dict.fromkeys(fit))
        elif isinstance(named, str) and _mapping(correctors.get(named)).get("from") == "spandrel":
            yield (
                (*place, key),
                f"corrector {named!r} comes from spandrel and cannot learn here; use from: jpegproof or qgac",
            )
    for key in ("width", "depth"):
        if this.get(key) is not None and (this.get("start") is not None or objective not in CORRECTOR_LEARNS):
            yield (*place, key), "is of a corrector that begins untrained; leave it out"
    if objective in CORRECTOR_LEARNS and this.get("corrector") is not None:
        yield (*place, "corrector"), "stands before a model that learns; here a corrector learns: use start"
    if isinstance(objective, str) and objective not in CORRECTOR_LEARNS and this.get("start") is not None:
        yield (*place, "start"), "is where a corrector begins; a model begins where it is: leave it out"
    if objective in ("control", "statistics_only") and this.get("corrector") is not None:
        yield (*place, "corrector"), f"{objective} stands without a corrector; leave it out"
    if this.get("crop") is not None and isinstance(objective, str) and objective != "restore_pixels":
        yield (*place, "crop"), "is for restore_pixels; elsewhere the model's own path decides what is seen"
    if _goes_round(name, trainings):
        yield place, "builds on itself, by way of start or corrector"


def unknown(what: str, name: str, known: Mapping[str, Any]) -> str:
    """The message for a name that a study does not define."""
    return f"{what} {name!r} is not defined in this study.{nearest(name, known)} Known: {', '.join(known) or 'none'}."


def _goes_round(name: str, trainings: Mapping[str, Any]) -> bool:
    waiting, seen = [name], set[str]()
    while waiting:
        this = _mapping(trainings.get(waiting.pop()))
        for key in ("start", "corrector"):
            below = this.get(key)
            if below == name:
                return True
            if isinstance(below, str) and below in trainings and below not in seen:
                seen.add(below)
                waiting.append(below)
    return False


def _mapping(value: Any) -> Mapping[str, Any]:
    return {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else {}
