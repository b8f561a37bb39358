"""Train the semantic segmenter that jpegproof ships for its embedded world. It never sees a JPEG.

    python recipes/world_semantic_segmenter.py                    # about a quarter of an hour on one core

The features start from the shipped classifier's. Training pictures are drawn once into --cache and read from there. A
run that was stopped goes on from the last whole epoch in --cache when the same command is given again. At the end the
weights are written in half precision, read back, and measured as read back; the figures go into the card beside them.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import PIL
import torch
from gatherings import compressed, drawn, prepared
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from jpegproof.data.world import CLASS_NAMES, WORLD_VERSION
from jpegproof.data.world_objects import GATHERINGS
from jpegproof.models.pyramid_segmenter import world_semantic_segmenter
from jpegproof.models.world_classifier import world_classifier

NAME, START = "world-semantic-segmenter", "world-classifier"
SHIPPED = Path(__file__).resolve().parents[1] / "src" / "jpegproof" / "models" / "shipped"
QUALITIES = (None, 90, 50, 30, 20, 10)
VAL = 1000
EACH_EPOCH = 200
CLASSES = len(CLASS_NAMES) + 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=Path("out/world-cache"), help="pictures and checkpoints")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder for the weights and their card")
    parser.add_argument("--pictures", type=int, default=16_000, help="training pictures")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate")
    parser.add_argument("--decay", type=float, default=0.02, help="weight decay")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def maps(pictures: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Tensor:
    """(N, H, W) int64: 0 for the background, the class and one where an object is seen."""
    named = np.concatenate([np.zeros((len(labels), 1), dtype=np.uint8), labels], axis=1)
    owners = pictures[..., 3].astype(np.int64)
    return (
        torch.from_numpy(np.take_along_axis(named, owners.reshape(len(owners), -1), axis=1)).long().view(owners.shape)
    )


def normalised(pictures: NDArray[np.uint8]) -> Tensor:
    """(N, H, W, 4) uint8 -> (N, 3, H, W) float32 in [-1, 1]."""
    batch = torch.stack([prepared(picture) for picture in pictures]) * 2 - 1
    return batch.contiguous(memory_format=torch.channels_last)


def upscaled(logits: Tensor, size: torch.Size | tuple[int, int]) -> Tensor:
    return F.interpolate(logits, tuple(size), mode="bilinear", align_corners=False)


@torch.inference_mode()
def measured(
    network: nn.Module, pictures: NDArray[np.uint8], labels: NDArray[np.uint8], quality: int | None
) -> tuple[float, float]:
    """mIoU over the eleven classes and pixel accuracy, in percent, after one compression or none."""
    network.eval()
    confusion = np.zeros(CLASSES * CLASSES, dtype=np.int64)
    for start in range(0, len(pictures), 20):
        chosen = slice(start, start + 20)
        seen = np.stack([compressed(picture[..., :3], quality) for picture in pictures[chosen]])
        truth = maps(pictures[chosen], labels[chosen])
        said = upscaled(network(normalised(seen)), truth.shape[1:]).argmax(dim=1)
        confusion += np.bincount((truth * CLASSES + said).numpy().ravel(), minlength=len(confusion))
    table = confusion.reshape(CLASSES, CLASSES)
    right = np.diag(table)
    union = table.sum(axis=0) + table.sum(axis=1) - right
    return 100 * float(np.mean(right / union)), 100 * float(right.sum() / table.sum())


def started() -> nn.Module:
    """A network with the features of the shipped classifier."""
    classifier = world_classifier()
    classifier.load_state_dict({k: v.float() for k, v in load_file(SHIPPED / f"{START}.safetensors").items()})
    network = world_semantic_segmenter()
    layers = iter(classifier.features)
    for stage in network.stages:
        assert isinstance(stage, nn.Sequential)
        for layer in stage:
            layer.load_state_dict(next(layers).state_dict())
    return network.to(memory_format=torch.channels_last)


def train(args: argparse.Namespace) -> nn.Module:
    torch.manual_seed(args.seed)
    network = started()
    pictures, labels = drawn("train", args.pictures, args.cache)
    val_pictures, val_labels = (array[:EACH_EPOCH] for array in drawn("val", VAL, args.cache))
    optimiser = torch.optim.AdamW(network.parameters(), lr=args.rate, weight_decay=args.decay)
    steps = args.epochs * (args.pictures // args.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, args.rate, total_steps=steps, pct_start=0.15)
    recipe = {name: value for name, value in vars(args).items() if name not in ("cache", "out", "threads")}
    recipe["world"] = f"{WORLD_VERSION} {GATHERINGS}"
    checkpoint = args.cache / f"{NAME}-{args.seed}.checkpoint.pt"
    first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        if state["recipe"] == recipe:
            first = state["epoch"]
            network.load_state_dict(state["network"])
            optimiser.load_state_dict(state["optimiser"])
            schedule.load_state_dict(state["schedule"])
            print(f"goes on after epoch {first}", flush=True)
    for epoch in range(first, args.epochs):
        network.train()
        began, total, done = time.perf_counter(), 0.0, 0
        rng = np.random.default_rng(1000 * args.seed + epoch)
        order = rng.permutation(len(pictures))
        for start in range(0, len(order) - args.batch + 1, args.batch):
            chosen = np.sort(order[start : start + args.batch])
            turned = np.stack([pictures[index][:, :: -1 if rng.random() < 0.5 else 1] for index in chosen])
            truth = maps(turned, labels[chosen])
            loss = F.cross_entropy(upscaled(network(normalised(turned)), truth.shape[1:]), truth)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            total, done = total + loss.item(), done + 1
        beside = checkpoint.with_suffix(".part")
        torch.save(
            {
                "recipe": recipe,
                "epoch": epoch + 1,
                "network": network.state_dict(),
                "optimiser": optimiser.state_dict(),
                "schedule": schedule.state_dict(),
            },
            beside,
        )
        beside.rename(checkpoint)
        miou, accuracy = measured(network, val_pictures, val_labels, None)
        print(
            f"epoch {epoch + 1}/{args.epochs}  loss {total / done:.3f}  mIoU {miou:.1f}  accuracy {accuracy:.1f}  "
            f"{time.perf_counter() - began:.0f} s, {time.process_time():.0f} s of the processor so far",
            flush=True,
        )
    return network


def card(args: argparse.Namespace, network: nn.Module, rows: list[tuple[str, tuple[float, float]]]) -> str:
    """The card in Markdown: what the weights are, where they come from, what they were measured to do."""
    parameters = sum(parameter.numel() for parameter in network.parameters())
    table = "\n".join(f"| {name} | {miou:.1f} | {accuracy:.1f} |" for name, (miou, accuracy) in rows)
    classes = ", ".join(f"{number} {name}" for number, name in enumerate(("background", *CLASS_NAMES)))
    return f"""# {NAME}

Tells the class of every pixel of jpegproof's embedded world, version {WORLD_VERSION}: a pyramid on the world
classifier's features, `jpegproof.models.pyramid_segmenter`, {parameters:,} parameters, half precision.

**Input** RGB normalised by mean 0.5 and deviation 0.5, of any size, never resized; it was trained on
{GATHERINGS.height} x {GATHERINGS.width} pixels.
**Output** logits at a quarter of the picture's resolution, of the classes {classes}.

## Data and its terms
{args.pictures:,} pictures of `{{world: train, task: semantic_segmentation}}`, drawn by jpegproof itself. No
photograph, no download and no third party is involved, so nothing but jpegproof's own licence applies to the weights.
The training never sees a JPEG.

## Recipe
The features start from `{START}`, the rest from random numbers. Cross-entropy of the upscaled logits, AdamW, one cycle
to a rate of {args.rate:g}, weight decay {args.decay:g}, batch {args.batch}, {args.epochs} epochs, seed {args.seed};
mirroring is the only augmentation. `test` was not looked at.

    python recipes/world_semantic_segmenter.py --pictures {args.pictures} --epochs {args.epochs} \\
        --batch {args.batch} --rate {args.rate:g} --decay {args.decay:g} --seed {args.seed}

## Measured
mIoU over the eleven classes and pixel accuracy in percent, on the first {VAL:,} pictures of `val`, with these
half-precision weights computed in float32; compressed once by Pillow {PIL.__version__} (`save(quality=...)`, 4:2:0).

| compression | mIoU | pixel accuracy |
| --- | --- | --- |
{table}

## Limits
A stand-in for photographs in demonstrations and tests. Nothing measured here says anything about real pictures.
"""


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    network = train(args)

    args.out.mkdir(parents=True, exist_ok=True)
    weights = args.out / f"{NAME}.safetensors"
    halved = {
        name: value.half().contiguous() if value.is_floating_point() else value.contiguous()
        for name, value in network.state_dict().items()
    }
    # One entry only: safetensors writes several in a random order, and the same weights should be the same bytes.
    save_file(halved, weights, metadata={"model": f"{NAME}, world {WORLD_VERSION}"})
    weights.chmod(0o644)

    shipped = world_semantic_segmenter()
    shipped.load_state_dict({name: value.float() for name, value in load_file(weights).items()})
    pictures, labels = drawn("val", VAL, args.cache)
    rows = []
    for quality in QUALITIES:
        name = "none" if quality is None else f"quality {quality}"
        rows.append((name, measured(shipped, pictures, labels, quality)))
        print(f"{name}: {rows[-1][1]}", flush=True)
    (args.out / f"{NAME}.md").write_text(card(args, shipped, rows))


if __name__ == "__main__":
    main()
