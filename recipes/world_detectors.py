"""Train the detector and the instance segmenter that jpegproof ships for its embedded world. They never see a JPEG.

    python recipes/world_detectors.py                             # world-detector: about 40 minutes on one core
    python recipes/world_detectors.py --network world-segmenter --epochs 2 --batch 8 --rate 1e-3      # as long again

Both start from the shipped classifier's features. Training pictures are drawn once into --cache and read from there. A
run that was stopped goes on from the last whole epoch in --cache when the same command is given again. At the end the
weights are written in half precision, read back, and measured as read back; the figures go into the card beside them.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import torch
from gatherings import compressed, drawn, prepared
from numpy.typing import NDArray
from pycocotools import mask as coco_masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from jpegproof.data.world import CLASS_NAMES, WORLD_VERSION
from jpegproof.data.world_objects import CATEGORIES, GATHERINGS
from jpegproof.models.world_detectors import world_detector, world_segmenter

NETWORKS = {"world-detector": world_detector, "world-segmenter": world_segmenter}
START = "world-classifier"
SHIPPED = Path(__file__).resolve().parents[1] / "src" / "jpegproof" / "models" / "shipped"
QUALITIES = (None, 90, 50, 30, 20, 10)
VAL = 1000
EACH_EPOCH = 300


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=NETWORKS, default="world-detector")
    parser.add_argument("--cache", type=Path, default=Path("out/world-cache"), help="pictures and checkpoints")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder for the weights and their card")
    parser.add_argument("--pictures", type=int, default=16_000, help="training pictures")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1.5e-3, help="peak learning rate")
    parser.add_argument("--decay", type=float, default=0.02, help="weight decay")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def target(owner: NDArray[np.uint8], labels: NDArray[np.uint8]) -> dict[str, Tensor]:
    """torchvision's form of the truth about a picture, from which object is seen at each pixel."""
    masks = owner == np.arange(1, np.count_nonzero(labels) + 1)[:, None, None]
    boxes = []
    for mask in masks:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        boxes.append((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
    return {
        "boxes": torch.from_numpy(np.array(boxes, dtype=np.float32)),
        "labels": torch.from_numpy(labels[: len(masks)].astype(np.int64)),
        "masks": torch.from_numpy(masks.astype(np.uint8)),
    }


def batches(pictures: NDArray[np.uint8], labels: NDArray[np.uint8], size: int, seed: int) -> Iterator[tuple]:
    """One epoch: every picture once, each mirrored or not, as the seed says; a short last batch is left."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(pictures))
    for start in range(0, len(order) - size + 1, size):
        chosen = order[start : start + size]
        turned = [pictures[index][:, :: -1 if rng.random() < 0.5 else 1] for index in chosen]
        yield (
            [prepared(picture) for picture in turned],
            [target(picture[..., 3], labels[index]) for picture, index in zip(turned, chosen, strict=True)],
        )


def runs(mask: NDArray[np.bool_]) -> dict[str, Any]:
    return dict(coco_masks.encode(np.asfortranarray(mask, dtype=np.uint8)))


def truth(pictures: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Any:
    """What is true of the pictures, as pycocotools reads it."""
    annotations = []
    for index, (picture, categories) in enumerate(zip(pictures, labels, strict=True)):
        told = target(picture[..., 3], categories)
        for box, label, mask in zip(
            told["boxes"].tolist(), told["labels"].tolist(), told["masks"].numpy(), strict=True
        ):
            left, top, right, bottom = box
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": index,
                    "category_id": label,
                    "bbox": [left, top, right - left, bottom - top],
                    "area": float(mask.sum()),
                    "iscrowd": 0,
                    "segmentation": runs(mask),
                }
            )
    coco: Any = COCO()
    coco.dataset = {
        "images": [
            {"id": index, "height": GATHERINGS.height, "width": GATHERINGS.width} for index in range(len(pictures))
        ],
        "categories": [{"id": number, "name": name} for number, name in CATEGORIES.items()],
        "annotations": annotations,
    }
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
    return coco


@torch.inference_mode()
def answers(network: nn.Module, pictures: NDArray[np.uint8], quality: int | None) -> list[dict[str, Any]]:
    """What a network finds, as pycocotools reads it."""
    network.eval()
    found = []
    for index, picture in enumerate(pictures):
        answer = network([prepared(compressed(picture[..., :3], quality))])[0]
        masks = (answer["masks"][:, 0] >= 0.5).numpy() if "masks" in answer else [None] * len(answer["boxes"])
        for box, label, score, mask in zip(
            answer["boxes"].tolist(), answer["labels"].tolist(), answer["scores"].tolist(), masks, strict=True
        ):
            left, top, right, bottom = box
            found.append(
                {
                    "image_id": index,
                    "category_id": label,
                    "bbox": [left, top, right - left, bottom - top],
                    "score": score,
                    **({} if mask is None else {"segmentation": runs(mask)}),
                }
            )
    return found


def precision(known: Any, found: list[dict[str, Any]]) -> dict[str, tuple[float, float]]:
    """COCO's AP and AP50 in percent, of boxes (``bbox``) and where there are any of masks (``segm``)."""
    kinds: list[Any] = ["bbox"] + (["segm"] if found and "segmentation" in found[0] else [])
    figures = {}
    for kind in kinds:
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation = COCOeval(known, known.loadRes([dict(item) for item in found]), kind)
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        figures[kind] = (100 * evaluation.stats[0], 100 * evaluation.stats[1])
    return figures


def measured(
    network: nn.Module, pictures: NDArray[np.uint8], labels: NDArray[np.uint8], quality: int | None
) -> dict[str, tuple[float, float]]:
    """`precision` of a network on pictures after one compression or none."""
    found = answers(network, pictures, quality)
    return precision(truth(pictures, labels), found) if found else {"bbox": (0.0, 0.0)}


def started(name: str) -> Any:
    """A network of torchvision with the features of the shipped classifier."""
    network = NETWORKS[name]()
    weights = load_file(SHIPPED / f"{START}.safetensors")
    body = {
        key.removeprefix("features."): value.float() for key, value in weights.items() if key.startswith("features.")
    }
    network.backbone.body.load_state_dict(body)
    return network.to(memory_format=torch.channels_last)


def train(args: argparse.Namespace) -> nn.Module:
    torch.manual_seed(args.seed)
    network = started(args.network)
    pictures, labels = drawn("train", args.pictures, args.cache)
    val_pictures, val_labels = (array[:EACH_EPOCH] for array in drawn("val", VAL, args.cache))
    optimiser = torch.optim.AdamW(network.parameters(), lr=args.rate, weight_decay=args.decay)
    steps = args.epochs * (args.pictures // args.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, args.rate, total_steps=steps, pct_start=0.15)
    recipe = {name: value for name, value in vars(args).items() if name not in ("cache", "out", "threads")}
    recipe["world"] = f"{WORLD_VERSION} {GATHERINGS}"
    checkpoint = args.cache / f"{args.network}-{args.seed}.checkpoint.pt"
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
        # Proposals and regions are drawn at random: an epoch must not depend on whether the run was stopped before it.
        torch.manual_seed(1000 * args.seed + epoch)
        network.train()
        began, total, done = time.perf_counter(), 0.0, 0
        for batch, targets in batches(pictures, labels, args.batch, seed=1000 * args.seed + epoch):
            loss = torch.stack(list(network(batch, targets).values())).sum()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            total, done = total + loss.item(), done + 1
            if done % 200 == 0:
                print(f"  step {done}  loss {total / done:.3f}  {time.perf_counter() - began:.0f} s", flush=True)
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
        figures = measured(network, val_pictures, val_labels, None)
        print(
            f"epoch {epoch + 1}/{args.epochs}  loss {total / done:.3f}  "
            + "  ".join(f"{kind} {ap:.1f} ({ap50:.1f})" for kind, (ap, ap50) in figures.items())
            + f"  {time.perf_counter() - began:.0f} s, {time.process_time():.0f} s of the processor so far",
            flush=True,
        )
    return network


def card(args: argparse.Namespace, network: nn.Module, rows: list[tuple[str, dict[str, tuple[float, float]]]]) -> str:
    """The card in Markdown: what the weights are, where they come from, what they were measured to do."""
    parameters = sum(parameter.numel() for parameter in network.parameters())
    masks = args.network == "world-segmenter"
    what = "finds, names and outlines objects" if masks else "finds and names objects"
    kinds = {"bbox": "boxes", "segm": "masks"} if masks else {"bbox": "boxes"}
    head = "".join(f" {name}: AP | {name}: AP50 |" for name in kinds.values())
    table = "\n".join(
        f"| {name} |"
        + "".join(
            f" {figures.get(kind, (0.0, 0.0))[0]:.1f} | {figures.get(kind, (0.0, 0.0))[1]:.1f} |" for kind in kinds
        )
        for name, figures in rows
    )
    method = "Mask R-CNN" if masks else "RetinaNet"
    categories = ", ".join(f"{number} {name}" for number, name in CATEGORIES.items())
    return f"""# {args.network}

A {method} that {what} of {len(CLASS_NAMES)} kinds in jpegproof's embedded world,
version {WORLD_VERSION}: `jpegproof.models.world_detectors`, {parameters:,} parameters, half precision.

**Input** RGB in [0, 1], of any size, never resized; it was trained on {GATHERINGS.height} x {GATHERINGS.width} pixels.
**Output** torchvision's: boxes in pixels{", masks" if masks else ""}, scores, and categories: {categories}.

## Data and its terms
{args.pictures:,} pictures of `WorldObjects("train", {args.pictures})`, drawn by jpegproof itself. No photograph, no
download and no third party is involved, so nothing but jpegproof's own licence applies to the weights. The training
never sees a JPEG.

## Recipe
The features start from `{START}`, the rest from random numbers. {method}'s own losses, AdamW,
one cycle to a rate of {args.rate:g}, weight decay {args.decay:g}, batch {args.batch}, {args.epochs} epochs,
seed {args.seed}; mirroring is the only augmentation. Anchors and rates were chosen on `val`; `test` was not looked at.

    python recipes/world_detectors.py --network {args.network} --pictures {args.pictures} --epochs {args.epochs} \\
        --batch {args.batch} --rate {args.rate:g} --decay {args.decay:g} --seed {args.seed}

## Measured
COCO's AP (mean over overlaps of 0.50 to 0.95) and AP50 by pycocotools, in percent, on the first {VAL:,} pictures of
`val`, with these half-precision weights computed in float32; compressed once by Pillow {PIL.__version__}
(`save(quality=...)`, 4:2:0).

| compression |{head}
| --- |{" --- | --- |" * len(kinds)}
{table}

## Limits
A stand-in for photographs in demonstrations and tests. Nothing measured here says anything about real pictures.
"""


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    network = train(args)

    args.out.mkdir(parents=True, exist_ok=True)
    weights = args.out / f"{args.network}.safetensors"
    halved = {
        name: value.half().contiguous() if value.is_floating_point() else value.contiguous()
        for name, value in network.state_dict().items()
    }
    # One entry only: safetensors writes several in a random order, and the same weights should be the same bytes.
    save_file(halved, weights, metadata={"model": f"{args.network}, world {WORLD_VERSION}"})
    weights.chmod(0o644)

    shipped = NETWORKS[args.network]()
    shipped.load_state_dict({name: value.float() for name, value in load_file(weights).items()})
    pictures, labels = drawn("val", VAL, args.cache)
    rows = []
    for quality in QUALITIES:
        name = "none" if quality is None else f"quality {quality}"
        rows.append((name, measured(shipped, pictures, labels, quality)))
        print(f"{name}: {rows[-1][1]}", flush=True)
    (args.out / f"{args.network}.md").write_text(card(args, shipped, rows))


if __name__ == "__main__":
    main()
