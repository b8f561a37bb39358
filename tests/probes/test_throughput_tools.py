"""When a measurement has been repeated enough, how memory is watched, which pictures are taken, whose process it is."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from pathlib import Path

import pytest
import torch
from small_study import make_pictures, study_content

from jpegproof.exceptions import DataError, MeasurementError
from jpegproof.probes.throughput.own_process import in_own_process
from jpegproof.probes.throughput.pace import Pace, repeat
from jpegproof.probes.throughput.peak_memory import PeakMemory
from jpegproof.probes.throughput.sample import take_sample
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.study_file import with_absolute_paths
from jpegproof.studies.workshop import Workshop
from jpegproof.tasks.label_map import LabelMap


@pytest.mark.parametrize(
    ("repeats", "seconds", "enough"),
    [(10, 0.0, True), (9, 0.0, False), (3, 5.0, True), (3, 4.9, False), (2, 1000.0, False)],
)
def test_repeats_end_after_enough_of_them_or_enough_time_but_never_below_three(repeats, seconds, enough):
    assert Pace(10, 5.0).is_enough(repeats, seconds) == enough


def test_fewer_than_three_repeats_cannot_be_asked_for():
    assert Pace(1, 5.0).most == 3


@pytest.mark.parametrize(
    ("passes", "seconds", "warm"), [(0, 99.0, False), (1, 0.9, False), (1, 1.0, True), (2, 0, True)]
)
def test_what_takes_long_is_warm_after_one_pass_and_everything_after_two(passes, seconds, warm):
    assert Pace(10, 5.0).is_warm(passes, seconds) == warm


def test_what_warms_up_is_not_among_the_answers():
    calls = []

    def work():
        calls.append(None)
        return {"whole": float(len(calls))}

    assert [answer["whole"] for answer in repeat(work, Pace(4, 1000.0))] == [3.0, 4.0, 5.0, 6.0]


def peak_over_rest(tensor_of_bytes: int) -> int:
    """How far the peak lies above what was held at first, after something larger was held before."""
    before = torch.ones(tensor_of_bytes // 4 + 10_000_000)
    del before
    watched = PeakMemory(torch.device("cpu"))
    at_rest = watched.size_in_bytes()
    held = torch.ones(tensor_of_bytes // 4)
    del held
    peak = watched.size_in_bytes()
    assert at_rest is not None
    assert peak is not None
    return peak - at_rest


@pytest.mark.skipif(sys.platform != "linux", reason="the high-water mark can be set back on Linux alone")
def test_the_peak_is_that_of_the_time_watched_and_not_of_before():
    """As it is measured: in a fresh process, since one that freed much may be given the same pages again."""
    assert 180e6 < in_own_process(peak_over_rest, 200_000_000) < 230e6


def workshop(folder: Path, count: int, **data: int) -> Workshop:
    make_pictures(folder / "pictures", count)
    content = study_content(folder)
    content["data"]["pictures"] |= data
    return Workshop(with_absolute_paths(StudySpec.model_validate(content), folder))


def test_a_sample_is_evenly_spaced_with_its_targets(tmp_path: Path):
    made = workshop(tmp_path, 9)
    held, found = made.pictures("pictures"), take_sample(made, "pictures", 3)
    assert [held.pixels(number).tolist() for number in (0, 3, 6)] == [pixels.tolist() for pixels in found.pictures]
    assert found.targets == tuple(held.target(number) for number in (0, 3, 6))
    assert (found.task, found.picture_size) == ("classification", "60x50")


def test_a_sample_has_no_more_pictures_than_there_are_and_leaves_unusable_ones_out(tmp_path: Path):
    made = workshop(tmp_path, 4)
    broken = sorted((tmp_path / "pictures").rglob("*.png"))[0]
    broken.write_bytes(b"no picture")
    assert len(take_sample(made, "pictures", 10)) == 3


def test_where_no_picture_can_be_used_the_data_set_is_named(tmp_path: Path):
    made = workshop(tmp_path, 2)
    for path in (tmp_path / "pictures").rglob("*.png"):
        path.write_bytes(b"no picture")
    with pytest.raises(DataError, match="'pictures': none of its 2 pictures can be used"):
        take_sample(made, "pictures", 2)


def own_id(asked: int) -> tuple[int, int]:
    return asked, os.getpid()


def killed(asked: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refused(asked: int) -> None:
    raise MeasurementError(f"{asked} is too much")


@pytest.mark.slow
def test_each_thing_is_done_in_a_process_of_its_own_and_its_end_is_told():
    first, second = in_own_process(own_id, 1), in_own_process(own_id, 2)
    assert (first[0], second[0]) == (1, 2)
    assert len({first[1], second[1], os.getpid()}) == 3
    with pytest.raises(MeasurementError, match="7 is too much"):
        in_own_process(refused, 7)
    with pytest.raises(MeasurementError, match="memory ran out"):
        in_own_process(killed, 0)


def test_a_sample_of_label_maps_can_be_sent_to_another_process():
    spec = StudySpec.model_validate(
        {
            "name": "maps",
            "data": {"scenes": {"world": "val", "size": 2, "task": "semantic_segmentation"}},
            "models": {"segmenter": {"from": "jpegproof:world-semantic-segmenter"}},
        }
    )
    held = Workshop(spec)
    sent = pickle.loads(pickle.dumps(take_sample(held, "scenes", 2)))
    for number, target in enumerate(sent.targets):
        original = held.pictures("scenes").target(number)
        assert isinstance(original, LabelMap)
        assert (target.read() == original.read()).all()
        assert target.describe() == original.describe()
