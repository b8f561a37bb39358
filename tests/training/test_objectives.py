"""What each objective changes, what it leaves alone, and what it reads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from jpeg_files import smooth_picture
from small_training import (
    RECIPE,
    PicturesInMemory,
    examples,
    pictures,
    same_state,
    state_of,
    thin_corrector,
    tiny_model,
)

from jpegproof.correctors.protocol import to_pixels
from jpegproof.exceptions import JpegproofError, ModelError
from jpegproof.models.model import Model, wrap
from jpegproof.models.preparation import ResizeCrop
from jpegproof.training import path_of_use
from jpegproof.training.examples import Examples
from jpegproof.training.fine_tune import FineTune
from jpegproof.training.loop import train
from jpegproof.training.match_model import DistilModel, TargetCorrector
from jpegproof.training.path_of_use import inputs_of_jpegs, inputs_of_originals
from jpegproof.training.restore_pixels import RestorePixels
from jpegproof.training.statistics import reestimate_statistics


def norm_of(model: Model) -> torch.nn.BatchNorm2d:
    layer = model.network.get_submodule("norm")
    assert isinstance(layer, torch.nn.BatchNorm2d)
    return layer


def without_labels() -> Examples:
    return Examples([(PicturesInMemory([smooth_picture(48, 64)] * 4, [None] * 4), range(4))], RECIPE)


def test_targeting_changes_the_corrector_and_leaves_the_model_alone():
    model, corrector = tiny_model(), thin_corrector(awake=True)
    before, begun = state_of(model.network), state_of(corrector.network)
    train(TargetCorrector(corrector, model), examples(), RECIPE)
    assert same_state(before, state_of(model.network))
    assert not same_state(begun, state_of(corrector.network))
    assert not model.network.training
    assert not corrector.network.training


def test_targeting_brings_the_models_answers_nearer_to_those_on_the_originals():
    model, corrector = tiny_model(), thin_corrector()
    recipe = replace(RECIPE, steps=80, batch=5, learning_rate=3e-3, qualities=(5, 10), augment="none", seed=1)
    objective = TargetCorrector(corrector, model)
    held = examples(recipe).batch(1000)
    with torch.no_grad():
        before = float(objective.loss(held))
    train(objective, examples(recipe), recipe)
    with torch.no_grad():
        assert float(objective.loss(held)) < 0.9 * before


def test_nothing_that_matches_a_model_reads_a_label():
    train(TargetCorrector(thin_corrector(), tiny_model()), without_labels(), RECIPE)
    train(DistilModel(tiny_model(), tiny_model()), without_labels(), RECIPE)
    train(RestorePixels(thin_corrector()), without_labels(), RECIPE)


def test_fine_tuning_without_labels_says_what_needs_none():
    with pytest.raises(ModelError, match="self_distilled"):
        train(FineTune(tiny_model()), without_labels(), RECIPE)


def test_self_distillation_changes_the_student_and_leaves_the_teacher_alone():
    student, teacher = tiny_model(), tiny_model()
    before = state_of(teacher.network)
    objective = DistilModel(student, teacher)
    train(objective, examples(), RECIPE)
    assert same_state(before, state_of(teacher.network))
    assert not same_state(before, state_of(student.network))


def test_self_distillation_has_nothing_to_learn_where_nothing_is_lost():
    student = tiny_model()
    objective = DistilModel(student, tiny_model())
    objective.train()
    student.network.eval()  # without batch norm's own noise
    supply = examples(qualities=(100, 100), subsampling=("4:4:4",))
    assert float(objective.loss(supply.batch(0)).detach()) < 0.02


def test_the_student_drops_nothing_out():
    objective = DistilModel(tiny_model(), tiny_model())
    objective.train()
    modes = {name: layer.training for name, layer in objective.learner.named_modules()}
    assert not modes["drop"]
    assert modes["norm"]


def test_a_corrector_before_a_learning_model_stays_as_it_is():
    corrector = thin_corrector(awake=True)
    before = state_of(corrector.network)
    train(DistilModel(tiny_model(), tiny_model(), corrector), examples(), RECIPE)
    train(FineTune(tiny_model(), corrector=corrector), examples(), RECIPE)
    assert same_state(before, state_of(corrector.network))


def test_the_control_sees_no_jpeg():
    coarse, fine = examples(qualities=(1, 1)), examples(qualities=(100, 100))
    ends = []
    for supply in (coarse, fine):
        model = tiny_model()
        train(FineTune(model, on_originals=True), supply, RECIPE)
        ends.append(state_of(model.network))
    assert same_state(*ends)


def test_fine_tuning_sees_the_jpegs():
    ends = []
    for supply in (examples(qualities=(1, 1)), examples(qualities=(100, 100))):
        model = tiny_model()
        train(FineTune(model), supply, RECIPE)
        ends.append(state_of(model.network))
    assert not same_state(*ends)


def test_statistics_change_and_no_weight_does():
    model = tiny_model()
    before = state_of(model.network)
    reestimate_statistics(model, examples(qualities=(5, 5)), RECIPE)
    after = state_of(model.network)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"norm.running_mean", "norm.running_var", "norm.num_batches_tracked"}
    assert not model.network.training
    assert norm_of(model).momentum == 0.1


def test_statistics_are_the_plain_averages_over_the_batches():
    model = tiny_model()
    supply = examples(qualities=(5, 5))
    means = []
    for step in range(RECIPE.steps):
        with torch.no_grad():
            inputs = inputs_of_jpegs(model, supply.batch(step), None, "source").stacked()
            means.append(model.network.get_submodule("features")(inputs).mean((0, 2, 3)))
    reestimate_statistics(model, supply, RECIPE)
    estimated = norm_of(model).running_mean
    assert estimated is not None
    assert torch.allclose(estimated, torch.stack(means).mean(0), atol=1e-5)


def test_a_network_without_statistics_says_so():
    with pytest.raises(ModelError, match="no batch-norm statistics"):
        reestimate_statistics(wrap(torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1)), trial=False), examples(), RECIPE)


@pytest.mark.parametrize("prepare", [ResizeCrop(40, (32, 32)), ResizeCrop(None, None), ResizeCrop((30, 30), None)])
def test_training_takes_the_path_of_use(prepare):
    """Compressed at the source, corrected, resized: the input that training makes is the one that evaluation makes."""
    model, corrector = tiny_model(prepare=prepare), thin_corrector(awake=True)
    batch = examples(batch=3).batch(0)
    trained = inputs_of_jpegs(model, batch, corrector, "source").stacked().detach()
    for example, made in zip(batch, trained, strict=True):
        corrected = to_pixels(corrector([example.jpeg])[0])
        used = prepare.normalise(prepare.frame(corrected)[0])
        # Pillow rounds to 8 bits twice, which is all that differs.
        assert (made - used).abs().mean() * 0.226 * 255 <= 0.6


def test_without_a_corrector_training_sees_exactly_what_evaluation_sees():
    model = tiny_model()
    batch = examples().batch(0)
    for example, made in zip(batch, inputs_of_jpegs(model, batch, None, "source").inputs, strict=True):
        used = model.preparation.normalise(model.preparation.frame(example.jpeg.pixels)[0])
        assert torch.equal(made, used)
    for example, made in zip(batch, inputs_of_originals(model, batch, "source").inputs, strict=True):
        assert torch.equal(made, model.preparation.normalise(model.preparation.frame(example.original)[0]))


def test_only_what_the_model_sees_is_corrected(monkeypatch):
    corrected = []
    corrector = thin_corrector(awake=True)
    restore = corrector.restore
    monkeypatch.setattr(corrector, "restore", lambda images: corrected.extend(images) or restore(images))
    wide = Examples([(PicturesInMemory([smooth_picture(64, 320)]), [0])], replace(RECIPE, batch=1))
    model = tiny_model(prepare=ResizeCrop(64, (64, 64)))
    batch = wide.batch(0)
    part = inputs_of_jpegs(model, batch, corrector, "source").stacked().detach()
    assert corrected[0].pixels.shape[1] <= 64 + 2 * (path_of_use.MARGIN + 16)
    monkeypatch.setattr(path_of_use, "MARGIN", 1000)
    whole = inputs_of_jpegs(model, batch, corrector, "source").stacked().detach()
    inner = (..., slice(None), slice(8, -8))
    assert torch.allclose(part[inner], whole[inner], atol=0.2)


def test_at_the_models_input_nothing_is_resized_any_more():
    model = tiny_model(prepare=ResizeCrop(40, (32, 32)))
    recipe = replace(RECIPE, stage="input")
    supply = Examples([(pictures(), range(5))], recipe, [model.preparation])
    batch = supply.batch(0)
    made = inputs_of_jpegs(model, batch, thin_corrector(), "input").stacked().detach()
    used = torch.stack([model.preparation.normalise(example.jpeg.pixels) for example in batch])
    assert torch.allclose(made, used, atol=1e-5)
    train(TargetCorrector(thin_corrector(), model, "input"), supply, recipe)


def test_a_frozen_model_serves_pictures_of_different_sizes_and_a_learning_one_says_it_cannot():
    model = tiny_model(prepare=ResizeCrop(None, None))
    mixed = PicturesInMemory([smooth_picture(48, 64), smooth_picture(40, 64)])
    train(TargetCorrector(thin_corrector(), model), Examples([(mixed, range(2))], RECIPE), RECIPE)
    with pytest.raises(JpegproofError, match="batch 1"):
        train(FineTune(model), Examples([(mixed, range(2))], RECIPE), RECIPE)
    alone = replace(RECIPE, batch=1)
    train(FineTune(model), Examples([(mixed, range(2))], alone), alone)


def test_a_restored_picture_is_measured_against_its_own_original():
    supply = examples(batch=3)
    batch = supply.batch(0)
    expected = np.mean([np.abs(e.jpeg.pixels.astype(float) - e.original).mean() / 255 for e in batch])
    objective = RestorePixels(thin_corrector())  # gives pictures back as they are
    assert float(objective.loss(batch).detach()) == pytest.approx(expected, rel=1e-4)


def test_resizing_keeps_full_precision_whatever_the_networks_compute_in():
    prepare = ResizeCrop(40, (32, 32))
    picture = torch.rand(3, 48, 64, generator=torch.Generator().manual_seed(0))
    exact = prepare.differentiable(picture)
    with torch.autocast("cpu", torch.bfloat16):
        half = prepare.differentiable(picture)
    assert half.dtype == torch.float32
    assert torch.equal(exact, half)


def test_a_frozen_corrector_hands_on_what_it_hands_on_in_use():
    model, corrector = tiny_model(prepare=ResizeCrop(None, None)), thin_corrector(awake=True)
    batch = examples(batch=2).batch(0)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        made = inputs_of_jpegs(model, batch, corrector, "source").inputs
    for example, given in zip(batch, made, strict=True):
        used = model.preparation.normalise(to_pixels(corrector([example.jpeg])[0]))
        assert torch.allclose(given, used, atol=1e-5)


def test_a_picture_that_the_model_cannot_take_is_left_out():
    thin = np.zeros((2, 60_000, 3), np.uint8)
    mixed = PicturesInMemory([thin, smooth_picture(48, 64)])
    supply = Examples([(mixed, range(2))], RECIPE, [ResizeCrop(4096, (32, 32))])
    assert {example.original.shape for example in supply.batch(0)} == {(48, 64, 3)}
