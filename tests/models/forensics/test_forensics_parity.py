"""Wang's network and Chai's six against the outputs of the official code, from published files to metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from parity_fixtures import ParityFixture, parity_fixture, write_checkpoint
from torch import Tensor

from jpegproof.analysis.forensics import forensics_metrics
from jpegproof.models.find import find_model
from jpegproof.models.forensics.names import CNNDETECTION, FORENSICS_NETWORKS
from jpegproof.models.model import Model
from jpegproof.models.preparation import ResizeCrop
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.forensics import Forensics

pytestmark = [pytest.mark.slow, pytest.mark.real]

# As the fixtures' description states them; features have no scale of their own, and are compared in units of the map's.
ON_LOGITS, ON_FEATURES = 2e-4, 1e-5
#: Patches are stored by the levels of their logits, within which their order is lost; in percent, of a few of them.
ON_PATCH_PRECISION = 0.2
TASK = Forensics()
each_case = pytest.mark.parametrize("case", ["a", "b"])


class Official:
    def __init__(self, name: str, folder: Path) -> None:
        fixture = f"{name}-resnet50" if name == CNNDETECTION else f"patchforensics-{name}"
        self.name = name
        self.fixture: ParityFixture = parity_fixture(fixture)
        path = write_checkpoint(self.fixture, folder / self.fixture.spec["checkpoint"]["files"][0]["file"])
        self.model: Model = find_model(f"forensics:{name}", weights=str(path))
        path.unlink()
        assert isinstance(self.model.preparation, ResizeCrop)
        self.preparation: ResizeCrop = self.model.preparation

    @torch.inference_mode()
    def answer(self, *images: Tensor) -> list[Tensor]:
        return TASK.answer(self.model.network, Batch.of(images))

    def stored(self, case: str, answer: list[Tensor]) -> pa.Table:
        labels = self.fixture[f"{case}/label"]
        # Class 1 is real there; here a label of 1 is fake.
        columns, _ = TASK.record(answer, [1 - int(label) for label in labels], answer)
        return pa.table({field.name: pa.array(columns[field.name], type=field.type) for field in TASK.schema})


# One network at a time, each made once.
@pytest.fixture(scope="module", params=FORENSICS_NETWORKS)
def official(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Official:
    return Official(request.param, tmp_path_factory.mktemp("checkpoint"))


patch_networks = pytest.mark.parametrize("official", [*FORENSICS_NETWORKS[1:]], indirect=True)
the_whole_network = pytest.mark.parametrize("official", [CNNDETECTION], indirect=True)


def assert_near(found: Tensor, wanted: Tensor, tolerance: float) -> None:
    assert found.shape == wanted.shape
    assert float((found - wanted).abs().max()) <= tolerance


def test_its_file_would_be_the_official_one(official: Official):
    (rows,) = official.fixture.spec["tensors"].values()
    wanted = {key: tuple(shape) for key, shape, _ in rows}
    assert {key: tuple(value.shape) for key, value in official.model.network.state_dict().items()} == wanted


@each_case
def test_maps_within_are_the_official_ones(official: Official, case: str):
    features, found = official.fixture.spec["cases"][case]["features"], {}
    network: Any = official.model.network
    hooks = [
        part.register_forward_hook(lambda _, __, map_, name=name: found.update({name: map_}))
        for name, part in network.network.named_children()
    ]
    official.answer(*official.fixture[f"{case}/input"])
    for hook in hooks:
        hook.remove()
    compared = set(features) & set(found)
    assert len(compared) >= 1
    for name in compared:
        prefix = "" if official.name == CNNDETECTION else "feat_"
        wanted = official.fixture[f"{case}/{prefix}{name}"]
        scale = float(wanted.abs().max())
        sample = found[name].contiguous().reshape(-1)[:: features[name]["sample_step"]][: len(wanted)]
        assert list(found[name].shape) == features[name]["shape"]
        assert_near(sample / scale, wanted / scale, ON_FEATURES)


@each_case
def test_logits_of_fake_are_the_official_ones(official: Official, case: str):
    found = torch.stack(official.answer(*official.fixture[f"{case}/input"]))
    if official.name == CNNDETECTION:
        assert_near(found, official.fixture[f"{case}/logit"][..., None], ON_LOGITS)
        return
    logits = official.fixture[f"{case}/logits"]
    assert_near(found, logits[:, 0] - logits[:, 1], 2 * ON_LOGITS)
    assert_near(found.sigmoid(), official.fixture[f"{case}/patch_prob"][:, 0], 1e-5)


@each_case
def test_a_picture_is_normalised_as_officially(official: Official, case: str):
    pictures = official.fixture.arrays[f"{case}/image"]
    found = torch.stack([official.preparation.normalise(picture) for picture in pictures])
    assert_near(found, official.fixture[f"{case}/input"], 1e-6)


@the_whole_network
@pytest.mark.parametrize("case", ["crop", "crop_small"])
def test_the_whole_picture_networks_crop_is_the_official_one(official: Official, case: str):
    framed, _ = official.preparation.frame(official.fixture.arrays[f"{case}/image"])
    (found,) = official.answer(official.preparation.normalise(framed))
    assert_near(found, official.fixture[f"{case}/logit"], ON_LOGITS)


@patch_networks
@each_case
def test_losses_scores_and_metrics_of_patches_are_the_official_ones(official: Official, case: str):
    fixture = official.fixture
    answer = official.answer(*fixture[f"{case}/input"])
    labels = [1 - int(label) for label in fixture[f"{case}/label"]]
    with torch.inference_mode():
        loss = TASK.supervised_loss(official.model.network, Batch.of(fixture[f"{case}/input"]), labels)
    assert float(loss) == pytest.approx(float(fixture[f"{case}/loss"]), abs=1e-5)

    table = official.stored(case, answer)
    assert np.allclose(table["score"].to_numpy(), fixture.arrays[f"{case}/after_softmax"][:, 0], atol=1e-5)
    vote = table["patches_fake"].to_numpy() / table["patches"].to_numpy()
    assert np.allclose(vote, fixture.arrays[f"{case}/vote"][:, 0], atol=1e-6)

    metrics: Any = forensics_metrics(table, table)
    once = np.ones((1, len(labels)))
    assert metrics["accuracy"].mean() == pytest.approx(100 * float(fixture[f"{case}/acc_avg"]))
    assert metrics["patch_accuracy"].values(once)[0] == pytest.approx(
        100 * float(fixture[f"{case}/acc_patch"]), abs=1e-4
    )
    precision, accuracy = fixture.arrays[f"{case}/metrics_after_softmax"]
    assert metrics["AP_real"].values(once)[0] == pytest.approx(100 * precision, abs=1e-5)
    assert metrics["accuracy"].mean() == pytest.approx(100 * accuracy)
    of_patches = fixture.arrays[f"{case}/metrics_patch"][0]
    assert metrics["patch_AP_real"].values(once)[0] == pytest.approx(100 * of_patches, abs=ON_PATCH_PRECISION)
