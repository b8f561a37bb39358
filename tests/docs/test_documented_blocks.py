"""Every block of code in README.md and docs/ is run in a sandbox, or checked, with the reason beside it."""

from __future__ import annotations

import re
import shutil
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from documented_blocks import COMMANDS, LANGUAGES, PYTHON, ROOT, SESSION, STUDY, Block, blocks_of, documented_pages
from documented_commands import check_command, check_python, check_study, run_command, run_python
from documented_sandbox import FinishedStudies, make_sandbox
from documented_stand_ins import stood_in

PAGES = {str(page.relative_to(ROOT)): page for page in documented_pages()}
#: Pages whose blocks take longer than ten seconds of one core.
SLOW = {
    "README.md",
    *(f"docs/tutorials/{name}.md" for name in ("engineer", "researcher")),
    *(
        f"docs/{name}.md"
        for name in ("budget", "correctors", "deploy", "errors", "explain", "forensics-data", "measure")
    ),
    *(f"docs/{name}.md" for name in ("models", "paper", "parity", "report", "sheets", "studies")),
}
#: Blocks that are checked and not run: outside of the results, whose commands take the real photographs and minutes
#: to hours each. A new one is a decision: raise the number with it.
CHECKED_ELSEWHERE = 11

DEFAULT_CORRECTOR = ROOT / "src" / "jpegproof" / "correctors" / "shipped" / "block-restorer.safetensors"
RESULTS = re.compile(r"results/[\w-]+")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sandbox(tmp_path_factory.mktemp("documented") / "sandbox")


@pytest.fixture(scope="session")
def finished(template: Path, tmp_path_factory: pytest.TempPathFactory) -> FinishedStudies:
    return FinishedStudies(template, tmp_path_factory.mktemp("finished") / "studies")


@pytest.mark.parametrize(
    "page",
    [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in PAGES if blocks_of(PAGES[name])],
)
def test_every_block_of_a_page_runs(
    page: str,
    template: Path,
    finished: FinishedStudies,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sandbox = tmp_path / "sandbox"
    shutil.copytree(template, sandbox)
    monkeypatch.chdir(sandbox)
    monkeypatch.syspath_prepend(str(sandbox))
    before = set(sys.modules)
    namespace: dict[str, Any] = {"__name__": "documented"}
    try:
        for block in blocks_of(PAGES[page]):
            try:
                _do(block, namespace, finished)
            except (Exception, SystemExit) as error:
                said = "".join(capsys.readouterr())[-2000:]
                raise AssertionError(f"{block.place}: {error!r}\n{block.text}\n{said}") from error
    finally:
        # The sandbox's own modules, which the next page has its own of.
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
                del sys.modules[name]


def _do(block: Block, namespace: dict[str, Any], finished: FinishedStudies) -> None:
    """Runs or checks one block in the current folder."""
    if block.language in (COMMANDS, SESSION):
        for words in block.commands():
            if block.checked:
                check_command(words)
            else:
                _take_for_granted(words, finished)
                run_command(words)
    elif block.language == PYTHON:
        if block.checked:
            check_python(block)
        else:
            run_python(block, namespace)
    elif block.language == STUDY:
        check_study(block)


def _take_for_granted(words: list[str], finished: FinishedStudies) -> None:
    """Puts finished studies and trained correctors where a command reads one that no command before it has made."""
    for word in map(stood_in, words):
        if word.startswith("out/fit-") and not Path(word).exists():
            Path(word).parent.mkdir(parents=True)
            shutil.copy(DEFAULT_CORRECTOR, word)
    for before, word in pairwise(words):
        if before != "--out" and RESULTS.fullmatch(word.rstrip("/")) and not Path(word).exists():
            finished.put(Path(word))


def test_every_block_says_what_it_is():
    assert set(PAGES) >= SLOW
    for page in PAGES.values():
        for block in blocks_of(page):
            assert block.language in LANGUAGES, f"{block.place}: say what it is, one of {', '.join(LANGUAGES)}"
            assert not block.hides_a_command(), f"{block.place}: a command must not hide in a block of text"


def test_what_is_only_checked_is_counted_and_has_its_reason():
    checked = [block for page in PAGES.values() for block in blocks_of(page) if block.checked]
    elsewhere = [block for block in checked if "results" not in block.page.parts]
    assert len(elsewhere) == CHECKED_ELSEWHERE, [block.place for block in elsewhere]
