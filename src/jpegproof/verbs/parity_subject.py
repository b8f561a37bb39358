"""What ``parity`` is about: one model on one data set, as a study without compressions would name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from jpegproof.data.files import folder_at
from jpegproof.exceptions import JpegproofError, StoreError
from jpegproof.models.model import Model
from jpegproof.models.names import is_entry_point
from jpegproof.studies.result_store import folder_to_write
from jpegproof.studies.spec import DataSpec, StudySpec
from jpegproof.studies.study_file import with_absolute_paths
from jpegproof.verbs.names import WORLD, built_model, data_fields, given, problem_of, short, world_task


@dataclass(frozen=True, slots=True)
class Subject:
    """A model and its pictures.

    Attributes:
        spec: both, as a study.
        model, data: their names in it.
        folder: where the results go.
        models: the model by its name, where the caller built it; None where it is named.
        allow_code: whether it may come from an entry point.
    """

    spec: StudySpec
    model: str
    data: str
    folder: Path
    models: Mapping[str, Model] | None
    allow_code: bool

    def make_folder(self) -> None:
        """Makes the results folder before anything is measured for it.

        Raises:
            StoreError: it cannot be made, or is the folder of the pictures.
        """
        data = self.spec.data[self.data]
        if isinstance(data, DataSpec) and self.folder.resolve() == data.path.expanduser().resolve():
            raise StoreError(
                f"{self.folder}: is the folder of the pictures, into which nothing is written; give --out "
                "another folder"
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be used as a results folder: {error.strerror}") from error


def find_subject(
    model: str | Model, data: str | Path, out: str | Path | None, allow_code: bool, seed: int, **options: Any
) -> Subject:
    """Builds the study of a model and its pictures.

    Args:
        model, data, out, allow_code, seed: as `jpegproof.parity` takes them.
        options: what else it takes of the model and the data set.

    Raises:
        JpegproofError: something of it is at fault.
    """
    weights, preparation, task = options["weights"], options["preparation"], options["task"]
    limit = options["limit"]
    if limit is not None and limit < 1:
        raise JpegproofError(f"limit: {limit} pictures cannot be compared; use 1 or more")
    built = built_model(model, weights, preparation)
    source = type(built.network).__name__ if built else str(model)
    if options["labels"] is not None and task is None and is_entry_point(source):
        task = "semantic_segmentation"  # what else could be true of every pixel
    name = short(source)
    data_name = WORLD if str(data) == WORLD else short(folder_at(data).resolve().name)
    fields = data_fields(
        data,
        {"world": "test", **world_task(source, task)},
        *(options[item] for item in ("layout", "classes", "annotations", "limit", "labels", "void", "equalise")),
    )
    content: dict[str, Any] = {
        "name": f"{name} on {data_name}",
        "seed": seed,
        "data": {data_name: fields},
        "models": {
            name: {
                "from": source,
                **given(
                    weights=weights and str(weights),
                    task=task,
                    preparation=preparation,
                    batch_size=options["batch_size"],
                ),
            }
        },
    }
    try:
        spec = with_absolute_paths(StudySpec.model_validate(content), Path.cwd())
    except ValidationError as error:
        raise JpegproofError(problem_of(error)) from error
    return Subject(
        spec,
        name,
        data_name,
        folder_to_write(out, "parity") if out is not None else Path("out") / f"parity-{name}-{data_name}",
        {name: built} if built else None,
        allow_code or (built is None and is_entry_point(source)),  # naming it here is asking for it
    )
