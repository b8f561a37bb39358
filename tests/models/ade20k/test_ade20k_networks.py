"""The seven networks as segmenters: batches, losses, training, several scales, and what is refused."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from jpeg_files import smooth_picture
from torch import Tensor

from jpegproof.exceptions import MissingExtraError, ModelError, UnknownNameError
from jpegproof.models.ade20k.build import ade20k_segmenter
from jpegproof.models.ade20k.multi_scale import MultiScale
from jpegproof.models.ade20k.names import NETWORKS
from jpegproof.models.detectors.as_stored import AS_STORED
from jpegproof.models.rounded_sides import RoundedSides
from jpegproof.models.segmenters.find import as_segmenter
from jpegproof.models.segmenters.score_maps import class_map
from jpegproof.tasks.find import find_task
from jpegproof.tasks.segmenter import VOID

MOBILE = "mobilenetv2dilated-c1_deepsup"
SIZES = [(48, 64), (64, 48), (48, 64)]


def built(name: str = MOBILE, **arguments: Any) -> Any:
    """A network whose scores differ from place to place."""
    network = ade20k_segmenter(name, "random", 0, arguments)[0]
    with torch.no_grad():
        for key, parameter in network.named_parameters():
            if "conv_last" in key and parameter.ndim == 4:
                parameter.mul_(20)
    return network


def images() -> list[Tensor]:
    random = torch.Generator().manual_seed(1)
    return [torch.randn(3, *size, generator=random) for size in SIZES]


def targets(classes: int = 150) -> list[Tensor]:
    random = torch.Generator().manual_seed(2)
    return [torch.randint(VOID, classes, (45, 67), generator=random) for _ in SIZES]


def test_pictures_of_different_sizes_are_answered_as_alone_and_in_order():
    network = built()
    assert as_segmenter(network) is network
    with torch.inference_mode():
        together = network.logits(images())
        for found, image in zip(together, images(), strict=True):
            assert found.shape == (150, image.shape[1] // 8, image.shape[2] // 8)
            assert torch.allclose(found, network.logits([image])[0], rtol=1e-4, atol=1e-3)
        maps = network.class_maps(images(), [(45, 67), (20, 10), (48, 64)])
    assert [tuple(map_.shape) for map_ in maps] == [(45, 67), (20, 10), (48, 64)]
    wanted = F.interpolate(together[0][None], (45, 67), mode="bilinear", align_corners=False)[0].argmax(dim=0)
    assert (maps[0] == wanted).float().mean() > 0.999
    assert len(maps[0].unique()) > 3


def test_losses_are_cross_entropy_and_four_tenths_of_deep_supervision():
    network = built()
    losses = network.losses(images(), targets())
    totals, counts = {"cross_entropy": 0.0, "deep_supervision": 0.0}, 0
    for image, target in zip(images(), targets(), strict=True):
        rows = ((torch.arange(image.shape[1]) + 0.5) * 45 / image.shape[1]).long()[4::8]
        columns = ((torch.arange(image.shape[2]) + 0.5) * 67 / image.shape[2]).long()[4::8]
        wanted = target[rows][:, columns][None]
        counts += int((wanted != VOID).sum())
        maps = network.encoder(image[None])
        heads = (network.decoder(maps), network.decoder.supervised_deeply(maps))
        for name, scores in zip(totals, heads, strict=True):
            totals[name] += float(
                F.nll_loss(scores.detach().log_softmax(1), wanted, ignore_index=VOID, reduction="sum")
            )
    assert set(losses) == set(totals)
    assert float(losses["cross_entropy"].detach()) == pytest.approx(totals["cross_entropy"] / counts, rel=1e-5)
    deep = 0.4 * totals["deep_supervision"] / counts
    assert float(losses["deep_supervision"].detach()) == pytest.approx(deep, rel=1e-5)


def test_pictures_without_any_label_cost_nothing():
    network = built()
    losses = network.losses(images(), [torch.full((45, 67), VOID)] * 3)
    torch.stack(list(losses.values())).sum().backward()
    assert [float(loss.detach()) for loss in losses.values()] == [0, 0]
    assert all((parameter.grad == 0).all() for parameter in network.parameters() if parameter.grad is not None)


@pytest.mark.parametrize("name", [MOBILE, *(pytest.param(n, marks=pytest.mark.slow) for n in NETWORKS if n != MOBILE)])
def test_every_network_takes_a_step_with_one_picture(name: str):
    network = built(name, classes=5)
    find_task("semantic_segmentation").learning(network)  # as tasks of large pictures do: norms keep their statistics
    image, target = images()[0], targets(5)[0]
    losses = network.losses([image], [target])
    assert ("deep_supervision" in losses) == name.endswith("deepsup")
    torch.stack(list(losses.values())).sum().backward()
    for parameter in network.parameters():
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_reach_the_picture_through_every_network(name: str):
    network = built(name, classes=5).requires_grad_(False)
    image = images()[0].requires_grad_()
    (scores,) = network.logits([image])
    assert scores.shape == (5, *(side // (8 if "dilated" in name else 4) for side in SIZES[0]))
    scores.abs().sum().backward()
    assert image.grad is not None
    assert (image.grad != 0).float().mean() > 0.9


# Several scales


def test_of_several_scales_each_is_resized_by_pillow_and_probabilities_are_averaged():
    network = built(multi_scale=[40, 56])
    assert isinstance(network, MultiScale)
    picture = smooth_picture(45, 67)
    image = AS_STORED.normalise(picture)
    single = built()
    scores = []
    with torch.inference_mode():
        for short in (40, 56):
            scale = RoundedSides(short)
            scores.append(single.logits([scale.normalise(scale.frame(picture)[0])])[0])
        (found,) = network.class_maps([image], [(45, 67)])
    assert torch.equal(found, class_map(scores, (45, 67)))
    for one in scores:
        assert not torch.equal(found, class_map([one], (45, 67)))


def test_training_compares_and_learns_at_one_scale_as_the_plain_network_does():
    network, single = built(multi_scale=True), built()
    image = AS_STORED.normalise(smooth_picture(45, 67)).requires_grad_()
    framed = RoundedSides().differentiable(image)
    (scores,) = network.logits([image])
    assert scores.shape == (150, 57, 84)  # 450 x 670, rounded up to multiples of 8
    assert torch.equal(scores, single.logits([framed])[0])
    with torch.no_grad():  # two such graphs beside that of the scores would take gigabytes
        losses, wanted = network.losses([image], targets()[:1]), single.losses([framed], targets()[:1])
    assert {name: float(loss) for name, loss in losses.items()} == {name: float(loss) for name, loss in wanted.items()}
    scores.abs().sum().backward()
    assert image.grad is not None
    assert (image.grad != 0).float().mean() > 0.9
    assert list(network.state_dict()) == list(single.state_dict())


def test_the_preparation_is_that_of_the_network_and_its_scales():
    prepared = {name: ade20k_segmenter(name, "random", 0, {})[1] for name in (MOBILE,)}
    assert prepared[MOBILE] == RoundedSides(450, 1000, 8)
    assert ade20k_segmenter(MOBILE, "random", 0, {"multi_scale": True})[1] == AS_STORED
    identity = ade20k_segmenter(MOBILE, "random", 0, {"multi_scale": True})[2]
    assert identity["multi_scale"] == [300, 375, 450, 525, 600]


# What is refused


@pytest.mark.parametrize(
    ("name", "weights", "arguments", "words"),
    [
        ("resnet50-upernets", "random", {}, "Did you mean 'resnet50-upernet'"),
        (MOBILE, None, {}, "needs weights.*ENCODER.pth,DECODER.pth.*c1_deepsup/encoder_epoch_20.pth"),
        (MOBILE, "random", {"sizes": [300]}, "no argument 'sizes'; it takes classes, multi_scale"),
        (MOBILE, "random", {"multi_scale": []}, "list of shorter sides"),
        (MOBILE, "random", {"multi_scale": [300, True]}, "list of shorter sides"),
        (MOBILE, "random", {"multi_scale": 300}, "list of shorter sides"),
        (MOBILE, "random", {"classes": 1}, "classes: 1 is no number"),
        (MOBILE, "random", {"classes": True}, "classes: True is no number"),
    ],
)
def test_mistakes_are_told(name: str, weights: str | None, arguments: dict[str, Any], words: str):
    with pytest.raises((ModelError, UnknownNameError), match=words):
        ade20k_segmenter(name, weights, 0, arguments)


def test_a_label_beyond_the_classes_is_told():
    with pytest.raises(ModelError, match=r"labelled with class 149, .* 5 classes"):
        built(classes=5).losses(images(), [torch.full((45, 67), 149)] * 3)


def test_a_missing_library_is_answered_with_its_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingExtraError, match=r"jpegproof\[segmentation\]"):
        ade20k_segmenter(MOBILE, "random", 0, {})
