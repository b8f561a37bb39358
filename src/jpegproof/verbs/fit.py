"""The verb ``fit``: trains a corrector for a model, or the model itself, and hands over the file."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from filecmp import cmp
from pathlib import Path
from typing import Any

from jpegproof.correctors.default import SHIPPED
from jpegproof.data.files import folder_at
from jpegproof.exceptions import JpegproofError
from jpegproof.models.model import Model
from jpegproof.models.names import is_entry_point
from jpegproof.silence import Silence
from jpegproof.studies.artifacts import Artifact, make_artifacts
from jpegproof.studies.engine import limited_threads
from jpegproof.studies.executors.here import train_here
from jpegproof.studies.executors.worker import require_tensorboard
from jpegproof.studies.launch import launched
from jpegproof.studies.result_store import folder_to_write
from jpegproof.studies.run import Progress, run_study
from jpegproof.studies.spec import CORRECTOR_LEARNS, StudySpec
from jpegproof.studies.store import Store
from jpegproof.studies.train_artifact import artifact_paths
from jpegproof.studies.workshop import Workshop
from jpegproof.verbs.fit_budget import steps_in
from jpegproof.verbs.fit_pictures import as_pictures_allow
from jpegproof.verbs.fit_request import refuse_nonsense, standing_corrector
from jpegproof.verbs.fit_study import TRAINED, FitStudy
from jpegproof.verbs.judged_fit import Judged, judge_fit
from jpegproof.verbs.names import WORLD, built_model, data_fields, given, short, world_task
from jpegproof.verbs.training_curve import CURVE_FILE, write_curve


@dataclass(frozen=True, slots=True)
class Fit:
    """What was trained.

    Attributes:
        file: the weights, ``.safetensors``: the state that did best on the pictures that say when to stop.
        objective: what they were trained for.
        steps: updates that were planned.
        losses: (step, mean loss since the entry before).
        seconds: that this call spent on training; 0 where it had been done before.
        learner: ``corrector`` or ``model``.
        steps_made: updates that were made; fewer than planned where the training did not get better any more.
        held_back: (step, mean loss of the pictures that say when to stop); empty where none are held back.
        best_step: after how many updates the weights handed over were reached, 0 for what it began from; None where no
            pictures are held back.
        judged: what the outcome is good for; None where no picture could judge.
        rank: of this process, where a launcher started several that train together: process 0 writes all files and
            judges, the others end before it does.
    """

    file: Path
    objective: str
    steps: int
    losses: list[tuple[int, float]]
    seconds: float
    learner: str
    steps_made: int = 0
    held_back: list[tuple[int, float]] = field(default_factory=list)
    best_step: int | None = None
    judged: Judged | None = None
    rank: int = 0


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
    accumulate: int = 1,
    precision: str = "auto",
    learning_rate: float | None = None,
    qualities: str | tuple[int, int] = "10:90",
    stage: str = "source",
    crop: int | None = None,
    preparation: Mapping[str, Any] | None = None,
    device: str = "auto",
    threads: int | None = None,
    seed: int = 0,
    hold_back: float | None = None,
    least_gain: float | None = None,
    tensorboard: bool = False,
    allow_code: bool = False,
    progress: Progress | None = None,
) -> Fit:
    """Trains a corrector for a model (no labels), or the model itself, along the path that pictures take in use.

    A call that was stopped goes on where it stopped when it is made again; a finished training is not done again.
    Started by ``torchrun`` in several processes, they train together (docs/fit.md).

    A part of the pictures is not learned from. Some of it say when to stop: the training ends where it does not get
    better on them any more, and the state that did best on them is handed over, be it the start. The others judge the
    outcome: ``before_after.md`` and ``before_after.csv`` in the folder say what it gains, what it costs in use, and
    whether that is worth it.

    Args:
        model: as in `measure`; None for ``restore_pixels``, which knows no model.
        data: a folder of pictures, or ``world`` for the embedded world's training split.
        objective: ``task_targeted`` (a corrector learns to keep the frozen model's answers), ``self_distilled`` (the
            model learns to keep its own), ``supervised_fine_tuning`` and ``control`` (need labels), ``statistics_only``
            (batch norm alone) or ``restore_pixels``.
        steps: updates of the weights; 1,000 where neither is given.
        minutes: how long the training may take instead, with its looks at held-back pictures: turned into steps after a
            few timed ones, and recorded in the folder. Judging the outcome comes on top.
        start: where a corrector begins: ``default`` or ``small``, a file of one, or None for an untrained one.
        corrector: stands before a learning model, frozen: ``default``, ``small`` or a file.
        out: the folder; ``out/fit-OBJECTIVE-MODEL-DATA`` unless given.
        features: of a detector that has no ``dense``: names of layers whose outputs are compared.
        weights, task, layout, classes, annotations, labels, void, equalise, limit: as in `measure`.
        stage, preparation, device, threads, allow_code: as in `measure`.
        batch: pictures a step, of all processes together.
        accumulate: in how many parts, one after the other, each process computes its pictures of a step: memory for
            time. The training stays the same, and where memory runs out in it the parts are halved.
        precision: of convolutions in training: ``auto`` (bfloat16 where the machine has it), ``float32``, ``bfloat16``,
            or ``float16`` with the loss scaled, for GPUs without bfloat16.
        learning_rate: at its peak; 1e-4 for correctors and 2e-5 for models unless given.
        qualities: lowest and highest, ``10:90``; each picture gets one of them at random.
        crop: for ``restore_pixels``: side of the random squares.
        seed: of everything random, and of which pictures are held back.
        hold_back: share of the pictures that is not learned from, 0.3 unless given: a third of it says when to stop (64
            at most), two thirds judge (400 at most). With 0 all are learned from, to the last step, and nothing is
            judged; so it is with fewer than about 50 pictures.
        least_gain: what the outcome must gain over all qualities to be called worth its cost, in points; 1 unless
            given, and 0 where it takes no time in use.
        tensorboard: whether a TensorBoard log is written, into ``tensorboard/`` of the folder.
        progress: hears of every step, and of what must be known of the pictures.

    Raises:
        JpegproofError: what was given is at fault; the message says how to mend it.
    """
    refuse_nonsense(objective, model, steps, minutes, crop, corrector)
    for what, number, most in (("hold_back", hold_back, 0.9), ("least_gain", least_gain, 100.0)):
        if number is not None and not 0 <= number <= most:
            raise JpegproofError(f"{what}: {number} makes no sense; give a number from 0 to {most:g}")
    built = built_model(model, weights, preparation)
    learner = "corrector" if objective in CORRECTOR_LEARNS else "model"
    source = type(built.network).__name__ if built else str(model)
    name = short(source) if model is not None else ""
    data_name = WORLD if str(data) == WORLD else short(folder_at(data).resolve().name)
    usual_rate = 1e-4 if learner == "corrector" else 2e-5
    standing = standing_corrector(start if learner == "corrector" else corrector)
    training = {
        "objective": objective,
        "steps": 1000 if steps is None else steps,
        "batch": batch,
        "learning_rate": usual_rate if learning_rate is None else learning_rate,
        "qualities": qualities,
        "seed": seed,
        **given(crop=crop, precision=None if precision == "auto" else precision),
    }
    of_model = {
        "from": source,
        **given(weights=weights and str(weights), task=task, features=list(features) or None, preparation=preparation),
    }
    world = {"world": "train", "size": 20_000, **world_task(source, task)}
    fields = data_fields(data, world, layout, classes, annotations, limit, labels, void, equalise)
    study = FitStudy(
        training, data_name, fields, name, of_model if model is not None else {}, standing, stage, hold_back or 0.0
    )
    place = "-".join(part for part in ("fit", objective, name, data_name) if part)
    folder = folder_to_write(out, "fit") if out is not None else Path("out") / place
    if data_name != WORLD and folder.resolve() == folder_at(data).resolve():
        raise JpegproofError(f"{folder}: holds the pictures, so nothing is written there; give another out")
    if tensorboard:
        require_tensorboard()
    models = {name: built} if built else None
    # Naming an entry point here is asking for its code to run.
    asked = allow_code or (built is None and is_entry_point(source))
    with launched(device, threads, accumulate, batch) as launch:
        ranks, hands = launch.ranks, launch.hands
        heard = progress if progress is not None and ranks.leads else Silence()
        study = as_pictures_allow(study, hands, models, asked, hold_back, heard)
        spec = study.spec()
        workshop = Workshop(spec, hands.device, models, allow_code=asked)
        artifact = _only(spec, workshop)
        launch.check_same(artifact.name)
        store = Store(folder)
        if ranks.leads:
            store.begin()
        if minutes is not None:
            with limited_threads(hands.threads):
                spec = _with_steps(spec, steps_in(minutes, artifact, workshop, folder, launch))
            workshop = Workshop(spec, hands.device, models, allow_code=asked)
            artifact = _only(spec, workshop)
        workshop.use(artifact_paths([artifact], store))
        for note in workshop.pictures(data_name).notes:  # such as files that give the class away: they would be learned
            heard.warn(note)
        begun = time.monotonic()
        done = ranks.from_first(store.artifact(artifact.name).exists())
        if not done:

            def on_step(_: str, *step: Any) -> None:
                heard.training(objective, *step)

            train_here([artifact], workshop, store, hands, on_step, tensorboard, launch.sharing)
        seconds = 0.0 if done else time.monotonic() - begun
        file = folder / f"{study.learner}.safetensors"
        if earlier := _earlier(store, artifact, file) if ranks.leads else None:
            heard.warn(f"{file}: was of a training with other options or pictures, which is kept as {earlier}")
        record = ranks.from_first(_handed_over(store, artifact, file) if ranks.leads else {})
        for note in record.get("notes", ()):
            heard.warn(note)
    judged = None
    if study.is_judged and ranks.leads:
        run = run_study(spec, folder, hands, given=models, allow_code=asked, progress=progress)
        judged = judge_fit(study, run.plan, workshop, store, hands, least_gain, _called(start, corrector, study))
    return Fit(
        file,
        objective,
        artifact.steps,
        [(int(step), float(loss)) for step, loss in record["losses"]],
        seconds,
        study.learner,
        steps_made=record["steps"] if objective != "statistics_only" else artifact.steps,
        held_back=[(int(step), float(loss)) for step, loss in record["held_back"]],
        best_step=record["best_step"],
        judged=judged,
        rank=ranks.rank,
    )


def _earlier(store: Store, artifact: Artifact, file: Path) -> Path | None:
    """The artifact of another training that lies at present where the user looks; None where there is none."""
    if not file.exists():
        return None
    now = store.artifact(artifact.name)
    others = (path for path in sorted(now.parent.glob("*.safetensors")) if path != now)
    return next((path for path in others if cmp(path, file, shallow=False)), None)


def _handed_over(store: Store, artifact: Artifact, file: Path) -> dict[str, Any]:
    """What was written of a training, once its weights and its curve lie where the user looks for them."""
    record = json.loads(store.artifact(artifact.name).with_suffix(".json").read_text(encoding="utf-8"))
    _copy(store.artifact(artifact.name), file)
    write_curve(file.parent / CURVE_FILE, record)
    return record


def _called(start: str | Path | None, corrector: str | Path | None, study: FitStudy) -> str:
    """What the corrector before the training is called."""
    named = start if study.learner == "corrector" else corrector
    return f"the {named} corrector" if str(named) in SHIPPED else Path(str(named)).name


def _only(spec: StudySpec, workshop: Workshop) -> Artifact:
    return make_artifacts(spec, workshop)[0]


def _with_steps(spec: StudySpec, steps: int) -> StudySpec:
    training = spec.trainings[TRAINED].model_copy(update={"steps": steps})
    return spec.model_copy(update={"trainings": {TRAINED: training}})


def _copy(source: Path, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    part.write_bytes(source.read_bytes())
    part.replace(target)
