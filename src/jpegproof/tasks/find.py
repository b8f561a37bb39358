"""Tasks by the name that a user types."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from jpegproof.exceptions import UnknownNameError, nearest
from jpegproof.tasks.protocol import Task

TASKS = {"classification": "jpegproof.tasks.classification:Classification"}


def find_task(name: str) -> Task[Any]:
    """The task of a name.

    Raises:
        UnknownNameError: no task has the name.
    """
    if name not in TASKS:
        raise UnknownNameError(f"task {name!r} is not known.{nearest(name, TASKS)} Known: {', '.join(sorted(TASKS))}.")
    module, attribute = TASKS[name].split(":")
    return getattr(import_module(module), attribute)()
