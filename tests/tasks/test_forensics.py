"""What forensics asks, stores and compares."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
import torch
from tiny_fake_detectors import Answering

from jpegproof.exceptions import ModelError
from jpegproof.models.forensics.own_detector import as_fake_detector
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.find import find_task, same_targets
from jpegproof.tasks.forensics import Forensics
from jpegproof.tasks.forensics_columns import LevelCounts, level_of

TASK = Forensics()
ABOVE, BELOW = torch.tensor([[3.0, -1.0], [0.5, 2.0]]), torch.tensor([[-2.0]])


def stored(answer: list[Any], targets: list[int | None], before: list[Any] | None = None) -> pa.Table:
    columns, faults = TASK.record(answer, targets, answer if before is None else before)
    assert not any(faults)
    columns = {**columns, **TASK.keep(answer, targets)}
    schema = pa.schema([*TASK.schema, *TASK.reference_schema])
    return pa.table({field.name: pa.array(columns[field.name], type=field.type) for field in schema})


class Fulfilling(torch.nn.Module):
    """A network with a protocol of its own that answers whatever it is given."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self._answer = answer

    def patch_logits(self, images: Any) -> Any:
        del images
        return self._answer


def test_the_task_goes_by_its_name_and_shares_its_labels_with_no_other():
    assert isinstance(find_task("forensics"), Forensics)
    assert same_targets("forensics", "forensics")
    assert not same_targets("forensics", "classification")


def test_logits_come_as_float32_maps_and_carry_gradients():
    pictures = torch.ones(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    observed = TASK.observe(as_fake_detector(Answering(lambda x: x[:, :1, ::2, ::2])), Batch.of(pictures))
    assert [(item.dtype, tuple(item.shape)) for item in observed] == [(torch.float32, (2, 2))] * 2
    observed[1].sum().backward()
    assert pictures.grad is not None
    assert pictures.grad[1, 0].sum() == 4
    assert pictures.grad[0].abs().sum() == 0


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ([BELOW], r"one answered with \(1, 1\)"),
        ([BELOW, torch.zeros(3)], r"\(1, 1\), \(3,\)"),
        ([BELOW, torch.zeros(0, 2)], r"\(0, 2\)"),
        ([BELOW, "fake"], "str"),
        ([], "nothing"),
    ],
)
def test_an_answer_that_is_no_map_a_picture_is_refused(answer: Any, told: str):
    with pytest.raises(ModelError, match=told):
        TASK.answer(Fulfilling(answer), Batch.of(torch.zeros(2, 3, 4, 4)))


def test_the_distance_is_the_mean_absolute_difference_of_logits_by_picture():
    assert TASK.distance([ABOVE, BELOW], [ABOVE - 1.5, BELOW + 4]).tolist() == [1.5, 4.0]
    with pytest.raises(ModelError, match="2 x 2 patches, and on the original with 1 x 1"):
        TASK.distance([ABOVE], [BELOW])


def test_the_loss_is_binary_cross_entropy_over_patches_and_then_over_pictures():
    network = Fulfilling([ABOVE, BELOW])
    loss = TASK.supervised_loss(network, Batch.of(torch.zeros(2, 3, 4, 4)), [1, 0])
    by_picture = [-(ABOVE.sigmoid().log().mean()), -((-BELOW).sigmoid().log().mean())]
    assert float(loss) == pytest.approx(float(sum(by_picture)) / 2)
    wrong = TASK.supervised_loss(network, Batch.of(torch.zeros(2, 3, 4, 4)), [0, 1])
    assert float(wrong) > float(loss)


@pytest.mark.parametrize("targets", [[1, None], [0, 2]])
def test_a_picture_without_a_label_cannot_be_learned_from(targets: Any):
    with pytest.raises(ModelError, match="0 real or 1 fake"):
        TASK.supervised_loss(Fulfilling([ABOVE, BELOW]), Batch.of(torch.zeros(2, 3, 4, 4)), targets)


def test_labels_the_other_way_round_are_refused():
    TASK.check([ABOVE], ("real", "fake"))
    TASK.check([ABOVE], {1: "fake", 0: "real"})
    TASK.check([ABOVE], None)
    with pytest.raises(ModelError, match="the data set has 0 fake, 1 real"):
        TASK.check([ABOVE], ("fake", "real"))
    with pytest.raises(ModelError, match="the data set has 0 real, 1 fake, 2 other"):
        TASK.check([ABOVE], ("real", "fake", "other"))


def test_what_is_stored_is_what_the_schema_says():
    before = [ABOVE * torch.tensor([[1.0, -1.0], [1.0, 1.0]]), BELOW]
    first, second, third = stored(
        [ABOVE, BELOW, torch.zeros(1, 2)], [1, 0, None], [*before, torch.ones(1, 2)]
    ).to_pylist()
    assert (first["label"], first["patches"], first["patches_fake"], first["patches_kept"]) == (1, 4, 3, 3)
    assert (second["label"], second["patches"], second["patches_fake"], second["patches_kept"]) == (0, 1, 0, 1)
    # A logit of 0 is as likely real, and so not said to be fake.
    assert (third["label"], third["patches"], third["patches_fake"], third["patches_kept"]) == (None, 2, 0, 0)
    assert first["score"] == pytest.approx(float(ABOVE.sigmoid().mean()))
    assert first["distance"] == pytest.approx(0.5)
    assert (first["rows"], first["columns"], first["logits"]) == (2, 2, [3.0, -1.0, 0.5, 2.0])
    assert (third["levels"], third["level_counts"]) == ([0], [2])


def test_levels_rise_with_the_logits_and_are_fine_near_nought():
    logits = torch.tensor([-float("inf"), -1e30, -20.0, -1.0, -0.02, 0.0, 0.02, 1.0, 20.0, 1e30, float("inf")])
    levels = level_of(logits)
    assert (levels[1:] > levels[:-1]).tolist()
    assert (levels == -levels[::-1]).all()
    fine = level_of(torch.linspace(-1, 1, 101))
    assert len(set(fine.tolist())) > 90


def test_level_counts_leave_skipped_pictures_out():
    table = stored([ABOVE, BELOW], [1, 0])
    skipped = pa.Table.from_pylist([dict.fromkeys(table.schema.names)], schema=table.schema)
    counts = LevelCounts.of(pa.concat_tables([skipped, table]))
    assert counts.pictures.tolist() == [1, 1, 1, 1, 2]
    assert counts.counts.tolist() == [1, 1, 1, 1, 1]
    assert counts.levels[:4].tolist() == sorted(level_of(ABOVE.flatten()).tolist())


def test_answers_on_originals_come_back_as_they_were():
    kept = stored([ABOVE, BELOW, ABOVE[:1]], [1, 0, 1])
    back = TASK.restore(kept.slice(1), torch.device("cpu"))
    assert [item.tolist() for item in back] == [BELOW.tolist(), ABOVE[:1].tolist()]


def test_an_answer_that_is_not_finite_is_a_reason_not_to_use_it():
    broken = torch.tensor([[float("nan"), 1.0]])
    endless = torch.tensor([[float("inf")]])
    columns, faults = TASK.record([ABOVE, broken, endless], [1, 1, 0], [ABOVE, broken, endless])
    assert faults == [None, "the model's answer is not finite", "the model's answer is not finite"]
    assert {len(column) for column in columns.values()} == {3}


def test_answers_are_joined_and_selected_by_picture():
    joined = TASK.join([[ABOVE, BELOW], [ABOVE[:1]]])
    assert [tuple(item.shape) for item in TASK.select(joined, [2, 0])] == [(1, 2), (2, 2)]


def test_batch_norm_learns_as_in_classification():
    network = torch.nn.Sequential(torch.nn.BatchNorm2d(3)).eval()
    TASK.learning(network)
    assert network[0].training


def test_a_picture_that_was_cut_on_its_way_keeps_its_verdict_and_is_compared_with_nothing_patch_by_patch():
    task = Forensics()
    before, cut = [torch.full((4, 5), 3.0)], [torch.full((3, 5), 2.0)]
    columns, faults = task.record(cut, [1], before)
    assert faults == [None]
    assert columns["distance"] == [None]
    assert columns["patches_kept"] == [None]
    assert columns["patches_fake"] == [15]
