"""Models of transformers small enough for tests, saved with random weights as ``save_pretrained`` leaves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from transformers import (
    DetrConfig,
    DetrForObjectDetection,
    ResNetConfig,
    ResNetForImageClassification,
    SegformerConfig,
    SegformerForSemanticSegmentation,
    ViTConfig,
    ViTForImageClassification,
    ViTModel,
)
from transformers.utils import logging

logging.disable_progress_bar()

# Their fields come from a class of all configurations that type checkers do not see.
_VIT_CONFIG: Any = ViTConfig
_DETR_CONFIG: Any = DetrConfig
_SEGFORMER_CONFIG: Any = SegformerConfig

_VIT: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "image_size": 32,
    "patch_size": 8,
}


def _resnet(**fields: Any) -> ResNetConfig:
    return ResNetConfig(
        num_channels=3, embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", **fields
    )


def vit_classifier(folder: Path, classes: int = 10, **processor: Any) -> Path:
    """A ViT for pictures of 32 x 32, which it is shown whole."""
    config = _VIT_CONFIG(num_labels=classes, **_VIT)
    size = {"height": 32, "width": 32}
    return _saved(
        ViTForImageClassification,
        config,
        folder,
        {"image_processor_type": "ViTImageProcessor", "size": size, **processor},
    )


def vit_features(folder: Path) -> Path:
    """The same without a head: it answers with features of the picture and of its patches."""
    size = {"height": 32, "width": 32}
    return _saved(ViTModel, ViTConfig(**_VIT), folder, {"image_processor_type": "ViTImageProcessor", "size": size})


def resnet_classifier(folder: Path) -> Path:
    """A ResNet, prepared for as ConvNeXt: a share of the resized picture is cropped."""
    fields = {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 48}, "crop_pct": 0.75}
    return _saved(ResNetForImageClassification, _resnet(num_labels=10), folder, {**fields, "resample": 3})


def detr(folder: Path, classes: int = 4, **processor: Any) -> Path:
    """A DETR of seven queries, for pictures of a shorter side of 64 and a longer one of at most 100."""
    config = _DETR_CONFIG(
        use_timm_backbone=False,
        backbone_config=_resnet(out_features=["stage2"]),
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        num_queries=7,
        num_labels=classes,
        dropout=0.0,
    )
    fields = {"image_processor_type": "DetrImageProcessor", "size": {"shortest_edge": 64, "longest_edge": 100}}
    return _saved(DetrForObjectDetection, config, folder, {**fields, **processor})


def segformer(folder: Path, classes: int = 6) -> Path:
    """A SegFormer of two stages, for pictures of 64 x 64."""
    config = _SEGFORMER_CONFIG(
        num_encoder_blocks=2,
        depths=[1, 1],
        sr_ratios=[4, 2],
        hidden_sizes=[8, 16],
        patch_sizes=[7, 3],
        strides=[4, 2],
        num_attention_heads=[1, 2],
        mlp_ratios=[2, 2],
        decoder_hidden_size=16,
        num_labels=classes,
    )
    size = {"height": 64, "width": 64}
    return _saved(
        SegformerForSemanticSegmentation,
        config,
        folder,
        {"image_processor_type": "SegformerImageProcessor", "size": size},
    )


def _saved(kind: Any, config: Any, folder: Path, processor: dict[str, Any]) -> Path:
    torch.manual_seed(0)
    network = kind(config)
    # What is initialised small or as nothing would answer alike everywhere; detectors must be sure of some objects.
    for name, parameter in network.named_parameters():
        torch.nn.init.normal_(parameter, std=3.0 if name.startswith("class_labels_classifier") else 0.2)
    network.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    return folder
