"""What a finished study's own file says of its models and correctors, without opening data or networks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from jpegproof.studies.yaml_loader import PlainLoader


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What is known from a study file alone.

    Attributes:
        sources: by a model's name where it comes from, such as ``torchvision:resnet50``.
        trained_through: by a corrector's name the models that it was trained through, none for one that was not.
    """

    sources: dict[str, str] = field(default_factory=dict)
    trained_through: dict[str, tuple[str, ...]] = field(default_factory=dict)


def study_facts(text: str) -> StudyFacts:
    """Reads a study file as resolved (``DIR/study.yaml``); what is not there or not readable is not known.

    The file was checked when the study ran; its folders and files may be gone since, so nothing of it is checked again.
    """
    try:
        content = yaml.load(text, PlainLoader)
    except yaml.YAMLError:
        return StudyFacts()
    models, trainings = _mapping(content, "models"), _mapping(content, "trainings")
    return StudyFacts(
        {name: str(model["from"]) for name, model in models.items() if isinstance(model, dict) and "from" in model},
        {name: _through(training) for name, training in trainings.items() if isinstance(training, dict)},
    )


def _through(training: dict[str, Any]) -> tuple[str, ...]:
    if training.get("objective") != "task_targeted":
        return ()
    model = training.get("model")
    return tuple(map(str, model)) if isinstance(model, list) else (str(model),) if model else ()


def _mapping(content: Any, name: str) -> dict[str, Any]:
    part = content.get(name) if isinstance(content, dict) else None
    return {str(key): value for key, value in part.items()} if isinstance(part, dict) else {}
