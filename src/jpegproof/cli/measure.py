"""How much does JPEG hurt this model? Metric and agreement by quality, on labelled or unlabelled pictures.

examples:
  jpegproof measure torchvision:resnet50 photos/ --qualities 10:90:10
  jpegproof measure timm:efficientnet_b3 imagenet/val --weights b3.safetensors --out results/b3
  jpegproof measure hf:my_vit/ uploads/             a folder that save_pretrained wrote; or hf:NAME, from the hub
  jpegproof measure onnx:embedder.onnx uploads/ --task tensors
  jpegproof measure my_model.py:build uploads/ --layout folder --resize 256 --crop 224
  jpegproof measure my_segmenter.py:build camvid/val --labels camvid/valannot --classes classes.txt --void Unlabelled
  jpegproof measure jpegproof:world-classifier world --limit 500
"""

from __future__ import annotations

import argparse

from jpegproof.cli.options import (
    CORRECTORS,
    add_code_option,
    add_data_options,
    add_input_options,
    add_machine_options,
    add_task_option,
)


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument(
        "model",
        help="torchvision:NAME, timm:NAME, hf:NAME or hf:FOLDER, detectron2:NAME, ade20k:NAME, smp:NAME, "
        "forensics:NAME, jpegproof:NAME, torchscript:FILE, export:FILE, onnx:FILE, path/file.py:function or "
        "package.module:function",
    )
    verb.add_argument("data", help="a folder of pictures (class folders give labels), or: world")
    verb.add_argument("--out", metavar="DIR", help="results folder (default: out/measure-MODEL-DATA); resumes")
    verb.add_argument(
        "--weights", metavar="FILE", help=".safetensors or .pth, the library's name of weights, or random"
    )
    verb.add_argument("--qualities", default="10:90:10", metavar="Q", help="10:90:10 (default), or 10,50")
    verb.add_argument(
        "--stage", choices=("source", "input"), default="source", help="compress before or after resizing"
    )
    verb.add_argument("--subsampling", choices=("4:2:0", "4:2:2", "4:4:4"), default="4:2:0", help="of chroma")
    verb.add_argument(
        "--codecs",
        default="jpeg",
        metavar="C",
        help="jpeg (default), or jpeg,webp,avif: these at the bytes of the JPEG",
    )
    verb.add_argument(
        "--corrector",
        action="append",
        default=[],
        metavar="C",
        help=f"also with this corrector in front: {CORRECTORS}; may be repeated",
    )
    verb.add_argument("--gate", action="store_true", help="each corrector also behind the gate: good pictures stay")
    add_task_option(verb)
    add_code_option(verb)
    add_data_options(verb)
    add_input_options(verb)
    verb.add_argument("--batch-size", type=int, metavar="N", help="pictures at once")
    verb.add_argument("--seed", type=int, default=0, help="of the bootstrap")
    add_machine_options(verb, cluster=True, loaders=True)


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.cli.options import preparation_of
    from jpegproof.cli.progress import Bar
    from jpegproof.cli.summary import outcome, print_summary
    from jpegproof.verbs.measure import measure

    bar = Bar(arguments.quiet)
    try:
        results = measure(
            arguments.model,
            arguments.data,
            weights=arguments.weights,
            task=arguments.task,
            qualities=arguments.qualities,
            out=arguments.out,
            layout=arguments.layout,
            classes=arguments.classes,
            annotations=arguments.annotations,
            labels=arguments.labels,
            void=arguments.void,
            equalise=arguments.equalise,
            limit=arguments.limit,
            stage=arguments.stage,
            subsampling=arguments.subsampling,
            codecs=arguments.codecs,
            correctors=arguments.corrector,
            gate=arguments.gate,
            preparation=preparation_of(arguments),
            batch_size=arguments.batch_size,
            device=arguments.device,
            workers=arguments.workers,
            threads=arguments.threads,
            executor=arguments.executor,
            address=arguments.address,
            loaders=arguments.loaders,
            seed=arguments.seed,
            allow_code=arguments.allow_code,
            progress=bar,
        )
    finally:
        bar.close()
    print_summary(results)
    return outcome(results)
