"""Rooms import only rooms below them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "jpegproof"

#: Ground floor: every room may use these.
GROUND = {"exceptions", "out_of_memory", "safe_text", "silence", "version", "weights"}
BELOW: dict[str, set[str]] = {
    "jpeg": set(),
    "tasks": {"jpeg"},
    "data": {"jpeg", "tasks"},
    "models": {"jpeg", "tasks", "data"},
    "correctors": {"jpeg"},
    "training": {"jpeg", "tasks", "data", "models", "correctors"},
    "deploy": {"jpeg", "tasks", "models", "correctors"},
    "studies": {"jpeg", "tasks", "data", "models", "correctors", "training"},
    "analysis": {"jpeg", "tasks", "studies"},
    "probes": {"jpeg", "tasks", "data", "models", "correctors", "training", "studies", "analysis"},
    "paper": set(),
    "reports": {"analysis", "probes", "paper"},
    "restoration": {"jpeg", "data", "correctors", "analysis", "reports"},
    "verbs": {
        "jpeg",
        "tasks",
        "data",
        "models",
        "correctors",
        "studies",
        "analysis",
        "probes",
        "paper",
        "reports",
        "restoration",
        "deploy",
    },
    "cli": {"analysis", "studies", "restoration", "deploy", "verbs"},
}


def imports_of(file: Path) -> list[tuple[int, str]]:
    """(line, room) of every import from the package, wherever in the file it stands."""
    found = []
    for node in ast.walk(ast.parse(file.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        line = getattr(node, "lineno", 0)
        found += [(line, name.split(".")[1]) for name in names if name.startswith("jpegproof.")]
    return found


@pytest.mark.parametrize("room", BELOW)
def test_a_room_imports_only_rooms_below_it(room):
    files = sorted((SOURCE / room).rglob("*.py"))
    assert files
    for file in files:
        for line, target in imports_of(file):
            assert target in BELOW[room] | {room} | GROUND, f"{file.name}:{line} reaches up into {target}/"


def test_every_room_is_in_the_picture():
    rooms = {path.name for path in SOURCE.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    assert rooms == set(BELOW)


def test_nothing_below_the_command_line_prints():
    for file in SOURCE.rglob("*.py"):
        if "cli" not in file.relative_to(SOURCE).parts:
            for node in ast.walk(ast.parse(file.read_text())):
                called = node.func if isinstance(node, ast.Call) else None
                prints = isinstance(called, ast.Name) and called.id == "print"
                assert not prints, f"{file.name}:{getattr(called, 'lineno', 0)} prints"


def test_no_two_test_files_share_a_name():
    """Pytest imports them by their name alone, and leaves out the second one only once both are asked for."""
    names = [path.name for path in Path(__file__).parent.rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
