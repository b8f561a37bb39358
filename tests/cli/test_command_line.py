"""The command answers at once, and a mistake is one clear message and an exit code."""

from __future__ import annotations

import re
import shlex
import statistics
import subprocess
import sys
import time

import pytest

from jpegproof.cli.main import VERBS, main, parser

HEAVY = ("torch", "numpy", "pydantic", "pyarrow", "PIL", "matplotlib", "yaml")


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_help_starts_nothing_heavy():
    code = (
        "import sys; from jpegproof.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        f"sys.exit(', '.join(name for name in {HEAVY} if name in sys.modules) or 0)"
    )
    answer = python(code)
    assert answer.returncode == 0, f"--help imports {answer.stderr}"
    assert "measure" in answer.stdout


def test_importing_the_package_starts_nothing_heavy():
    answer = python(f"import sys, jpegproof; sys.exit(', '.join(n for n in {HEAVY} if n in sys.modules) or 0)")
    assert answer.returncode == 0, answer.stderr


def test_help_takes_at_most_six_times_a_bare_start():
    def seconds(command: list[str]) -> float:
        begun = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        return time.perf_counter() - begun

    # Isolated mode, as the installed command's interpreter is no barer than this; the two alternate, so that a busy
    # machine slows both.
    bare, command = [sys.executable, "-c", "pass"], [sys.executable, "-m", "jpegproof.cli.main", "--help"]
    pairs = [(seconds(bare), seconds(command)) for _ in range(7)]
    assert statistics.median(helped / started for started, helped in pairs) <= 6


@pytest.mark.parametrize("module", VERBS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_verb_explains_itself_with_examples(module, capsys):
    verb = module.__name__.rpartition(".")[2]
    with pytest.raises(SystemExit) as left:
        main([verb, "--help"])
    assert left.value.code == 0
    text = capsys.readouterr().out
    assert f"  jpegproof {verb}" in text[text.index("examples:") :]


@pytest.mark.parametrize("module", VERBS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_the_examples_of_a_verb_are_commands_that_it_takes(module):
    examples = re.findall(r"^  jpegproof (.*?)(?:   .*| &&.*| >.*)?$", module.__doc__ or "", flags=re.MULTILINE)
    assert examples
    for example in examples:
        parser().parse_args(shlex.split(example))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["measure", "torchvision:resnet18", "no/such/folder"], "there is no such folder"),
        (["measure", "torchvision:resnt18", "."], "Did you mean"),
        (["measure", "jpegproof:world-clasifier", "world"], "Did you mean 'world-classifier'?"),
        (["measure", "torchvision:resnet18", ".", "--qualities", "10:900:10"], "not a libjpeg quality"),
        (["measure", "torchvision:resnet18", ".", "--weights", "nothing.pth"], "there is no such"),
        (["measure", "jpegproof:world-classifier", "world", "--device", "tpu9"], "cannot be used"),
        (["measure", "jpegproof:world-classifier", "world", "--device", "meta"], "cannot be used"),
        (["measure", "jpegproof:world-classifier", "world", "--resize", "0"], "greater than or equal to 1"),
        (["measure", "jpegproof:world-classifier", "world", "--std", "0", "0", "0"], "greater than 0"),
        (["measure", "jpegproof:world-classifier", "world", "--limit", "0"], "use 1 or more"),
        (["study", "nothing.yaml"], "check the path"),
        (["study"], "name a study file"),
        (["status", "."], "holds no study"),
        (["report", "."], "holds no study"),
    ],
)
def test_a_mistake_is_told_on_one_line_with_exit_code_2(command, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "picture.png").touch()
    assert main(command) == 2
    errors = capsys.readouterr().err
    assert words in errors
    assert "Traceback" not in errors
    assert errors.startswith("jpegproof: ")


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.startswith("jpegproof 0.")


def test_a_name_in_a_message_gives_the_terminal_no_orders(capsys):
    assert main(["audit", "no\x1b[2Jwhere"]) == 2
    assert r"jpegproof: no\x1b[2Jwhere: there is no such folder" in capsys.readouterr().err
