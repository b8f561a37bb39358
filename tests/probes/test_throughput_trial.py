"""One measurement: what it times, of what, and what it says where that fails."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_training import thin_corrector
from small_trial import BOTH, CORRECTED, COUNTED, GATED, NONE, TARGETED, TUNED, models, sample, trial, trial_spec

from jpegproof.correctors.protocol import to_pixels
from jpegproof.exceptions import MeasurementError
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.probes.throughput import trial as trial_module
from jpegproof.probes.throughput.edges import measure_edges, trials_of
from jpegproof.probes.throughput.pace import Pace
from jpegproof.probes.throughput.trial import Measured, measure, training_of
from jpegproof.probes.throughput.way_of_use import WayOfUse
from jpegproof.studies.engine import Hands

HERE = Hands("cpu", 1, 1)


def test_use_is_timed_stage_by_stage_and_the_parts_are_no_more_than_the_whole():
    found = measure(trial(TARGETED), models())
    assert list(found.seconds) == ["whole", "decode", "correct", "prepare", "model"]
    assert found.task == "classification"
    for number, whole in enumerate(found.seconds["whole"]):
        parts = sum(found.seconds[stage][number] for stage in ("decode", "correct", "prepare", "model"))
        assert 0 < parts <= whole
    assert found.peak_memory_bytes is None or found.peak_memory_bytes > 10_000_000


def test_without_a_corrector_nothing_is_corrected():
    assert "correct" not in measure(trial(NONE), models()).seconds


def test_a_repeat_takes_whole_batches_and_equally_many_of_each_quality():
    three = tuple(Compression("jpeg", quality) for quality in (10, 50, 90))
    assert trial(batch=4, compressions=three).pictures == 12
    assert trial(batch=3, compressions=three).pictures == 3
    assert trial(batch=1, compressions=three).pictures == 3


def test_files_are_the_pictures_in_turn_stored_in_all_ways_in_turn():
    this = trial(batch=4)
    files = trial_module._files(this, None)
    expected = [(this.sample.pictures[number % 3], this.compressions[number % 2]) for number in range(4)]
    assert files == [encode(picture, compression) for picture, compression in expected]


def test_where_pictures_are_compressed_at_the_models_input_the_files_are_framed_ones():
    model = models()["tiny"]
    files = trial_module._files(trial(), model)
    framed = model.preparation.frame(sample().pictures[0])[0]
    assert framed.shape == (32, 32, 3)
    assert files[0] == encode(framed, Compression("jpeg", 10))
    spec = trial_spec(compression={"qualities": [10, 90], "stage": "input"})
    assert "prepare" in measure(trial(TARGETED, spec=spec), models()).seconds


def test_the_way_of_use_gives_the_answers_of_the_model_behind_the_corrector():
    model, corrector = models()["tiny"], thin_corrector(awake=True)
    files = [encode(picture, Compression("jpeg", 10)) for picture in sample().pictures]
    (answers,) = WayOfUse(model, corrector, False, False, torch.device("cpu")).answers(files)
    for file, answer in zip(files, answers, strict=True):
        pixels = to_pixels(corrector([decode(file)])[0])
        expected = model.network(model.preparation.normalise(model.preparation.frame(pixels)[0])[None])[0]
        assert torch.allclose(answer, expected, atol=1e-5)


def test_behind_the_gate_a_good_picture_stays_as_it_is_and_a_bad_one_does_not():
    model, corrector, here = models()["tiny"], thin_corrector(awake=True), torch.device("cpu")
    for quality, stays in ((98, True), (5, False)):
        files = [encode(sample().pictures[0], Compression("jpeg", quality))]
        (behind,) = WayOfUse(model, corrector, True, False, here).answers(files)
        (untouched,) = WayOfUse(model, None, False, False, here).answers(files)
        assert torch.equal(behind, untouched) == stays


@pytest.mark.parametrize(
    ("edge", "training"),
    [
        (NONE, None),
        (CORRECTED, "restored"),
        (TARGETED, "targeted"),
        (GATED, None),
        (TUNED, "tuned"),
        (BOTH, "distilled"),
        (COUNTED, None),
    ],
)
def test_an_edge_has_the_training_that_its_optimiser_does_last(edge, training):
    assert training_of(trial_spec(), edge) == training


@pytest.mark.parametrize("edge", [CORRECTED, TARGETED, TUNED, BOTH])
def test_training_steps_are_timed_and_leave_the_model_as_it_was(edge):
    given = models()
    before = {name: value.clone() for name, value in given["tiny"].network.state_dict().items()}
    found = measure(trial(edge, phase="training", batch=2), given)
    assert list(found.seconds) == ["whole"]
    assert len(found.seconds["whole"]) == 3
    assert all(seconds > 0 for seconds in found.seconds["whole"])
    assert all(torch.equal(value, before[name]) for name, value in given["tiny"].network.state_dict().items())


def test_a_classifier_trains_without_labels_too_since_only_time_counts():
    assert measure(trial(TUNED, phase="training", sample=sample(labelled=False)), models()).seconds["whole"]


def test_labels_that_say_where_things_are_cannot_be_made_up():
    with pytest.raises(MeasurementError, match="'pictures' holds none"):
        trial_module._with_labels(sample(labelled=False), "semantic_segmentation")


def test_a_training_that_many_rows_share_is_timed_once(monkeypatch):
    trained = []

    def counted(this, models):
        trained.append((this.edge, this.phase))
        return measure(this, models)

    monkeypatch.setattr("jpegproof.probes.throughput.edges.measure", counted)
    twin = replace(TARGETED, mitigation="transfer")
    speeds, failures = measure_edges(
        trial_spec(),
        [TARGETED, twin],
        {"pictures": sample()},
        [1],
        trial().compressions,
        HERE,
        Pace(3, 0.01),
        models=models(),
    )
    assert not failures
    assert [edge for edge, phase in trained if phase == "training"] == [TARGETED]
    told = [speed for speed in speeds if speed.phase == "training"]
    assert [speed.mitigation for speed in told] == ["task_targeted", "transfer"]
    assert told[0].images_per_second == told[1].images_per_second
    assert told[0].qualities == "10:90"


def test_a_network_that_refuses_is_a_failure_and_the_others_have_numbers():
    class Choosy(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.head = torch.nn.Linear(3, 3)

        def forward(self, batch):
            if len(batch) > 1:
                raise RuntimeError("one picture at a time, please")
            return self.head(batch.mean((2, 3)))

    given = {"tiny": replace(models()["tiny"], network=Choosy())}
    speeds, failures = measure_edges(
        trial_spec(), [NONE], {"pictures": sample()}, [1, 2], trial().compressions, HERE, Pace(3, 0.01), models=given
    )
    assert {speed.batch for speed in speeds} == {1}
    (failure,) = failures
    assert (failure.model, failure.batch, failure.phase) == ("tiny", 2, "inference")
    assert failure.reason == "RuntimeError: one picture at a time, please"


def test_rows_hold_the_median_and_the_quartiles_of_the_repeats(monkeypatch):
    seconds = {"whole": [0.5, 0.1, 0.2, 0.4, 0.25], "model": [0.1] * 5}
    monkeypatch.setattr(
        "jpegproof.probes.throughput.edges.measure", lambda this, models: Measured("classification", seconds, 7)
    )
    (whole, part), _ = measure_edges(
        trial_spec(), [NONE], {"pictures": sample()}, [1], trial().compressions, HERE, Pace(), models=models()
    )
    assert (whole.seconds, whole.images_per_second, whole.repeats) == (0.25, 4.0, 5)
    assert (whole.low, whole.high) == (2.5, 5.0)
    assert (whole.peak_memory_bytes, part.peak_memory_bytes) == (7, None)
    assert (whole.picture_size, whole.qualities, whole.dataset) == ("64x48", "10+90", "pictures")


def test_every_edge_is_used_at_every_batch_and_trained_where_it_trains():
    trials = list(trials_of(trial_spec(), [NONE, TUNED], [1, 8]))
    assert trials == [
        (NONE, "inference", 1),
        (NONE, "inference", 8),
        (TUNED, "inference", 1),
        (TUNED, "inference", 8),
        (TUNED, "training", 1),
        (TUNED, "training", 8),
    ]


def test_pictures_that_are_enlarged_lose_what_was_true_of_them():
    larger = sample().enlarged(100, 80)
    assert larger.picture_size == "100x80"
    assert larger.targets == (None,) * 3
    assert larger.task == ""
    assert not np.array_equal(larger.pictures[0], larger.pictures[1])
