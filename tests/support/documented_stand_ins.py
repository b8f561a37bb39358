"""What stands in for the networks and numbers that the documentation names, so that its commands take seconds.

Nothing else of a command is changed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

#: Small networks of the same library in place of large ones, wherever the name stands: in models, paths and folders.
NAMES = {
    "timm:efficientnet_b3": "timm:test_efficientnet",
    "resnet50": "squeezenet1_1",
}
#: A folder of the machine's, whose place the sandbox takes.
FOLDERS = {"/data": "."}
#: Networks whose weights a library would download: they get random ones where none are named.
DOWNLOADED = ("torchvision:", "timm:")

_WORK = {"--workers": "1", "--threads": "1", "--quiet": None}
_ALONE = {"--threads": "1", "--quiet": None}
#: Options that bound what a verb does, given where the command does not say them itself.
BOUNDS: dict[str, dict[str, str | None]] = {
    "measure": {"--limit": "4", "--qualities": "30,90", **_WORK},
    "budget": {"--limit": "4", "--qualities": "30,90", **_WORK},
    "fit": {"--steps": "2", "--batch": "2", **_ALONE},
    "study": _WORK,
    "demo": _WORK,
    "reproduce": _WORK,
    "sheets": _ALONE,
    "explain": _ALONE,
    "throughput": {"--repeats": "1", "--seconds": "0.01", **_ALONE},
    "parity": {"--limit": "4", **_ALONE},
    "audit": {"--quiet": None},
    "correct": _ALONE,
    "export": {"--threads": "1", "--limit": "2"},
    "benchmark": {"--qualities": "10", **_ALONE},
}
#: Options whose number is taken down, or that give way to another.
_SMALLER = {
    "--minutes": ("--steps", "2"),
    "--steps": ("--steps", "2"),
    "--batch": ("--batch", "2"),
    "--pictures": ("--pictures", "2"),
    "--limit": ("--limit", "4"),
}
#: The same in study files, and in Python.
_SMALLER_KEYS = ((r"\bsize: \d+", "size: 8"), (r"\bsteps: \d+", "steps: 2"), (r"\bbatch: \d+", "batch: 2"))
_SMALLER_ARGUMENTS = ((r"minutes=\d+", "steps=2"), (r"\bsteps=\d+", "steps=2"), (r"range\(1000\)", "range(60)"))


def stood_in(text: str) -> str:
    """A text with the small networks' names."""
    for name, small in NAMES.items():
        text = text.replace(name, small)
    return text


def small_command(words: Sequence[str]) -> list[str]:
    """The arguments of ``jpegproof`` as they are run: the same verb on the same folders, with less to do."""
    verb, *rest = (FOLDERS.get(word, stood_in(word)) for word in words)
    given: list[str] = []
    while rest:
        word = rest.pop(0)
        if word in _SMALLER and rest:
            word, rest[0] = _SMALLER[word]
        given.append(word)
    bounds = BOUNDS.get(verb, {})
    if verb == "budget" and given and given[0].startswith("results/"):
        bounds = {}  # a finished folder: nothing runs
    for option, value in bounds.items():
        if option not in given:
            given += [option] if value is None else [option, value]
    named = [word for word in given if word.startswith(DOWNLOADED)]
    if named and "--weights" not in given:
        given += ["--weights", "random"]
    return [verb, *given]


def small_python(source: str) -> str:
    """A block of Python as it is run."""
    for pattern, small in _SMALLER_ARGUMENTS:
        source = re.sub(pattern, small, source)
    return stood_in(source)


def small_study(text: str) -> str:
    """A study file as it is run."""
    for pattern, small in _SMALLER_KEYS:
        text = re.sub(pattern, small, text)
    return stood_in(text)
