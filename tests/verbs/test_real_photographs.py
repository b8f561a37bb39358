"""The numbers on real photographs are those of an independent script."""

from __future__ import annotations

import pytest
from real_photographs import real_folder

import jpegproof

#: Measured by an independent script with torchvision's Resize(256), CenterCrop(224) on Pillow images and Pillow's
#: save(quality=q) at the source resolution: percent of 500 photographs, reference first, then quality 90 down to 10.
QUALITIES = (None, 90, 80, 70, 60, 50, 40, 30, 20, 10)
TOP1 = (60.0, 60.4, 59.4, 58.4, 59.2, 58.2, 58.6, 55.4, 55.0, 44.6)
TOP5 = (82.0, 81.0, 80.4, 81.4, 80.0, 81.2, 80.0, 79.8, 77.0, 65.6)
#: The same at quality 10 on crops compressed after resizing, 1000 photographs of which these 500 are half.
TOP1_AT_INPUT = 12.8


@pytest.fixture
def real():
    return real_folder()


@pytest.mark.slow
@pytest.mark.real
def test_squeezenet_on_500_photographs_agrees_with_an_independent_script(real, tmp_path):
    results = jpegproof.measure(
        "torchvision:squeezenet1_1",
        real / "imagenet-sample" / "val",
        weights=real / "weights" / "squeezenet1_1.safetensors",
        out=tmp_path,
    )
    measured = {(row.metric, row.quality): row for row in results.results}
    for metric, expected in (("top1", TOP1), ("top5", TOP5)):
        for quality, value in zip(QUALITIES, expected, strict=True):
            row = measured[metric, quality]
            assert row.value == pytest.approx(value, abs=0.2), (metric, quality)
            assert (row.n, row.n_skipped) == (500, 0)


@pytest.mark.slow
@pytest.mark.real
def test_compressing_the_crop_hurts_far_more(real, tmp_path):
    results = jpegproof.measure(
        "torchvision:squeezenet1_1",
        real / "imagenet-sample" / "val",
        weights=real / "weights" / "squeezenet1_1.safetensors",
        qualities=10,
        stage="input",
        out=tmp_path,
    )
    (top1,) = [row for row in results.results if (row.metric, row.quality) == ("top1", 10)]
    assert top1.stage == "input"
    assert top1.value == pytest.approx(TOP1_AT_INPUT, abs=3.0)


@pytest.mark.slow
@pytest.mark.real
def test_the_repositorys_study_runs_on_a_few_photographs(real, tmp_path):
    """The whole of it takes hours; a few photographs and steps show that its paths, names and folds are right."""
    from pathlib import Path

    from jpegproof.studies.study_file import dump_study, load_study

    spec = load_study(Path(__file__).parents[2] / "studies" / "imagenet-sample.yaml", root=real)
    few = {
        name: item.model_copy(update={"size" if name == "world" else "limit": 4}) for name, item in spec.data.items()
    }
    short = {name: item.model_copy(update={"steps": 1, "batch": 1}) for name, item in spec.trainings.items()}
    compression = spec.compression.model_copy(update={"qualities": [10]})
    small = spec.model_copy(update={"data": few, "trainings": short, "compression": compression})
    (tmp_path / "study.yaml").write_text(dump_study(small))
    results = jpegproof.study(tmp_path / "study.yaml", tmp_path / "out")
    assert {(row.mitigation, row.corrector) for row in results.results} == {
        ("none", "identity"),
        ("self_distilled", "identity"),
        ("off_the_shelf", "block-restorer"),
        ("off_the_shelf", "dncnn3"),
        ("task_targeted", "targeted"),
        ("transfer", "transferred"),
        ("both", "targeted"),
    }
    assert {row.quality for row in results.results} == {None, 10}
