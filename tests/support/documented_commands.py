"""Runs or checks what the documentation tells a reader to type."""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from documented_blocks import ROOT, Block
from documented_stand_ins import small_command, small_python, small_study
from packaging.requirements import Requirement

from jpegproof.cli.main import main, parser
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.yaml_loader import PlainLoader


class _ParsedError(Exception):
    """A program's arguments were parsed, and nothing was run."""


def run_command(words: Sequence[str]) -> None:
    """Runs a command in the current folder; installing and making are checked only."""
    if words[0] != "jpegproof":
        check_command(words)
        return
    arguments = small_command(words[1:])
    with mock.patch.dict(os.environ, {"COLUMNS": "80"}):
        try:
            code = main(arguments)
        except SystemExit as stop:  # --version and --help, or arguments that are not understood
            code = stop.code
    assert code == 0, f"jpegproof {' '.join(arguments)}: exit code {code}"


def check_command(words: Sequence[str]) -> None:
    """Parses a command by the program's own parser; what it names in the repository has to be there."""
    program, *rest = words
    if program == "jpegproof":
        _parsed(lambda: parser().parse_args(rest), words)
    elif program == "python" and rest[0] == "-m":
        _parsed_by_program(lambda: _run_script(rest[1].replace(".", "/") + ".py"), words, rest[2:])
    elif program == "python" and rest[0].startswith("examples/"):
        compile((ROOT / rest[0]).read_text(), rest[0], "exec")
    elif program == "python":
        _parsed_by_program(lambda: _run_script(rest[0]), words, rest[1:])
    elif program == "pip":
        _check_extras(rest)
    elif program == "ray":
        assert rest[0] == "start", "the rest of Ray's own commands is Ray's to document"
    elif program == "curl":
        assert rest[-1].startswith("http://127.0.0.1"), "an example asks this machine alone"
    elif program == "make":
        subprocess.run(["make", "--dry-run", *rest], cwd=ROOT, check=True, capture_output=True)
    else:
        pytest.fail(f"nothing here knows how to check {program!r}: {' '.join(words)}")
    for word in rest:
        if word.startswith(("studies/", "recipes/", "benchmarks/", "examples/")):
            assert (ROOT / word).exists(), f"{word} is not in the repository: {' '.join(words)}"


def _run_script(path: str) -> object:
    """Runs a script of the repository as the command line would."""
    return runpy.run_path(str(ROOT / path), run_name="__main__")


def _parsed(parse: Callable[[], object], words: Sequence[str]) -> None:
    try:
        parse()
    except SystemExit as stop:
        pytest.fail(f"not understood (exit code {stop.code}): {' '.join(words)}")


def _parsed_by_program(run: Callable[[], object], words: Sequence[str], arguments: Sequence[str]) -> None:
    """A script parses its arguments and stops there."""
    parse = argparse.ArgumentParser.parse_args

    def parse_and_stop(self: argparse.ArgumentParser, *given: Any, **named: Any) -> Any:
        parse(self, *given, **named)
        raise _ParsedError

    with (
        mock.patch.object(argparse.ArgumentParser, "parse_args", parse_and_stop),
        mock.patch.object(sys, "argv", [words[1], *arguments]),
        mock.patch.object(sys, "path", [str(ROOT), *sys.path]),
        pytest.raises(_ParsedError),
    ):
        _parsed(run, words)


def _check_extras(words: Sequence[str]) -> None:
    """What is installed is this package, with extras that it has."""
    assert words[0] == "install"
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for word in words[1:]:
        requirement = Requirement(word.replace(".[", "jpegproof["))
        assert requirement.name == "jpegproof"
        assert requirement.extras <= set(known), f"no such extra: {word}"


def run_python(block: Block, namespace: dict[str, Any]) -> None:
    """Runs a block of Python in the current folder; one that names its file in its first line is stored there too."""
    source = small_python(block.text)
    _store_if_named(block, source)
    exec(compile(source, block.place, "exec"), namespace)


def _store_if_named(block: Block, text: str) -> bool:
    """Stores a block whose first line is a comment with the name of a file, and says whether it is one."""
    first = block.text.partition("\n")[0]
    named = first.startswith("# ") and first.endswith((".py", ".yaml"))
    if named:
        Path(first.removeprefix("# ")).write_text(text)
    return named


def check_python(block: Block) -> None:
    """It compiles, and what it takes from jpegproof is there."""
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("jpegproof"):
            module = importlib.import_module(node.module or "")
            for alias in node.names:
                assert hasattr(module, alias.name), f"{block.place}: {node.module} has no {alias.name}"


def check_study(block: Block) -> None:
    """A study file, or parts of one that what they lack is put around, is understood by the program.

    One that names its file in its first line is stored there, smaller, for the commands that follow: as a whole
    (``# NAME.yaml``), or in the place of the parts that an earlier one has (``# in NAME.yaml``).
    """
    parts = yaml.load(block.text, Loader=PlainLoader)
    assert isinstance(parts, dict), f"{block.place} is no part of a study file"
    first = block.text.partition("\n")[0]
    if first.startswith("# in "):
        file = Path(first.removeprefix("# in "))
        parts = {**yaml.load(file.read_text(), Loader=PlainLoader), **parts}
        file.write_text(yaml.safe_dump(parts, sort_keys=False))
    elif not _store_if_named(block, small_study(block.text)):
        parts = {**_around(parts), **parts}
    StudySpec.model_validate(parts)


def _around(parts: dict[str, Any]) -> dict[str, Any]:
    """The keys that a part of a study file leaves out."""
    data = parts.get("data", {"photos": {"path": "photos"}})
    mine = {"from": "jpegproof:world-classifier", "data": next(iter(data))}
    return {"name": "documented", "data": data, "models": {"mine": mine}, "mitigations": ["none"]}
