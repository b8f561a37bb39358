"""Reading a study file: all its mistakes at once, each with its line, its place and the nearest valid name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from jpegproof.exceptions import StudyFileError, nearest
from jpegproof.models.local_sources import absolute_source
from jpegproof.models.local_weights import local_weights
from jpegproof.models.proposal_files import proposal_files
from jpegproof.studies.overrides import with_overrides
from jpegproof.studies.references import reference_mistakes
from jpegproof.studies.spec import DATA_PATHS, StudySpec
from jpegproof.studies.yaml_loader import PlainLoader, dump_plain

Place = tuple[str | int, ...]

#: More than any study needs, and far less than a file made to exhaust memory through YAML aliases.
MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class _Source:
    """A parsed study file: plain data, and the line on which each place begins."""

    path: Path
    content: Any
    lines: Mapping[Place, int]

    def mistake(self, place: Place, text: str) -> str:
        """One mistake as people read it: file, line, place, what is wrong."""
        known = next((place[:length] for length in range(len(place), -1, -1) if place[:length] in self.lines), ())
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")
        line = self.lines.get(known, 1)
        return f"{self.path.name}, line {line}{f', {where}' if where else ''}: {text}"


def load_study(
    path: Path, root: Path | None = None, *, data: Path | None = None, weights: Mapping[str, str] | None = None
) -> StudySpec:
    """Reads and checks a study file.

    Args:
        path: a YAML file.
        root: where relative paths begin, instead of what the file says.
        data: where those of data sets begin, in place of the root.
        weights: of models and correctors by name, in place of the file's; see `with_overrides`.

    Returns:
        The study, with absolute paths.

    Raises:
        StudyFileError: with every mistake of the file.
    """
    source, mistakes = _read(path)
    source = replace(source, content=with_overrides(source.content, data, weights or {}))
    base = root.expanduser().resolve() if root else (path.parent / _root_in(source.content)).resolve()
    spec = None
    try:
        spec = StudySpec.model_validate(source.content)
    except ValidationError as error:
        mistakes += [source.mistake(*_explained(item)) for item in _without_union_noise(error, source.content)]
    mistakes += [source.mistake(place, text) for place, text in reference_mistakes(source.content, base)]
    if mistakes or spec is None:
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise StudyFileError(f"{path}: {count}; nothing was started.\n" + "\n".join(f"  {text}" for text in mistakes))
    return with_absolute_paths(spec, base)


def with_absolute_paths(spec: StudySpec, root: Path) -> StudySpec:
    """The same study with every path absolute, so that it means the same from anywhere."""
    content = spec.model_dump(mode="python", by_alias=True, exclude_unset=True)
    content["root"] = root
    for place in _paths_in(content):
        holder: Any = content
        for step in place[:-1]:
            holder = holder[step]
        holder[place[-1]] = root / Path(holder[place[-1]]).expanduser()
    for model in content["models"].values():
        model["from"] = absolute_source(model["from"], root)
        if model["from"].startswith("detectron2:") and (files := proposal_files(model.get("arguments", {}))):
            model["arguments"] = {**model["arguments"], "proposals": [str(root / file) for file in files]}
        if places := local_weights(model["from"], model.get("weights")):
            model["weights"] = ",".join(str(root / place.expanduser()) for place in places)
    return StudySpec.model_validate(content)


def dump_study(spec: StudySpec) -> str:
    """A study as YAML text that `load_study` reads back."""
    content = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    if spec.compression.tables is not None:
        del content["compression"]["qualities"]  # whose place they take: both would be a mistake
    return dump_plain(content)


def _paths_in(content: Mapping[str, Any]) -> Iterator[Place]:
    for name, data in content["data"].items():
        yield from (("data", name, key) for key in DATA_PATHS if data.get(key) is not None)
    for name, corrector in content.get("correctors", {}).items():
        if corrector.get("weights") is not None:
            yield "correctors", name, "weights"


def _root_in(content: Any) -> Path:
    root = content.get("root", "") if isinstance(content, Mapping) else ""
    return Path(root).expanduser() if isinstance(root, str) else Path()


def _read(path: Path) -> tuple[_Source, list[str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise StudyFileError(f"{path}: cannot be read: {error.strerror}; check the path") from error
    except UnicodeDecodeError as error:
        raise StudyFileError(f"{path}: is not UTF-8 text; is it a study file?") from error
    if len(text) > MAX_BYTES:
        raise StudyFileError(f"{path}: is {len(text):,} characters long; a study file has at most {MAX_BYTES:,}")
    try:
        node = yaml.compose(text, Loader=PlainLoader)
        if node is None:
            raise StudyFileError(f"{path}: is empty; docs/studies.md shows what a study file says")
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=PlainLoader)):
            raise StudyFileError(f"{path}: uses YAML aliases (*name), which study files do without; write it out")
        content = yaml.load(text, Loader=PlainLoader)  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise StudyFileError(f"{path}{line}: is not valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise StudyFileError(f"{path}: is not valid YAML: {error}") from error
    except RecursionError as error:
        raise StudyFileError(f"{path}: is nested far deeper than any study needs") from error
    lines: dict[Place, int] = {}
    doubles: list[tuple[Place, str]] = []
    _walk(node, (), lines, doubles)
    source = _Source(path, content, lines)
    return source, [source.mistake(place, text) for place, text in doubles]


def _walk(node: yaml.Node, place: Place, lines: dict[Place, int], doubles: list[tuple[Place, str]]) -> None:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            child = (*place, key.value)
            if child in lines:
                doubles.append((child, f"stands on line {lines[child]} already; keep one of the two"))
            lines[child] = key.start_mark.line + 1
            _walk(value, child, lines, doubles)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _walk(value, (*place, number), lines, doubles)


def _without_union_noise(error: ValidationError, content: Any) -> Iterator[dict[str, Any]]:
    """Pydantic's errors; of a data set only those of the kind that it means to be (a folder, or the world)."""
    for item in error.errors(include_url=False):
        loc = item["loc"]
        branch = next((step for step in loc if step in ("DataSpec", "WorldSpec")), None)
        if branch is not None:
            value = content["data"][loc[1]]
            meant = "WorldSpec" if isinstance(value, Mapping) and "world" in value else "DataSpec"
            if branch != meant:
                continue
            loc = tuple(step for step in loc if step != branch)
        elif loc[:1] == ("mitigations",):
            loc = tuple(step for step in loc if step not in ("MitigationSpec", "function-before[_one_mitigation()]"))
        if (
            loc
            and isinstance(loc[-1], str)
            and (loc[-1].startswith(("constrained-", "function-", "tuple[", "list[")) or loc[-1] in ("int", "str"))
        ):
            loc = loc[:-1]
        if "[key]" in loc:
            loc = tuple(step for step in loc if step != "[key]")
        yield {**item, "loc": loc}


def _explained(item: Mapping[str, Any]) -> tuple[Place, str]:
    place: Place = tuple(item["loc"])
    kind, value = item["type"], item.get("input")
    if kind == "extra_forbidden":
        known = _fields_at(place[:-1])
        return place, f"is not known here.{nearest(str(place[-1]), known)} Known: {', '.join(known)}."
    if kind == "missing":
        return place, "is missing."
    if kind == "literal_error":
        known = [name.strip("'") for name in item["ctx"]["expected"].replace(" or ", ", ").split(", ")]
        return place, f"{value!r} is not known.{nearest(str(value), known)} Known: {', '.join(known)}."
    if kind == "string_pattern_mismatch":
        return place, f"{value!r} is no name; use letters, digits, spaces and . + - _ ( )"
    if kind == "value_error":
        return place, str(item["ctx"]["error"])
    return place, f"{item['msg']}, not {value!r}."


def _fields_at(place: Place) -> list[str]:
    """The names that may stand at a place of a study file."""
    kinds: list[Any] = [StudySpec]
    for step in place:
        kinds = [inner for kind in kinds for inner in _inside(kind, step)]
    return [
        field.alias or name
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, BaseModel)
        for name, field in kind.model_fields.items()
    ]


def _inside(kind: Any, step: str | int) -> list[Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        found = [field.annotation for name, field in kind.model_fields.items() if (field.alias or name) == step]
    else:
        found = [get_args(kind)[-1]] if get_origin(kind) in (dict, list) else []
    return [plain for annotation in found for plain in _plain(annotation)]


def _plain(annotation: Any) -> list[Any]:
    """An annotation without Annotated and with its unions opened."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [plain for part in get_args(annotation) for plain in _plain(part)]
    return [annotation]
