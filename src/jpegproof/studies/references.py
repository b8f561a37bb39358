"""What a schema cannot see in a study file: names that point at nothing, files that are not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jpegproof.exceptions import MissingExtraError, nearest
from jpegproof.models.names import is_entry_point, unknown_model

Mistake = tuple[tuple[str | int, ...], str]


def reference_mistakes(content: Any, root: Path) -> Iterator[Mistake]:
    """Finds names and files that a study file mentions and that do not exist.

    It looks at the raw content, so that it has something to say of files that break the schema as well; whatever is
    not of the expected type is left to the schema.

    Args:
        content: the parsed YAML.
        root: where relative paths begin.
    """
    data, models, correctors = (_mapping(content, key) for key in ("data", "models", "correctors"))
    for name in data:
        for key, exists, what in (("path", Path.is_dir, "folder"), ("classes", Path.is_file, "file")):
            yield from _missing_file(("data", name, key), _mapping(data, name).get(key), root, exists, what)
    for name in correctors:
        place = ("correctors", name, "weights")
        yield from _missing_file(place, _mapping(correctors, name).get("weights"), root, Path.is_file, "file")
    for name in models:
        yield from _model_mistakes(name, _mapping(models, name), data, root)
    mitigations = content.get("mitigations") if isinstance(content, Mapping) else None
    for number, item in enumerate(mitigations if isinstance(mitigations, list) else []):
        yield from _mitigation_mistakes(number, item, models, correctors)
    compression = _mapping(content, "compression")
    if "tables" in compression and "qualities" in compression:
        yield ("compression", "tables"), "stands beside qualities; own tables take their place, so keep one of the two"


def _model_mistakes(name: str, model: Mapping[str, Any], data: Mapping[str, Any], root: Path) -> Iterator[Mistake]:
    wanted = model.get("data")
    if isinstance(wanted, str) and data and wanted not in data:
        yield ("models", name, "data"), _unknown("data set", wanted, data)
    if wanted is None and len(data) > 1:
        yield ("models", name), f"does not say which data set it is measured on; add data: one of {', '.join(data)}"
    weights = model.get("weights")
    if isinstance(weights, str) and Path(weights).suffix:
        yield from _missing_file(("models", name, "weights"), weights, root, Path.is_file, "file")
    source = model.get("from")
    if isinstance(source, str) and (text := _unknown_source(source, root)):
        yield ("models", name, "from"), text


def _unknown_source(source: str, root: Path) -> str:
    library, _, rest = source.partition(":")
    try:
        if library in ("torchvision", "timm"):
            known = _library_names(library)
            plain = rest.split(".")[0] if library == "timm" else rest  # timm: a tag of certain weights may follow
            return "" if plain in known else f"{library} has no model {rest!r}.{nearest(rest, known)}"
    except MissingExtraError as error:
        return str(error)
    if library == "jpegproof":
        from jpegproof.models.shipped_models import SHIPPED

        return "" if rest in SHIPPED else _unknown("shipped model", rest, SHIPPED)
    if not is_entry_point(source):
        return unknown_model(source)
    file = Path(source.rpartition(":")[0])
    if file.suffix == ".py" and not (root / file.expanduser()).is_file():
        return f"there is no such file: {root / file.expanduser()}"
    if file.suffix != ".py" and find_spec(library.split(".")[0]) is None:
        return unknown_model(source)
    return ""


def _library_names(library: str) -> list[str]:
    if library == "timm":
        from jpegproof.models.timm_models import timm_classifier_names

        return timm_classifier_names()
    from jpegproof.models.torchvision_models import torchvision_classifier_names

    return torchvision_classifier_names()


def _mitigation_mistakes(
    number: int, item: Any, models: Mapping[str, Any], correctors: Mapping[str, Any]
) -> Iterator[Mistake]:
    mitigation = item if isinstance(item, str) else _mapping({"": item}, "").get("mitigation")
    item = item if isinstance(item, Mapping) else {}
    corrector = item.get("corrector")
    place = ("mitigations", number)
    if mitigation == "none" and corrector is not None:
        yield (*place, "corrector"), "none is the row without a corrector; name another mitigation or leave it out"
    if mitigation == "off_the_shelf" and corrector is None:
        yield place, f"needs a corrector: one of {', '.join(correctors) or '(none is defined under correctors)'}"
    if isinstance(corrector, str) and mitigation != "none" and corrector not in correctors:
        yield (*place, "corrector"), _unknown("corrector", corrector, correctors)
    chosen = item.get("models")
    for position, model in enumerate(chosen if isinstance(chosen, list) else []):
        if isinstance(model, str) and model not in models:
            yield (*place, "models", position), _unknown("model", model, models)


def _missing_file(
    place: tuple[str | int, ...], value: Any, root: Path, exists: Callable[[Path], bool], what: str
) -> Iterator[Mistake]:
    if isinstance(value, str):
        path = root / Path(value).expanduser()
        if not exists(path):
            yield place, f"there is no such {what}: {path}"


def _unknown(what: str, name: str, known: Mapping[str, Any]) -> str:
    return f"{what} {name!r} is not defined in this study.{nearest(name, known)} Known: {', '.join(known) or 'none'}."


def _mapping(content: Any, key: str) -> Mapping[str, Any]:
    value = content.get(key) if isinstance(content, Mapping) else None
    return {str(name): item for name, item in value.items()} if isinstance(value, Mapping) else {}
