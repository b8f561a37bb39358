"""Tasks by the name that a user types."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from jpegproof.exceptions import UnknownNameError, nearest
from jpegproof.tasks.protocol import Task

TASKS: dict[str, tuple[str, dict[str, Any]]] = {
    "classification": ("jpegproof.tasks.classification:Classification", {}),
    "detection": ("jpegproof.tasks.detection:Detection", {}),
    "instance_segmentation": ("jpegproof.tasks.detection:Detection", {"masks": True}),
    "semantic_segmentation": ("jpegproof.tasks.segmentation:SemanticSegmentation", {}),
    "forensics": ("jpegproof.tasks.forensics:Forensics", {}),
    "tensors": ("jpegproof.tasks.tensors:Tensors", {}),
}

#: What the targets of a task are: a data set made for one task serves the others of its kind. Of tensors whose meaning
#: is not known there are none.
_TARGETS = {
    "classification": "class",
    "detection": "objects",
    "instance_segmentation": "objects",
    "semantic_segmentation": "label map",
    "forensics": "real or fake",
}


#: Of these kinds a target says where in the picture something is.
_PLACED = {"objects", "label map"}


def find_task(name: str) -> Task[Any, Any]:
    """The task of a name.

    Raises:
        UnknownNameError: no task has the name.
    """
    if name not in TASKS:
        raise UnknownNameError(f"task {name!r} is not known.{nearest(name, TASKS)} Known: {', '.join(sorted(TASKS))}.")
    place, arguments = TASKS[name]
    module, attribute = place.split(":")
    return getattr(import_module(module), attribute)(**arguments)


def has_places(task: str) -> bool:
    """Whether the targets of a task say where in the picture something is."""
    return _TARGETS.get(task) in _PLACED


def same_targets(first: str, second: str) -> bool:
    """Whether what is true of a picture has one form for two tasks; never for the empty name of unlabelled sets."""
    return first in _TARGETS and second in _TARGETS and _TARGETS[first] == _TARGETS[second]
