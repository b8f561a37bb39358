"""What the verbs share: short names for tables and folders, and the first thing wrong with what was given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from jpegproof.data.files import folder_at
from jpegproof.exceptions import DataError, JpegproofError, ModelError
from jpegproof.models.model import Model
from jpegproof.models.shipped_models import SHIPPED
from jpegproof.tasks.find import same_targets

#: The embedded world as a data set: what stands in place of a folder.
WORLD = "world"


def given(**fields: Any) -> dict[str, Any]:
    """The fields that were given."""
    return {name: value for name, value in fields.items() if value is not None}


def short(text: str) -> str:
    """A name for tables and folders: the last part of a path or of ``library:NAME``, plain characters only."""
    last = text.rpartition(":")[2].rpartition("/")[2]
    plain = "".join(character if character.isalnum() or character in "._+-" else "-" for character in last)
    return plain.strip(".-")[:60] or "pictures"


def data_fields(
    data: str | Path,
    world: dict[str, Any],
    layout: str,
    classes: str | Path | None,
    annotations: str | Path | None,
    limit: int | None,
    labels: str | Path | None = None,
    void: str | int | Sequence[str | int] = (),
    equalise: bool = False,
) -> dict[str, Any]:
    """A data set as a study file would say it; `world` is what stands for the embedded world.

    Raises:
        DataError: there is no such file of class names or of annotations, or no such folder of label maps; or the
            world is to be equalised.
    """
    if str(data) == WORLD:
        if equalise:
            raise DataError(
                "equalise: the embedded world's pictures are equal already and lie in no files; leave it out"
            )
        return {**world, **given(size=limit)}
    if classes is not None and not Path(classes).expanduser().is_file():
        raise DataError(f"{classes}: there is no such file of class names; check the path")
    if annotations is not None and not Path(annotations).expanduser().is_file():
        raise DataError(f"{annotations}: there is no such file of annotations; check the path")
    if labels is not None:
        folder_at(labels)
    voids = [void] if isinstance(void, str | int) else list(void)
    files = given(
        classes=classes and str(classes),
        annotations=annotations and str(annotations),
        labels=labels and str(labels),
        void=voids or None,
        equalise=equalise or None,
    )
    return {"path": str(data), "layout": layout, **files, **given(limit=limit)}


def world_task(model: str, task: str | None) -> dict[str, str]:
    """Which of the embedded world's pictures a model is for."""
    library, _, name = model.partition(":")
    if task is None and library == "jpegproof" and name in SHIPPED:
        task = SHIPPED[name][1]
    kinds = ("detection", "semantic_segmentation", "forensics")
    return next(({"task": kind} for kind in kinds if task is not None and same_targets(task, kind)), {})


def built_model(model: Any, weights: Any, preparation: Any) -> Model | None:
    """The model, where one was given as an object; None where it was named.

    Raises:
        ModelError: a network was given without saying what it is asked and how pictures reach it.
        JpegproofError: weights or preparation stand beside a model that has its own.
    """
    if isinstance(model, torch.nn.Module):
        raise ModelError(
            f"a bare {type(model).__name__} does not say how pictures become its input; give "
            "jpegproof.wrap(network, prepare=jpegproof.ResizeCrop(...))"
        )
    if not isinstance(model, Model):
        return None
    if weights is not None or preparation is not None:
        raise JpegproofError("a model object has its own weights and preparation; give them to wrap(...)")
    return model


def problem_of(error: ValidationError) -> str:
    """The first problem that a schema has with what was given, and where."""
    problem = error.errors(include_url=False)[0]
    place = ".".join(str(step) for step in problem["loc"])
    return f"{place}: {problem['msg']}, not {problem['input']!r}"
