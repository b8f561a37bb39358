"""Which of the paper's networks and rows a study's are."""

from __future__ import annotations

import pytest

from jpegproof.models.ade20k.names import NETWORKS as SEGMENTERS
from jpegproof.models.forensics.names import FORENSICS_NETWORKS
from jpegproof.paper.networks import NETWORKS, paper_network
from jpegproof.paper.published import published_numbers
from jpegproof.paper.row_names import paper_row

SOURCES = {"a": "torchvision:mobilenet_v2", "ResNet-18": "x.py:build", "mine": "x.py:build"}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_model_called_as_in_the_paper_is_that_network(name: str):
    assert paper_network(name, "whatever.py:build") == name
    assert paper_network(name.lower().replace(" ", "_"), "") == name


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("torchvision:resnet50", "ResNet-50"),
        ("torchvision:resnext101_32x8d", "ResNeXt-101"),
        ("torchvision:vgg19_bn", "VGG-19"),
        ("timm:tf_efficientnet_b3.ns_jft_in1k", "EfficientNet B3"),
        ("detectron2:mask_rcnn_R_50_FPN", "MaskRCNN"),
        ("ade20k:resnet101-upernet", "ResNet101 + UPerNet"),
        ("forensics:cnndetection", "Wang et al."),
        ("torchvision:vgg19", None),
        ("torchvision:squeezenet1_1", None),
        ("jpegproof:world-classifier", None),
    ],
)
def test_a_model_is_known_by_where_it_comes_from(source: str, name: str | None):
    assert paper_network("my model", source) == name


def test_sources_are_names_that_models_can_be_had_by():
    import timm
    import torchvision

    from jpegproof.models.detectron2.build import NETWORKS as DETECTORS

    known = {
        "ade20k": set(SEGMENTERS),
        "forensics": set(FORENSICS_NETWORKS),
        "detectron2": set(DETECTORS),
        "torchvision": set(torchvision.models.list_models()),
        "timm": set(timm.list_models(pretrained=True)),
    }
    sources = [source.split(":") for sources in NETWORKS.values() for source in sources]
    assert [(library, name) for library, name in sources if name not in known[library]] == []
    # All of the authors' segmenters and detectors are the paper's.
    assert {name for library, name in sources if library == "ade20k"} == set(SEGMENTERS)


@pytest.mark.parametrize("row", ["none", "off_the_shelf", "supervised_fine_tuning", "task_targeted"])
def test_rows_of_one_name_are_the_same(row: str):
    assert paper_row(row, "anything", {}, {}) == row


def test_a_transfer_is_named_by_the_network_that_it_was_trained_through():
    through = {"one": ["a"], "two": ["ResNet-18"], "three": ["mine"]}
    rows = [paper_row("transfer", name, through, SOURCES) for name in through]
    assert rows == ["transfer_mobilenetv2", "transfer_resnet18", "transfer_mine"]
    assert set(rows[:2]) < {number.mitigation for number in published_numbers()}


def test_a_multihead_corrector_is_named_by_how_many_models_it_was_trained_through():
    through = {"pair": ["a", "mine"], "triple": ["a", "mine", "c"], "five": list("abcde")}
    rows = [paper_row("multihead", name, through, SOURCES) for name in through]
    assert rows == ["multihead_two", "multihead_three", "multihead_5"]


@pytest.mark.parametrize("mitigation", ["transfer", "multihead"])
def test_a_corrector_of_unknown_training_has_no_row(mitigation: str):
    assert paper_row(mitigation, "somebody's", {"somebody's": ()}, {}) is None


def test_the_papers_tables_know_no_other_rows():
    assert paper_row("self_distilled", "identity", {}, {}) is None
