"""The help texts of every verb, as the program prints them."""

from __future__ import annotations

import argparse
import os
from unittest import mock

from jpegproof.cli.main import parser

#: Columns of the help texts on the page; a terminal's own width elsewhere.
WIDTH = "110"


def command_line_page() -> str:
    """Markdown: one section a verb, in the order of ``jpegproof --help``."""
    with mock.patch.dict(os.environ, {"COLUMNS": WIDTH}):
        top = parser()
        parts = ["# Command line", "What `jpegproof VERB --help` prints.", _block(top.format_help())]
        for name, verb in verbs_of(top).items():
            parts += [f"## {name}", _block(verb.format_help())]
    return "\n\n".join(parts) + "\n"


def verbs_of(top: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Every verb's own parser by its name."""
    return next(dict(action.choices) for action in top._actions if isinstance(action, argparse._SubParsersAction))


def _block(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"
