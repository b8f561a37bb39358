"""What a schema cannot see in a study file: names that point at nothing, files that are not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jpegproof.exceptions import MissingExtraError, nearest
from jpegproof.models.file_names import FILES
from jpegproof.models.forensics.names import FORENSICS_NETWORKS
from jpegproof.models.local_sources import missing_source
from jpegproof.models.names import is_entry_point, unknown_model
from jpegproof.studies.missing_files import missing_files
from jpegproof.studies.spec import CORRECTOR_LEARNS, MITIGATIONS, WITH_CORRECTOR, WITH_TUNED
from jpegproof.studies.training_references import Mistake, training_mistakes, unknown


def reference_mistakes(content: Any, root: Path) -> Iterator[Mistake]:
    """Finds names and files that a study file mentions and that do not exist.

    It looks at the raw content, so that it has something to say of files that break the schema as well; whatever is
    not of the expected type is left to the schema.

    Args:
        content: the parsed YAML.
        root: where relative paths begin.
    """
    data, models, correctors, trainings = (
        _mapping(content, key) for key in ("data", "models", "correctors", "trainings")
    )
    chains = _mapping(_mapping(content, "compression"), "chains")
    yield from missing_files(data, models, correctors, root)
    for name in correctors:
        corrector = _mapping(correctors, name)
        if corrector.get("from") in ("spandrel", "qgac") and corrector.get("weights") is None:
            yield ("correctors", name), "needs the file of its weights; add weights: FILE"
        if name in trainings:
            yield ("correctors", name), "is the name of a training too; call one of the two something else"
    for name in models:
        yield from _model_mistakes(name, _mapping(models, name), data, root)
    if isinstance(content, Mapping) and content.get("models") == {}:
        yield ("models",), "names no model; a study measures one or more"
    if models and all(_mapping(models, name).get("measured") is False for name in models):
        yield ("models",), "has no model that is measured; take measured: false off one"
    for name in trainings:
        yield from training_mistakes(name, trainings, data, models, correctors, chains)
    mitigations = content.get("mitigations") if isinstance(content, Mapping) else None
    for number, item in enumerate(mitigations if isinstance(mitigations, list) else []):
        yield from _mitigation_mistakes(number, item, models, correctors, trainings)
    yield from _twin_rows(mitigations if isinstance(mitigations, list) else [], models, trainings)
    compression = _mapping(content, "compression")
    if "tables" in compression and "qualities" in compression:
        yield ("compression", "tables"), "stands beside qualities; own tables take their place, so keep one of the two"


def _model_mistakes(name: str, model: Mapping[str, Any], data: Mapping[str, Any], root: Path) -> Iterator[Mistake]:
    wanted = model.get("data")
    if isinstance(wanted, str) and data and wanted not in data:
        yield ("models", name, "data"), unknown("data set", wanted, data)
    if wanted is None and len(data) > 1 and model.get("measured") is not False:
        yield ("models", name), f"does not say which data set it is measured on; add data: one of {', '.join(data)}"
    source = model.get("from")
    if isinstance(source, str) and (text := _unknown_source(source, root)):
        yield ("models", name, "from"), text


def _unknown_source(source: str, root: Path) -> str:
    library, _, rest = source.partition(":")
    try:
        if library in ("torchvision", "timm", "smp"):
            known = _library_names(library)
            plain = rest.split(".")[0] if library == "timm" else rest  # timm: a tag of certain weights may follow
            return "" if plain in known else f"{library} has no model {rest!r}.{nearest(rest, known)}"
    except MissingExtraError as error:
        return str(error)
    if library == "jpegproof":
        from jpegproof.models.shipped_models import SHIPPED

        return "" if rest in SHIPPED else unknown("shipped model", rest, SHIPPED)
    if library == "hf" and rest:
        return ""  # a folder, or a name on the hub, which only the hub knows
    if library in FILES and rest:
        missing = missing_source(source, root)
        return f"there is no such file: {missing}" if missing else ""
    if library == "detectron2":
        from jpegproof.models.detectron2.build import NETWORKS

        return "" if rest in NETWORKS else unknown("network of Detectron2", rest, NETWORKS)
    if library == "ade20k":
        from jpegproof.models.ade20k.names import NETWORKS

        return "" if rest in NETWORKS else unknown("network of ADE20K", rest, NETWORKS)
    if library == "forensics":
        known = dict.fromkeys(FORENSICS_NETWORKS)
        return "" if rest in known else unknown("detector of fakes", rest, known)
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
    if library == "smp":
        from jpegproof.models.segmenters.smp_segmenters import smp_architectures

        return smp_architectures()
    from jpegproof.models.detectors.torchvision_names import TORCHVISION_DETECTORS
    from jpegproof.models.segmenters.torchvision_names import TORCHVISION_SEGMENTERS
    from jpegproof.models.torchvision_models import torchvision_classifier_names

    return [*torchvision_classifier_names(), *TORCHVISION_DETECTORS, *TORCHVISION_SEGMENTERS]


def _mitigation_mistakes(
    number: int,
    item: Any,
    models: Mapping[str, Any],
    correctors: Mapping[str, Any],
    trainings: Mapping[str, Any],
) -> Iterator[Mistake]:
    mitigation = item if isinstance(item, str) else _mapping({"": item}, "").get("mitigation")
    item = item if isinstance(item, Mapping) else {}
    place = ("mitigations", number)
    of_correctors = [name for name in trainings if _objective(trainings, name) in CORRECTOR_LEARNS]
    fit = dict.fromkeys([*correctors, *sorted(of_correctors)])
    of_models = dict.fromkeys(name for name in trainings if name not in of_correctors)
    for key, rows, known, what, need in (
        ("corrector", WITH_CORRECTOR, fit, "corrector", "a corrector: one of"),
        ("tuned", WITH_TUNED, of_models, "training of a model", "a training of the model: add tuned: one of"),
    ):
        named = item.get(key)
        if mitigation in MITIGATIONS and mitigation not in rows and named is not None:
            yield (*place, key), f"{mitigation} is a row without {key}; leave it out, or name another mitigation"
        elif mitigation in rows and named is None:
            yield place, f"{mitigation} needs {need} {', '.join(known) or '(none is defined)'}"
        elif isinstance(named, str) and named not in known:
            yield (*place, key), unknown(what, named, known)
    yield from _heads_mistakes(place, mitigation, item.get("corrector"), trainings)
    tuned = item.get("tuned")
    chosen = item.get("models")
    own = _own_model(trainings, tuned)
    if own is not None and chosen is None and _mapping(models, own).get("measured") is False:
        yield (*place, "tuned"), f"is a training of {own!r}, which is not measured (measured: false) and has no rows"
    for position, model in enumerate(chosen if isinstance(chosen, list) else []):
        here = (*place, "models", position)
        if isinstance(model, str) and model not in models:
            yield here, unknown("model", model, models)
        elif own is not None and model != own:
            yield here, f"training {tuned!r} is of model {own!r}, so it cannot stand for {model!r}"
        elif isinstance(model, str) and _mapping(models, model).get("measured") is False:
            yield here, f"model {model!r} is not measured (measured: false), so it has no rows"


def _heads_mistakes(
    place: tuple[str | int, ...], mitigation: Any, corrector: Any, trainings: Mapping[str, Any]
) -> Iterator[Mistake]:
    """A row's name tells through how many models its corrector was trained, where the study trains it."""
    if not isinstance(corrector, str) or corrector not in trainings:
        return
    through = _mapping(trainings, corrector).get("model")
    several = isinstance(through, list) and len(through) > 1
    if mitigation == "multihead" and not several:
        yield (
            (*place, "corrector"),
            f"training {corrector!r} is not through several models; give it a list of models, or call the row "
            "task_targeted",
        )
    elif mitigation == "task_targeted" and several:
        yield (*place, "mitigation"), f"training {corrector!r} is through several models; call the row multihead"


def _twin_rows(rows: list[Any], models: Mapping[str, Any], trainings: Mapping[str, Any]) -> Iterator[Mistake]:
    """Rows that would carry the same names in every table."""
    seen: dict[tuple[Any, Any, Any], Any] = {}
    for number, item in enumerate(rows):
        if not isinstance(item, Mapping):
            continue
        own = _own_model(trainings, item.get("tuned"))
        chosen = item.get("models") or ([own] if own else list(models))
        for model in chosen if isinstance(chosen, list) else []:
            key = (item.get("mitigation"), item.get("corrector"), model)
            if key in seen and seen[key] != item.get("tuned"):
                yield (
                    ("mitigations", number),
                    (
                        f"has the mitigation and corrector of an earlier row of {model!r} but another training, so "
                        "tables could not tell them apart; give one of the two a study of its own"
                    ),
                )
            seen.setdefault(key, item.get("tuned"))


def _own_model(trainings: Mapping[str, Any], tuned: Any) -> str | None:
    """The model of a training in the raw content; None where it names none, or more than one."""
    named = _mapping(trainings, tuned).get("model") if isinstance(tuned, str) else None
    return named if isinstance(named, str) else None


def _objective(trainings: Mapping[str, Any], name: str) -> Any:
    return _mapping(trainings, name).get("objective")


def _mapping(content: Any, key: str) -> Mapping[str, Any]:
    value = content.get(key) if isinstance(content, Mapping) else None
    return {str(name): item for name, item in value.items()} if isinstance(value, Mapping) else {}
