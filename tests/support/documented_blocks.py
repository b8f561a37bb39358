"""The blocks of code in the documentation, and what is asked of each.

A comment before a block says where it is not simply run:
``<!-- checked: why -->``: its commands are parsed by the program's own parsers, its imports are looked up.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]

#: What a block may be: commands, a session of them with what they print, Python, parts of study files, and the rest.
COMMANDS, SESSION, PYTHON, STUDY, TEXT = "sh", "console", "python", "yaml", "text"
LANGUAGES = (COMMANDS, SESSION, PYTHON, STUDY, TEXT)

_CHECKED = re.compile(r"<!-- checked: (.+?) -->")
_PROMPT = "$ "
_COMMAND = re.compile(r"(\$ )?(jpegproof|python|pip|make|uv|curl)\s")


@dataclass(frozen=True)
class Block:
    """One block of a page."""

    page: Path
    line: int
    language: str
    text: str
    checked: str | None
    """Why it is checked and not run; None where it is run."""

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def commands(self) -> list[list[str]]:
        """Its commands as words, comments left out."""
        text = self.text.replace("\\\n", " ")
        lines = text.splitlines()
        if self.language == SESSION:
            lines = [line.removeprefix(_PROMPT) for line in lines if line.startswith(_PROMPT)]
        words = [shlex.split(part, comments=True) for line in lines for part in line.split(" && ")]
        return [command for command in words if command]

    def hides_a_command(self) -> bool:
        """Whether it is said to be text and begins like a command."""
        return self.language == TEXT and bool(_COMMAND.match(self.text))


def documented_pages() -> list[Path]:
    """README.md and every page of the documentation."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks_of(page: Path) -> list[Block]:
    """Every fenced or indented block of a page, in order."""
    return list(_blocks(page, MarkdownIt("commonmark").parse(page.read_text())))


def _blocks(page: Path, tokens: list[Token]) -> Iterator[Block]:
    checked = None
    for token in tokens:
        if token.type == "html_block":
            found = _CHECKED.match(token.content)
            checked = found[1] if found else None
        elif token.type in ("fence", "code_block"):
            assert token.map is not None
            yield Block(page, token.map[0] + 1, token.info.strip(), token.content, checked)
            checked = None
        elif token.level == 0:
            checked = None
