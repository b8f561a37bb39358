"""The reference of study files, from the schema that the program checks them by."""

from __future__ import annotations

import json
from typing import Any

from jpegproof.studies.schema import study_schema

#: Titles of the schema's parts, by the name of their class.
_TITLES = {
    "DataSpec": "A data set: a folder",
    "WorldSpec": "A data set: the embedded world",
    "SplitSpec": "`split` of a data set",
    "EqualiseSpec": "`equalise` of a data set",
    "ModelSpec": "A model",
    "PreparationSpec": "`preparation` of a model",
    "CorrectorSpec": "A corrector",
    "TrainingSpec": "A training",
    "CompressionSpec": "`compression`",
    "StepSpec": "A step of a delivery chain that is measured",
    "DrawnStepSpec": "A step of a delivery chain that a training draws",
    "MitigationSpec": "A mitigation",
}


def study_file_page() -> str:
    """Markdown: the keys of a study file, then those of each part, with type, default and meaning."""
    schema = json.loads(study_schema())
    parts: dict[str, Any] = schema["$defs"]
    lines = [
        "# Study file",
        "Every key that a study file may hold; any other is an error that names the nearest valid one. "
        "`jpegproof study --schema` prints the same as JSON schema, for editors.",
        "## The file",
        *_table(schema),
    ]
    # What has no title yet follows under its own name, so that no part can be missing.
    for name in [*(name for name in _TITLES if name in parts), *(name for name in parts if name not in _TITLES)]:
        lines += [f"## {_TITLES.get(name, name)}", parts[name].get("description", ""), *_table(parts[name])]
    return "\n\n".join(line for line in lines if line) + "\n"


def _table(part: dict[str, Any]) -> list[str]:
    required = set(part.get("required", ()))
    rows = ["| key | value | unless given | meaning |", "| --- | --- | --- | --- |"]
    for key, field in part.get("properties", {}).items():
        rows.append(
            f"| `{key}` | {_kind(field)} | {_default(key, field, required)} | {_cell(field.get('description', ''))} |"
        )
    return ["\n".join(rows)]


def _default(key: str, field: dict[str, Any], required: set[str]) -> str:
    if key in required:
        return "*required*"
    default = field.get("default")
    return "" if default is None else f"`{json.dumps(default)}`"


def _kind(field: dict[str, Any]) -> str:
    """A field's type in words a reader of YAML knows."""
    if "$ref" in field:
        name: str = field["$ref"].rpartition("/")[2]
        return _TITLES.get(name, name)
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        kinds = [_kind(option) for option in field["anyOf"] if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if field.get("type") == "array":
        items = field.get("items") or next(iter(field.get("prefixItems", [])), {})
        return f"list of: {_kind(items)}" if items else "list"
    if field.get("type") == "object":
        named = next(iter(field.get("patternProperties", {}).values()), None)
        return f"by name: {_kind(named)}" if named else "mapping"
    names = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`"}
    return names.get(field.get("type", ""), "any") + _bounds(field)


def _bounds(field: dict[str, Any]) -> str:
    said = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}
    bounds = [f"{word} {field[bound]}" for bound, word in said.items() if bound in field]
    return f" ({' '.join(bounds)})" if bounds else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
