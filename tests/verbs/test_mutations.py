"""A thousand damaged JPEGs through the verbs: no crash, no hang, and each of them accounted for."""

from __future__ import annotations

import random
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from jpeg_fixtures import fixtures
from mutations import mutated
from small_study import make_model_file
from small_training import thin_corrector

import jpegproof
from jpegproof.jpeg.hazards import Treatment

pytestmark = pytest.mark.slow

COUNT = 1000

#: What docs/jpeg-files.md states for a file of at most 16 MB, and no verb may take longer for a tiny one.
SECONDS_PER_PICTURE = 10.0


class Stopwatch:
    """Progress that notes the longest time between two files."""

    def __init__(self) -> None:
        self.longest, self.files, self._last = 0.0, 0, time.perf_counter()

    def begin(self, total: int, finished: int) -> None:
        self._last = time.perf_counter()

    def working(self, name: str, share: float) -> None:
        pass

    def advance(self) -> None:
        now = time.perf_counter()
        self.longest, self._last = max(self.longest, now - self._last), now
        self.files += 1

    def training(self, name: str, done: int, total: int, loss: float) -> None:
        pass

    def warn(self, text: str) -> None:
        pass


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of damaged files: the n-th of them is made of the n-th fixture, over and over."""
    folder = tmp_path_factory.mktemp("damaged")
    files, dice = fixtures(), random.Random("mutations")
    for number in range(COUNT):
        name = list(files)[number % len(files)]
        data = mutated(files[name], list(files.values()), dice)
        (folder / f"{number:04d}.jpg").write_bytes(data)
    return folder


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("default", module="torch")
        yield


@pytest.fixture(scope="module")
def audited(damaged: Path) -> tuple[set[str], dict[str, str]]:
    """Names of the files that the audit would use, and the reasons for the others."""
    files = jpegproof.audit(damaged).files
    skipped = {file.name: file.facts.reason for file in files if file.facts.treatment is Treatment.SKIP}
    return {file.name for file in files} - set(skipped), skipped


def test_audit_accounts_for_each(damaged: Path, tmp_path: Path):
    watch = Stopwatch()
    done = jpegproof.audit(damaged, csv=tmp_path / "audit.csv", progress=watch)
    assert [file.name for file in done.files] == [f"{number:04d}.jpg" for number in range(COUNT)]
    assert done.treatments["leave out"] == 0
    # A test of damage needs damage of many kinds, and files that survive it.
    assert done.treatments["skip"] > COUNT / 3
    assert done.treatments["use"] + done.treatments["use as libjpeg would"] > COUNT / 20
    assert len(done.hazards) > 25
    assert all(file.facts.reason for file in done.files if file.facts.treatment is Treatment.SKIP)
    assert (watch.files, watch.longest < SECONDS_PER_PICTURE) == (COUNT, True)


def test_measure_uses_what_the_audit_uses_and_skips_the_others_with_its_reasons(
    damaged: Path, audited: tuple[set[str], dict[str, str]], tmp_path: Path
):
    used, skipped = audited
    begun = time.perf_counter()
    model = f"{make_model_file(tmp_path)}:build"
    done = jpegproof.measure(model, damaged, qualities=[10], out=tmp_path / "out", layout="folder", threads=1)
    assert time.perf_counter() - begun < SECONDS_PER_PICTURE * len(used)
    reasons = {skip.picture: skip.reason for skip in done.skips}
    # A shape may be too extreme for the model's resize, which is not the file's fault.
    shapes = {name for name, reason in reasons.items() if name not in skipped}
    assert {name: reasons[name] for name in skipped} == skipped
    assert len(shapes) <= 3
    agreement = {row.quality: (row.n, row.n_skipped) for row in done.results if row.metric == "agreement"}
    assert agreement[10] == (len(used) - len(shapes), len(skipped) + len(shapes))


def test_correct_accounts_for_each(damaged: Path, audited: tuple[set[str], dict[str, str]], tmp_path: Path):
    used, skipped = audited
    watch = Stopwatch()
    corrector = thin_corrector(awake=True)
    done = jpegproof.correct(damaged, tmp_path / "out", corrector=corrector, threads=1, progress=watch)
    assert len({file.input for file in done.files}) == len(done.files) == COUNT
    outcomes = Counter(file.outcome for file in done.files)
    assert outcomes["corrected"] > COUNT / 20
    written = {Path(file.input).name for file in done.files if file.output}
    assert written <= used
    refused = {Path(file.input).name for file in done.files if file.outcome in ("skipped", "nothing to correct")}
    assert refused >= set(skipped)
    assert written | refused == used | set(skipped)
    assert all(file.note for file in done.files if file.outcome == "skipped")
    assert all((tmp_path / "out" / file.output).is_file() for file in done.files if file.output)
    assert (watch.files, watch.longest < SECONDS_PER_PICTURE) == (COUNT, True)
