"""Loaders work ahead of the networks: the predictions are the same, and no more than a little is in hand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from small_study import prediction_files, study_spec

from jpegproof.exceptions import JpegproofError
from jpegproof.studies import ahead, passage
from jpegproof.studies import plan as planning
from jpegproof.studies.ahead import Ahead
from jpegproof.studies.engine import Hands, find_hands
from jpegproof.studies.run import run_study

CHAIN = [{"resize": 0.8}, {"save": 60}, {"crop": 2}, {"save": 30}]


@pytest.fixture
def shards_of_two(monkeypatch):
    monkeypatch.setattr(planning, "SHARD_PICTURES", 2)


def run(tmp_path, out, loaders, workers=1, **changes):
    spec = study_spec(tmp_path, corrector=True, **changes)
    hands = Hands("cpu", workers=workers, threads=1, loaders=loaders)
    return run_study(spec, tmp_path / out, hands, allow_code=True)


@pytest.mark.parametrize(
    "compression",
    [{"qualities": [10, 50, 90]}, {"qualities": [10], "chains": {"messenger": CHAIN}}, {"stage": "input"}],
    ids=["qualities", "chain", "input"],
)
def test_predictions_are_the_same_with_any_number_of_loaders(tmp_path, shards_of_two, compression):
    study_spec(tmp_path)
    damaged = sorted((tmp_path / "pictures").rglob("*.png"))[1]
    damaged.write_bytes(damaged.read_bytes()[:80])
    wanted = {"qualities": [10, 50], **compression}
    runs = {loaders: run(tmp_path, str(loaders), loaders, compression=wanted) for loaders in (0, 1, 3)}
    expected = prediction_files(tmp_path / "0")
    assert len(expected) == len(runs[0].plan.cells)
    for loaders in (1, 3):
        assert prediction_files(tmp_path / str(loaders)) == expected
        assert runs[loaders].tally.counts == runs[0].tally.counts


@pytest.mark.slow
def test_workers_have_loaders_of_their_own(tmp_path, shards_of_two):
    run(tmp_path, "alone", 0)
    run(tmp_path, "together", 2, workers=2)
    assert prediction_files(tmp_path / "together") == prediction_files(tmp_path / "alone")


def test_the_loaders_are_one_compression_and_one_shard_ahead(tmp_path, shards_of_two, monkeypatch):
    begun: list[str] = []
    real = Ahead.begin

    def begin(self, what, work, rows):
        if what not in self._begun:
            begun.append(what if isinstance(what, str) else f"q{what.quality}")
        real(self, what, work, rows)

    asked = passage.Passage._answers
    seen: list[int] = []
    monkeypatch.setattr(ahead.Ahead, "begin", begin)
    monkeypatch.setattr(passage.Passage, "_answers", lambda *given: (seen.append(len(begun)), asked(*given))[1])
    run(tmp_path, "out", 1, qualities=(10, 50, 90))
    unit = ["q10", "q50", "q90"]
    assert begun == ["read", "read", *unit, "read", *unit, *unit]
    # When the first shard's network is asked about the originals, two reads and the first quality have been begun.
    assert seen[0] == 3
    assert seen[1] == 4


def test_what_goes_wrong_ahead_is_raised_where_it_is_asked_for():
    with ThreadPoolExecutor(1) as loaders:
        work = Ahead(loaders)
        work.begin("thing", lambda item: 1 // item, {0: 1, 1: 0})
        with pytest.raises(ZeroDivisionError):
            work.take("thing")
        assert work.take("thing") is None
        assert Ahead(None).take("thing") is None


def test_a_processor_has_no_loaders_unless_it_is_given_some():
    assert find_hands("cpu", 1, 1).loaders == 0
    assert find_hands("cpu", 1, 1, loaders=2).loaders == 2
    with pytest.raises(JpegproofError, match="-1 loaders: use 0 or more"):
        find_hands("cpu", 1, 1, loaders=-1)
