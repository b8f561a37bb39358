"""The verb ``fit``: trains a corrector for a model, or the model itself, and hands over the file."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from jpegproof.data.files import folder_at
from jpegproof.exceptions import JpegproofError, UnknownNameError, nearest
from jpegproof.models.model import Model
from jpegproof.models.names import is_entry_point
from jpegproof.silence import Silence
from jpegproof.studies.artifacts import Artifact, make_artifacts
from jpegproof.studies.engine import find_hands, limited_threads, train_here
from jpegproof.studies.run import Progress
from jpegproof.studies.spec import CORRECTOR_LEARNS, Objective, StudySpec
from jpegproof.studies.store import Store, write_whole
from jpegproof.studies.study_file import with_absolute_paths
from jpegproof.studies.train_artifact import artifact_paths, seconds_per_step
from jpegproof.studies.workshop import Workshop
from jpegproof.verbs.names import WORLD, built_model, data_fields, given, problem_of, short, world_task

BUDGET_FILE = "budget.json"
_TRAINED = "trained"


@dataclass(frozen=True, slots=True)
class Fit:
    """What was trained.

    Attributes:
        file: the weights, ``.safetensors``.
        objective: what they were trained for.
        steps: updates that were made.
        losses: (step, mean loss since the entry before).
        seconds: that this call spent on training; 0 where it had been done before.
        learner: ``corrector`` or ``model``.
    """

    file: Path
    objective: str
    steps: int
    losses: list[tuple[int, float]]
    seconds: float
    learner: str


def fit(
    model: str | Model | None,
    data: str | Path,
    *,
    objective: str = "task_targeted",
    steps: int | None = None,
    minutes: float | None = None,
    start: str | Path | None = "default",
    corrector: str | Path | None = None,
    out: str | Path | None = None,
    weights: str | Path | None = None,
    task: str | None = None,
    features: Sequence[str] = (),
    layout: str = "auto",
    classes: str | Path | None = None,
    annotations: str | Path | None = None,
    labels: str | Path | None = None,
    void: str | int | Sequence[str | int] = (),
    equalise: bool = False,
    limit: int | None = None,
    batch: int = 8,
    learning_rate: float | None = None,
    qualities: str | tuple[int, int] = "10:90",
    stage: str = "source",
    crop: int | None = None,
    preparation: Mapping[str, Any] | None = None,
    device: str = "auto",
    threads: int | None = None,
    seed: int = 0,
    allow_code: bool = False,
    progress: Progress | None = None,
) -> Fit:
    """Trains a corrector for a model (no labels), or the model itself, along the path that pictures take in use.

    A call that was stopped goes on where it stopped when it is made again; a finished training is not done again.

    Args:
        model: as in `measure`; None for ``restore_pixels``, which knows no model.
        data: a folder of pictures, or ``world`` for the embedded world's training split.
        objective: ``task_targeted`` (a corrector learns to keep the frozen model's answers), ``self_distilled`` (the
            model learns to keep its own), ``supervised_fine_tuning`` and ``control`` (need labels), ``statistics_only``
            (batch norm alone) or ``restore_pixels``.
        steps: updates of the weights; 1,000 where neither is given.
        minutes: how long it may take instead: turned into steps after a few timed ones, and recorded in the folder.
        start: where a corrector begins: ``default`` for the one that comes with jpegproof, a file of one, or None for
            an untrained one.
        corrector: stands before a learning model, frozen: ``default`` or a file.
        out: the folder; ``out/fit-OBJECTIVE-MODEL-DATA`` unless given.
        features: of a detector that has no ``dense``: names of layers whose outputs are compared.
        weights, task, layout, classes, annotations, labels, void, equalise, limit: as in `measure`.
        stage, preparation, device, threads, allow_code: as in `measure`.
        batch: pictures a step.
        learning_rate: at its peak; 1e-4 for correctors and 2e-5 for models unless given.
        qualities: lowest and highest, ``10:90``; each picture gets one of them at random.
        crop: for ``restore_pixels``: side of the random squares.
        seed: of everything random.
        progress: hears of every step, and of what must be known of the pictures.

    Raises:
        JpegproofError: what was given is at fault; the message says how to mend it.
    """
    _refuse_nonsense(objective, model, steps, minutes, crop, corrector)
    built = built_model(model, weights, preparation)
    learner = "corrector" if objective in CORRECTOR_LEARNS else "model"
    source = type(built.network).__name__ if built else str(model)
    name = short(source) if model is not None else ""
    data_name = WORLD if str(data) == WORLD else short(folder_at(data).resolve().name)
    usual_rate = 1e-4 if learner == "corrector" else 2e-5
    correctors, training = _correctors(learner, start, corrector)
    training |= {
        "objective": objective,
        "data": data_name,
        "steps": 1000 if steps is None else steps,
        "batch": batch,
        "learning_rate": usual_rate if learning_rate is None else learning_rate,
        "qualities": qualities,
        "seed": seed,
        **given(model=name or None, crop=crop),
    }
    of_model = {
        "from": source,
        **given(weights=weights and str(weights), task=task, features=list(features) or None, preparation=preparation),
    }
    content = {
        "name": "fit",
        "seed": seed,
        "data": {
            data_name: data_fields(
                data,
                {"world": "train", "size": 20_000, **world_task(source, task)},
                layout,
                classes,
                annotations,
                limit,
                labels,
                void,
                equalise,
            )
        },
        "models": {name: of_model} if model is not None else {},
        "correctors": correctors,
        "trainings": {_TRAINED: training},
        "compression": {"stage": stage, "qualities": [10]},
        "mitigations": [
            {"mitigation": "off_the_shelf", "corrector": _TRAINED}
            if learner == "corrector"
            else {"mitigation": "self_distilled", "tuned": _TRAINED}
        ],
    }
    try:
        spec = with_absolute_paths(StudySpec.model_validate(content), Path.cwd())
    except ValidationError as error:
        raise JpegproofError(problem_of(error)) from error
    place = "-".join(part for part in ("fit", objective, name, data_name) if part)
    folder = Path(out).expanduser() if out is not None else Path("out") / place
    if data_name != WORLD and folder.resolve() == folder_at(data).resolve():
        raise JpegproofError(f"{folder}: holds the pictures, so nothing is written there; give another out")
    hands = find_hands(device, 1, threads)
    models = {name: built} if built else None

    def workshop_of(study: StudySpec) -> Workshop:
        # Naming an entry point here is asking for its code to run.
        asked = allow_code or (built is None and is_entry_point(source))
        return Workshop(study, hands.device, models, allow_code=asked)

    store = Store(folder)
    workshop = workshop_of(spec)
    artifact = _only(spec, workshop)
    store.begin()
    if minutes is not None:
        with limited_threads(hands.threads):
            spec = _with_steps(spec, _steps_in(minutes, artifact, workshop, folder))
        workshop = workshop_of(spec)
        artifact = _only(spec, workshop)
    workshop.use(artifact_paths([artifact], store))
    begun = time.monotonic()
    done = store.artifact(artifact.name).exists()
    heard = progress or Silence()
    for note in workshop.pictures(data_name).notes:  # such as files that give the class away, which would be learned
        heard.warn(note)
    if not done:
        train_here([artifact], workshop, store, hands, lambda _, *step: heard.training(objective, *step))
    record = json.loads(store.artifact(artifact.name).with_suffix(".json").read_text(encoding="utf-8"))
    file = folder / f"{learner}.safetensors"
    _copy(store.artifact(artifact.name), file)
    return Fit(
        file,
        objective,
        artifact.steps,
        [(int(step), float(loss)) for step, loss in record["losses"]],
        0.0 if done else time.monotonic() - begun,
        learner,
    )


def _refuse_nonsense(
    objective: str,
    model: str | Model | None,
    steps: int | None,
    minutes: float | None,
    crop: int | None,
    corrector: str | Path | None,
) -> None:
    """Raises JpegproofError where what was given does not go together."""
    known = get_args(Objective)
    if objective not in known:
        hint = nearest(objective, known)
        raise UnknownNameError(f"objective {objective!r} is not known.{hint} Known: {', '.join(known)}.")
    if steps is not None and minutes is not None:
        raise JpegproofError("steps and minutes were both given; give one of them")
    if minutes is not None and not 0 < minutes < 100_000:
        raise JpegproofError(f"{minutes} minutes are no time to train in; give a number above 0")
    if (model is None) != (objective == "restore_pixels"):
        raise JpegproofError(f"{objective} needs a model" if model is None else "restore_pixels knows no model; give -")
    if crop is not None and objective != "restore_pixels":
        raise JpegproofError("random squares (crop) are for restore_pixels; a model's own path decides what is seen")
    if corrector is not None and objective not in ("self_distilled", "supervised_fine_tuning"):
        raise JpegproofError(f"{objective} stands without a corrector in front; leave it out, or use self_distilled")


def _correctors(
    learner: str, start: str | Path | None, corrector: str | Path | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The correctors of the study, and the fields of the training that name them."""
    if learner == "corrector":
        return ({}, {}) if start is None else ({"start": _corrector(start)}, {"start": "start"})
    return ({}, {}) if corrector is None else ({"front": _corrector(corrector)}, {"corrector": "front"})


def _corrector(named: str | Path) -> dict[str, Any]:
    if str(named) == "default":
        return {"from": "jpegproof"}
    path = Path(str(named).removeprefix("jpegproof:")).expanduser()
    if not path.is_file():
        raise JpegproofError(f"{path}: there is no such file of a corrector; give default, or a file that fit wrote")
    return {"from": "jpegproof", "weights": str(path)}


def _only(spec: StudySpec, workshop: Workshop) -> Artifact:
    return make_artifacts(spec, workshop)[0]


def _with_steps(spec: StudySpec, steps: int) -> StudySpec:
    training = spec.trainings[_TRAINED].model_copy(update={"steps": steps})
    return spec.model_copy(update={"trainings": {_TRAINED: training}})


def _steps_in(minutes: float, artifact: Artifact, workshop: Workshop, folder: Path) -> int:
    """How many steps fit into the minutes: as recorded by an earlier call for the same training, or timed now."""
    file = folder / BUDGET_FILE
    request = {"training": artifact.name, "minutes": minutes}
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        if {key: told[key] for key in request} == request:
            return int(told["steps"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    seconds = seconds_per_step(artifact, workshop)
    steps = max(int(minutes * 60 / max(seconds, 1e-6)), 1)
    write_whole(file, json.dumps({**request, "steps": steps, "seconds_per_step": round(seconds, 4)}) + "\n")
    return steps


def _copy(source: Path, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    part.write_bytes(source.read_bytes())
    part.replace(target)
