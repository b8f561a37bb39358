"""What a command says in place of a study file: where the data sets lie, and which weights to take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jpegproof.exceptions import StudyFileError, nearest
from jpegproof.models.local_weights import local_weights
from jpegproof.studies.spec import DATA_PATHS


def with_overrides(content: Any, data: Path | None, weights: Mapping[str, str]) -> Any:
    """The content of a study file with what the command says.

    Args:
        content: the parsed YAML; what is not of the expected type is left as it is, for the schema to tell of.
        data: where relative paths of data sets begin, in place of the root.
        weights: by name of a model or corrector: a file, relative to the working directory, or what else a study file
            may say there (``random``, the library's name of weights).

    Returns:
        Plain data of the same form; `content` itself is not changed.

    Raises:
        StudyFileError: no model or corrector has the name, or the file is not there.
    """
    if not isinstance(content, Mapping):
        return content
    changed = dict(content)
    if data is not None and isinstance(content.get("data"), Mapping):
        base = data.expanduser().absolute()
        changed["data"] = {name: _moved(fields, base) for name, fields in content["data"].items()}
    for name, wanted in weights.items():
        part = next((part for part in ("models", "correctors") if name in _mapping(content.get(part))), None)
        if part is None:
            known = [*_mapping(content.get("models")), *_mapping(content.get("correctors"))]
            raise StudyFileError(
                f"--weights {name}={wanted}: the study has no model or corrector {name!r}.{nearest(name, known)} "
                f"Known: {', '.join(map(str, known))}."
            )
        fields = _mapping(changed[part][name])
        source = fields.get("from", "") if part == "models" else ""
        changed[part] = {**changed[part], name: {**fields, "weights": _placed(name, wanted, str(source), part)}}
    return changed


def _moved(fields: Any, base: Path) -> Any:
    if not isinstance(fields, Mapping):
        return fields
    paths = {key: fields[key] for key in DATA_PATHS if isinstance(fields.get(key), str)}
    return {**fields, **{key: str(base / Path(path).expanduser()) for key, path in paths.items()}}


def _placed(name: str, wanted: str, source: str, part: str) -> str:
    """The weights as the study file would say them, files with their whole path."""
    files = local_weights(source, wanted) if part == "models" else [Path(wanted)]
    places = [file.expanduser().absolute() for file in files]
    for place in places:
        if not place.exists():
            raise StudyFileError(f"--weights {name}={wanted}: there is no such file: {place}")
    return ",".join(map(str, places)) if places else wanted


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}
