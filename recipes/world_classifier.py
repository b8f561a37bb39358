"""Train the classifiers that jpegproof ships for its embedded world. They never see a JPEG.

    python recipes/world_classifier.py                       # world-classifier: about 20 minutes on one core
    python recipes/world_classifier.py --network world-mobile

Training pictures are drawn once into --cache and read from there. A run that was stopped goes on from the last whole
epoch in --cache when the same command is given again. At the end the weights are written in half precision, read back,
and measured as read back; the figures go into the card beside the weights.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from jpegproof.data.world import CLASS_NAMES, WORLD_VERSION, World
from jpegproof.models.world_classifier import world_classifier, world_mobile

NETWORKS = {"world-classifier": world_classifier, "world-mobile": world_mobile}
SHIPPED = Path(__file__).resolve().parents[1] / "src" / "jpegproof" / "models" / "shipped"
QUALITIES = (None, 90, 50, 30, 20, 10)
TEST = 2000
FURTHER = 6000
SHIFT = 6


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=NETWORKS, default="world-classifier")
    parser.add_argument("--cache", type=Path, default=Path("out/world-cache"), help="pictures and checkpoints")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder for the weights and their card")
    parser.add_argument("--pictures", type=int, default=20_000, help="training pictures")
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=4e-3, help="peak learning rate")
    parser.add_argument("--decay", type=float, default=0.02, help="weight decay")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def drawn(split: str, count: int, cache: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """(count, 96, 96, 3) uint8 pictures, read from the cache or drawn into it, and their (count,) labels."""
    world = World(split, count)
    labels = np.array([world.label(index) for index in range(count)], dtype=np.int64)
    file = cache / f"world{WORLD_VERSION}-{split}-{count}.npy"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        began = time.perf_counter()
        pictures = np.stack([world.picture(index) for index in range(count)])
        beside = file.with_suffix(".part.npy")
        np.save(beside, pictures)
        beside.rename(file)
        print(f"drew {count} {split} pictures in {time.perf_counter() - began:.0f} s", flush=True)
    return np.load(file, mmap_mode="r"), labels


def prepared(pictures: NDArray[np.uint8]) -> Tensor:
    """(N, H, W, 3) uint8 -> (N, 3, H, W) float32 in [-1, 1]."""
    batch = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
    return (batch.float() / 127.5 - 1.0).contiguous(memory_format=torch.channels_last)


def varied(pictures: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Pictures mirrored (each with its own coin) and shifted by up to SHIFT pixels, borders reflected."""
    height, width = pictures.shape[1:3]
    mirrored = np.where(rng.random(len(pictures))[:, None, None, None] < 0.5, pictures[:, :, ::-1], pictures)
    padded = np.pad(mirrored, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), mode="reflect")
    top, left = rng.integers(0, 2 * SHIFT + 1, 2)
    return padded[:, top : top + height, left : left + width]


def batches(pictures: NDArray[np.uint8], labels: NDArray[np.int64], size: int, seed: int) -> Iterator[tuple]:
    """One epoch: every picture once, in an order and with variations fixed by the seed; a short last batch is left."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(pictures))
    for start in range(0, len(order) - size + 1, size):
        chosen = np.sort(order[start : start + size])
        yield prepared(varied(pictures[chosen], rng)), torch.from_numpy(labels[chosen])


def compressed(picture: NDArray[np.uint8], quality: int | None) -> NDArray[np.uint8]:
    if quality is None:
        return picture
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


@torch.inference_mode()
def hits(network: nn.Module, pictures: NDArray[np.uint8], labels: NDArray[np.int64], quality: int | None) -> int:
    """How many pictures get their right label, after one compression by Pillow (4:2:0) or none."""
    network.eval()
    right = 0
    for start in range(0, len(pictures), 100):
        batch = np.stack([compressed(picture, quality) for picture in pictures[start : start + 100]])
        answer = network(prepared(batch)).argmax(dim=1).numpy()
        right += int(np.count_nonzero(answer == labels[start : start + 100]))
    return right


def wilson(right: int, seen: int) -> tuple[float, float]:
    """95 % interval of a share, in percent (E. B. Wilson, 1927)."""
    z = 1.959964
    share = right / seen
    centre = (share + z * z / (2 * seen)) / (1 + z * z / seen)
    half = z / (1 + z * z / seen) * ((share * (1 - share) + z * z / (4 * seen)) / seen) ** 0.5
    return 100 * (centre - half), 100 * (centre + half)


def train(args: argparse.Namespace) -> nn.Module:
    torch.manual_seed(args.seed)
    network = NETWORKS[args.network]().to(memory_format=torch.channels_last)
    pictures, labels = drawn("train", args.pictures, args.cache)
    val_pictures, val_labels = drawn("val", 2000, args.cache)
    optimiser = torch.optim.AdamW(network.parameters(), lr=args.rate, weight_decay=args.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, args.rate, total_steps=args.epochs * (args.pictures // args.batch)
    )
    recipe = {name: value for name, value in vars(args).items() if name not in ("cache", "out", "threads")}
    recipe["world"] = WORLD_VERSION
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
        network.train()
        began, total, steps = time.perf_counter(), 0.0, 0
        for batch, answers in batches(pictures, labels, args.batch, seed=1000 * args.seed + epoch):
            loss = nn.functional.cross_entropy(network(batch), answers)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total, steps = total + loss.item(), steps + 1
        right = hits(network, val_pictures, val_labels, None)
        print(
            f"epoch {epoch + 1}/{args.epochs}  loss {total / steps:.3f}  val {100 * right / len(val_labels):.1f} %  "
            f"{time.perf_counter() - began:.0f} s",
            flush=True,
        )
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
    return network


def card(args: argparse.Namespace, network: nn.Module, rows: list[tuple[str, int, int]]) -> str:
    """The card in Markdown: what the weights are, where they come from, what they were measured to do."""
    parameters = sum(parameter.numel() for parameter in network.parameters())
    table = "\n".join(
        f"| {name} | {100 * right / seen:.1f} | {wilson(right, seen)[0]:.1f} to {wilson(right, seen)[1]:.1f} | {seen} |"
        for name, right, seen in rows
    )
    return f"""# {args.network}

A classifier of {len(CLASS_NAMES)} kinds of objects ({", ".join(CLASS_NAMES)}) for jpegproof's embedded world,
version {WORLD_VERSION}: `jpegproof.models.world_classifier`, {parameters:,} parameters, half precision.

**Input** RGB, 96 x 96, scaled to [0, 1] and normalised by mean 0.5 and deviation 0.5; no resize, no crop.
**Output** logits of the {len(CLASS_NAMES)} classes in the order above.

## Data and its terms
{args.pictures:,} pictures of `World("train")`, drawn by jpegproof itself. No photograph, no download and no third party
is involved, so nothing but jpegproof's own licence applies to the weights. The training never sees a JPEG.

## Recipe
Cross-entropy, AdamW, one cycle to a rate of {args.rate:g}, weight decay {args.decay:g}, batch {args.batch},
{args.epochs} epochs, seed {args.seed}; mirroring and shifts of up to {SHIFT} pixels are the only augmentation.
World and recipe were tuned on `val`; nothing was chosen by a figure on `test`.

    python recipes/world_classifier.py --network {args.network} --pictures {args.pictures} --epochs {args.epochs} \\
        --batch {args.batch} --rate {args.rate:g} --decay {args.decay:g} --seed {args.seed}

## Measured
Top-1 in percent on the first {rows[0][2]:,} pictures of `World("test")`, with these half-precision weights computed in
float32; compressed once by Pillow {Image.__version__} (`save(quality=...)`, 4:2:0). Intervals are Wilson's, 95 %.
The last two rows are the {FURTHER:,} test pictures after those: the better estimate of what the network can do, since
2,000 pictures can be a point or two kinder or harder than the world is.

| compression | top-1 | 95 % interval | n |
| --- | --- | --- | --- |
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
    pictures, labels = drawn("test", TEST + FURTHER, args.cache)
    rows = []
    for part, qualities, place in (
        (slice(0, TEST), QUALITIES, ""),
        (slice(TEST, None), (None, 10), f", the next {FURTHER:,}"),
    ):
        for quality in qualities:
            name = ("none" if quality is None else f"quality {quality}") + place
            rows.append((name, hits(shipped, pictures[part], labels[part], quality), len(labels[part])))
            print(f"{name}: {100 * rows[-1][1] / rows[-1][2]:.1f} %", flush=True)
    (args.out / f"{args.network}.md").write_text(card(args, shipped, rows))


if __name__ == "__main__":
    main()
