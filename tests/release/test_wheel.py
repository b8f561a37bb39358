"""What is released: a wheel and a source distribution that work where nothing else is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

from jpegproof.version import __version__

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not UV.exists(), reason="uv, which make setup installs, is not there"),
]


def run(*command: object, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment or None, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(UV, "build", "--quiet", "--out-dir", folder, cwd=ROOT)
    return folder


@pytest.fixture(scope="module")
def program(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in an environment that holds the wheel and what it requires."""
    place = tmp_path_factory.mktemp("empty") / "venv"
    run(UV, "venv", "--quiet", "--python", sys.executable, place, cwd=built)
    (wheel,) = built.glob("*.whl")
    pins = ROOT / "constraints.txt"
    run(UV, "pip", "install", "--quiet", "--python", place / "bin" / "python", "-c", pins, wheel, cwd=built)
    return place / "bin" / "jpegproof"


def test_the_wheel_holds_the_package_and_what_it_ships(built: Path):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        held = set(file.namelist())
    package = ROOT / "src" / "jpegproof"
    wanted = {
        f"jpegproof/{path.relative_to(package).as_posix()}"
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held - wanted <= {name for name in held if ".dist-info/" in name}
    assert wanted <= held


def test_the_source_distribution_holds_what_its_tests_need(built: Path):
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as file:
        held = {name.partition("/")[2] for name in file.getnames()}
    assert {"constraints.txt", "Makefile", "README.md", "LICENSE", "tests/release/test_wheel.py", "studies"} & held >= {
        "constraints.txt",
        "Makefile",
        "README.md",
        "LICENSE",
        "tests/release/test_wheel.py",
    }
    assert not any(name.startswith((".venv", "out/", "demo/", ".git/")) for name in held)


def test_the_demo_works_in_an_empty_environment(program: Path, tmp_path: Path):
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    clean |= {name: value for name, value in os.environ.items() if name == "LD_LIBRARY_PATH"}
    assert run(program, "--version", cwd=tmp_path, **clean).split()[-1] == __version__
    printed = run(program, "demo", "--pictures", "60", "--quiet", "--threads", "1", cwd=tmp_path, **clean)
    assert "report: demo/report.html" in printed
    page = (tmp_path / "demo" / "report.html").read_text()
    assert "task_targeted" in page
    run(program, "report", "demo", cwd=tmp_path, **clean)


def test_what_an_extra_adds_is_asked_for_by_name(program: Path, tmp_path: Path):
    asked = subprocess.run(
        [str(program), "measure", "torchvision:resnet18", "world"], cwd=tmp_path, capture_output=True, text=True
    )
    assert asked.returncode != 0
    assert "jpegproof[torchvision]" in asked.stderr


def test_the_citation_names_the_version():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert cited["version"] == __version__
