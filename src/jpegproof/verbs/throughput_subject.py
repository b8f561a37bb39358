"""What ``throughput`` measures: a study file, a results folder, or one model with the cures that the paper compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from jpegproof.data.files import folder_at
from jpegproof.exceptions import JpegproofError, StoreError, UnknownNameError
from jpegproof.models.model import Model
from jpegproof.models.names import is_entry_point, unknown_model
from jpegproof.studies.plan import load_plan
from jpegproof.studies.result_store import folder_to_write
from jpegproof.studies.run import PLAN_FILE, STUDY_FILE
from jpegproof.studies.spec import DataSpec, StudySpec
from jpegproof.studies.store import Store
from jpegproof.studies.study_file import load_study, with_absolute_paths
from jpegproof.studies.train_artifact import artifact_paths
from jpegproof.verbs.names import WORLD, built_model, data_fields, given, problem_of, short, world_task

#: Width and height that the embedded world's pictures get for models of other makers: ImageNet's usual size.
USUAL_SIZE = (500, 375)

#: The world has any number of pictures; no measurement takes more than a batch of them.
_WORLD_PICTURES = 64


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured.

    Attributes:
        spec: the study.
        folder: where the results go.
        trained: where its trained things are, by (training, fold); what is not there is stood in for.
        models: those that the caller built, by name; None where all are named.
        allow_code: whether models may come from entry points.
        enlarged: (width, height) that the pictures are resized to first; None leaves them as they are.
    """

    spec: StudySpec
    folder: Path
    trained: Mapping[tuple[str, int | None], Path]
    models: Mapping[str, Model] | None
    allow_code: bool
    enlarged: tuple[int, int] | None


def find_subject(
    what: str | Path | Model,
    data: str | Path | None,
    out: str | Path | None,
    root: str | Path | None,
    allow_code: bool,
    weights: str | Path | Mapping[str, str | Path] | None,
    **of_model: Any,
) -> Subject:
    """Tells a study file, a results folder and a model apart.

    Args:
        what, data, out, root, allow_code, weights: as `jpegproof.throughput` takes them.
        of_model: a model's ``task``, ``layout`` and ``preparation``.

    Raises:
        JpegproofError: it is none of the three, or is at fault.
        StoreError: a folder that holds no study, or the pictures themselves as the results folder.
    """
    place = Path(what).expanduser() if isinstance(what, str | Path) else None
    if place is not None and place.is_dir():
        _refuse(f"{place}: is a results folder, which has its own", data=data, weights=weights, root=root, **of_model)
        subject = _results(place, out, allow_code)
    elif place is not None and place.suffix.lower() in (".yaml", ".yml"):
        _refuse(f"{place}: is a study file, which has its own", **of_model)
        if weights is not None and not isinstance(weights, Mapping):
            raise JpegproofError(f"weights: {weights}: say which of the study's models or correctors has them, by name")
        subject = _file(place, out, root, data, weights or {}, allow_code)
    elif place is not None and ":" not in str(what):
        raise UnknownNameError(f"{what}: there is no such study file or results folder, and {unknown_model(str(what))}")
    elif root is not None:
        raise JpegproofError("root: goes with a study file, whose relative paths it moves")
    elif isinstance(weights, Mapping):
        raise JpegproofError("weights: by name they go with a study file; a model takes one file, or random")
    else:
        subject = _model(what, data, out, weights, allow_code, **of_model)
    for name, held in subject.spec.data.items():
        if isinstance(held, DataSpec) and subject.folder.resolve() == held.path.expanduser().resolve():
            raise StoreError(
                f"{subject.folder}: is the folder of data set {name!r}, into which nothing is written; give --out "
                "another folder"
            )
    return subject


def _refuse(why: str, **unfit: Any) -> None:
    """Raises an error that names what was given though it goes with something else."""
    names = [name for name, value in unfit.items() if value not in (None, "auto")]
    if names:
        raise JpegproofError(f"{why} {' and '.join(names)}; leave out what you gave")


def _results(folder: Path, out: str | Path | None, allow_code: bool) -> Subject:
    if not (folder / STUDY_FILE).is_file():
        raise StoreError(
            f"{folder}: holds no study (there is no {STUDY_FILE}); name a results folder, a study file, or a model "
            "with the folder of pictures behind it"
        )
    spec = load_study(folder / STUDY_FILE)
    trained = artifact_paths(load_plan(folder / PLAN_FILE).artifacts, Store(folder))
    place = folder_to_write(out, "throughput") if out is not None else folder
    return Subject(spec, place, trained, None, allow_code, None)


def _file(
    file: Path,
    out: str | Path | None,
    root: str | Path | None,
    data: str | Path | None,
    weights: Mapping[str, str | Path],
    allow_code: bool,
) -> Subject:
    spec = load_study(
        file,
        Path(root) if root is not None else None,
        data=Path(data) if data is not None else None,
        weights={name: str(wanted) for name, wanted in weights.items()},
    )
    folder = folder_to_write(out, "throughput") if out is not None else Path("out") / spec.name
    return Subject(spec, folder, {}, None, allow_code, None)


def _model(
    what: str | Path | Model,
    data: str | Path | None,
    out: str | Path | None,
    weights: str | Path | None,
    allow_code: bool,
    task: str | None,
    layout: str,
    preparation: Mapping[str, Any] | None,
) -> Subject:
    """The study that a person would write for one model: the paper's rows with the default corrector."""
    built = built_model(what, weights, preparation)
    source = type(built.network).__name__ if built else str(what)
    name, data_name = short(source), WORLD
    if data is not None and str(data) != WORLD:
        data_name = short(folder_at(data).resolve().name)
    short_training = {"data": data_name, "model": name, "steps": 1}
    world = {"world": "test", "size": _WORLD_PICTURES, **world_task(source, task)}
    content: dict[str, Any] = {
        "name": name,
        "data": {data_name: data_fields(data or WORLD, world, layout, None, None, None)},
        "models": {
            name: {"from": source, **given(weights=weights and str(weights), task=task, preparation=preparation)}
        },
        "correctors": {"default": {"from": "jpegproof"}},
        "trainings": {
            "targeted": {**short_training, "objective": "task_targeted", "start": "default"},
            "tuned": {**short_training, "objective": "supervised_fine_tuning"},
        },
        "mitigations": [
            "none",
            {"mitigation": "supervised_fine_tuning", "tuned": "tuned"},
            {"mitigation": "off_the_shelf", "corrector": "default"},
            {"mitigation": "task_targeted", "corrector": "targeted"},
        ],
    }
    try:
        spec = with_absolute_paths(StudySpec.model_validate(content), Path.cwd())
    except ValidationError as error:
        raise JpegproofError(problem_of(error)) from error
    folder = folder_to_write(out, "throughput") if out is not None else Path("out") / f"throughput-{name}"
    ours = source.partition(":")[0] == "jpegproof"
    return Subject(
        spec,
        folder,
        {},
        {name: built} if built else None,
        allow_code or (built is None and is_entry_point(source)),  # naming it here is asking for it
        USUAL_SIZE if data is None and not ours else None,
    )
