"""Files and folders that a study names and that are not there: where each was looked for, how to come by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from jpegproof.data.layout_shapes import SHAPES
from jpegproof.exceptions import ModelError
from jpegproof.models.local_weights import local_weights
from jpegproof.models.proposal_files import proposal_files
from jpegproof.models.published_weights import PROPOSALS, PUBLISHED_CORRECTORS, where_published
from jpegproof.studies.training_references import Mistake


def missing_files(
    data: Mapping[str, Any], models: Mapping[str, Any], correctors: Mapping[str, Any], root: Path
) -> Iterator[Mistake]:
    """Finds what is missing of data sets, and of the weights of models and correctors.

    Args:
        data, models, correctors: the raw content of the study file, by name.
        root: where relative paths begin.
    """
    for name, fields in data.items():
        yield from _of_data(name, _mapping(fields), root)
    for name, fields in models.items():
        yield from _of_model(name, _mapping(fields), root)
    for name, fields in correctors.items():
        published = PUBLISHED_CORRECTORS.get(str(_mapping(fields).get("from")))
        hint = f". Download {published}, and {_how_to_give(name)}" if published else ""
        weights = _mapping(fields).get("weights")
        yield from _missing(("correctors", name, "weights"), weights, root, Path.is_file, "file", hint)


def _of_data(name: str, fields: Mapping[str, Any], root: Path) -> Iterator[Mistake]:
    shape = SHAPES.get(str(fields.get("layout", "auto")), SHAPES["auto"])
    hint = f". Data set {name!r} is looked for there: {shape}. --data DIR says where the data sets of a study lie"
    for key, exists, what, more in (
        ("path", Path.is_dir, "folder", hint),
        ("classes", Path.is_file, "file", ""),
        ("annotations", Path.is_file, "file", ""),
        ("labels", Path.is_dir, "folder", ""),
    ):
        yield from _missing(("data", name, key), fields.get(key), root, exists, what, more)


def _of_model(name: str, fields: Mapping[str, Any], root: Path) -> Iterator[Mistake]:
    source, weights = str(fields.get("from")), fields.get("weights")
    if isinstance(weights, str):
        # The published networks of ADE20K may be named by the folder of their two files.
        exists = Path.exists if source.startswith("ade20k:") else Path.is_file
        published = where_published(source)
        hint = f".{published} Download it, and {_how_to_give(name)}; random will do for a trial" if published else ""
        for path in local_weights(source, weights):
            yield from _missing(("models", name, "weights"), str(path), root, exists, "file", hint)
    if source.startswith("detectron2:"):
        place = ("models", name, "arguments", "proposals")
        try:
            files = proposal_files(_mapping(fields.get("arguments")))
        except ModelError as error:
            yield place, str(error)
            return
        for file in files:
            yield from _missing(place, str(file), root, Path.is_file, "file", f". Detectron2's own: {PROPOSALS}")


def _missing(
    place: tuple[str | int, ...], value: Any, root: Path, exists: Callable[[Path], bool], what: str, hint: str
) -> Iterator[Mistake]:
    if isinstance(value, str):
        path = root / Path(value).expanduser()
        if not exists(path):
            yield place, f"there is no such {what}: {path}{hint}"


def _how_to_give(name: str) -> str:
    return f"put it there or name it with --weights '{name}=FILE'"


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}
