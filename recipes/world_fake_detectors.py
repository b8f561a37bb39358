"""Train the embedded world's two detectors of fake pictures. They never see a JPEG.

    python recipes/world_fake_detectors.py                        # about ten minutes on one core

The fakes are what the world's autoencoder (recipes/world_autoencoder.py) makes of the real pictures; each batch holds
both of every pair. Pictures are drawn once into --cache and read from there; a run that was stopped goes on from its
last checkpoint in --cache when the same command is given again. At the end the weights are written in half precision,
read back, and measured as read back on the first 500 pairs of `val`; the figures go into the card beside them.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import PIL
import torch
from gatherings import compressed, drawn
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from jpegproof.data.reconstruction import Reconstruction
from jpegproof.data.world import WORLD_VERSION
from jpegproof.data.world_objects import GATHERINGS
from jpegproof.models.world_fake_detectors import world_fake_detector, world_patch_fake_detector

BUILDERS = {"world-fake-detector": world_fake_detector, "world-patch-fake-detector": world_patch_fake_detector}
WHAT = {
    "world-fake-detector": "looks at the picture as a whole",
    "world-patch-fake-detector": "looks at patches of 9 x 9 pixels",
}
SHIPPED = Path(__file__).resolve().parents[1] / "src" / "jpegproof" / "models" / "shipped"
VAL = 500
QUALITIES = (None, 90, 70, 50, 30, 10)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=Path("out/world-cache"), help="pictures and checkpoints")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder for the weights and their cards")
    parser.add_argument("--pairs", type=int, default=6000, help="training pairs, the first of the cached pictures")
    parser.add_argument("--pictures", type=int, default=16_000, help="pictures in the cache")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=8, help="pairs")
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate")
    parser.add_argument("--decay", type=float, default=0.02, help="weight decay")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def pairs(split: str, count: int, pictures: int, cache: Path) -> NDArray[np.uint8]:
    """(count, 2, H, W, 3) uint8: real, and what the autoencoder makes of it; read from the cache or made into it."""
    reconstruct = Reconstruction()
    file = cache / f"pairs-{split}-{count}-{reconstruct.digest[:12]}.npy"
    if not file.exists():
        real = drawn(split, pictures, cache)[0][:count, ..., :3]
        made = np.empty((count, 2, *real.shape[1:]), dtype=np.uint8)
        for index, picture in enumerate(real):
            made[index, 0], made[index, 1] = picture, reconstruct(np.ascontiguousarray(picture))
        beside = file.with_suffix(".part.npy")
        np.save(beside, made)
        beside.rename(file)
    return np.load(file, mmap_mode="r")


def normalised(pictures: NDArray[np.uint8]) -> Tensor:
    """(N, H, W, 3) uint8 -> (N, 3, H, W) float32 in [-1, 1]."""
    batch = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
    return batch.contiguous(memory_format=torch.channels_last)


def loss_of(logits: Tensor, fake: Tensor) -> Tensor:
    """The mean over the pictures of the mean over their patches."""
    patches = logits.reshape(len(logits), -1)
    return F.binary_cross_entropy_with_logits(patches, fake[:, None].expand_as(patches))


@torch.inference_mode()
def measured(network: nn.Module, held_back: NDArray[np.uint8], quality: int | None) -> tuple[float, float]:
    """Accuracy by picture and by patch, in percent, after one compression of both halves or none."""
    network.eval()
    pictures = patches = count = 0
    for pair in held_back:
        seen = np.stack([compressed(picture, quality) for picture in pair])
        logits = network(normalised(seen)).reshape(2, -1)
        said = logits.sigmoid().mean(dim=1) > 0.5
        pictures += int(~said[0]) + int(said[1])
        patches += int((logits[0] <= 0).sum()) + int((logits[1] > 0).sum())
        count += logits.numel()
    return 100 * pictures / (2 * len(held_back)), 100 * patches / count


def train(name: str, args: argparse.Namespace, known: NDArray[np.uint8]) -> nn.Module:
    torch.manual_seed(args.seed)
    network = BUILDERS[name]().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=args.rate, weight_decay=args.decay)
    steps = args.epochs * (len(known) // args.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, args.rate, total_steps=steps, pct_start=0.15)
    recipe = {key: value for key, value in vars(args).items() if key not in ("cache", "out", "threads")}
    recipe["fakes"] = Reconstruction().digest
    checkpoint = args.cache / f"{name}-{args.seed}.checkpoint.pt"
    first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        if state["recipe"] == recipe:
            first = state["epoch"]
            network.load_state_dict(state["network"])
            optimiser.load_state_dict(state["optimiser"])
            schedule.load_state_dict(state["schedule"])
            print(f"{name} goes on after epoch {first}", flush=True)
    fake = torch.tensor([0.0, 1.0]).repeat(args.batch)
    for epoch in range(first, args.epochs):
        network.train()
        began, total, done = time.perf_counter(), 0.0, 0
        rng = np.random.default_rng(1000 * args.seed + epoch)
        order = rng.permutation(len(known))
        for start in range(0, len(order) - args.batch + 1, args.batch):
            chosen = known[np.sort(order[start : start + args.batch])]
            turned = [pair[:, :, :: -1 if rng.random() < 0.5 else 1] for pair in chosen]
            loss = loss_of(network(normalised(np.concatenate(turned))), fake)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            total, done = total + loss.item(), done + 1
        state = {"recipe": recipe, "epoch": epoch + 1, "network": network.state_dict()}
        beside = checkpoint.with_suffix(".part")
        torch.save(state | {"optimiser": optimiser.state_dict(), "schedule": schedule.state_dict()}, beside)
        beside.rename(checkpoint)
        print(f"{name} epoch {epoch + 1}/{args.epochs}  loss {total / done:.3f}  {time.perf_counter() - began:.0f} s")
    return network


def card(name: str, args: argparse.Namespace, network: nn.Module, rows: list[tuple[str, tuple[float, float]]]) -> str:
    """The card in Markdown: what the weights are, where they come from, what they were measured to do."""
    parameters = sum(parameter.numel() for parameter in network.parameters())
    table = "\n".join(f"| {row} | {pictures:.1f} | {patches:.1f} |" for row, (pictures, patches) in rows)
    return f"""# {name}

Tells pictures of jpegproof's embedded world, version {WORLD_VERSION}, from what the world's autoencoder makes of them;
it {WHAT[name]}. `jpegproof.models.world_fake_detectors`, {parameters:,} parameters, half precision.

**Input** RGB normalised by mean 0.5 and deviation 0.5, of any size, never resized; it was trained on
{GATHERINGS.height} x {GATHERINGS.width} pixels.
**Output** logits: above 0 where fake is the likelier.

## Data and its terms
{args.pairs:,} pairs of the kind of `{{world: train, task: forensics}}`, drawn and reconstructed by jpegproof itself. No
photograph, no download and no third party is involved, so nothing but jpegproof's own licence applies to the weights.
The training never sees a JPEG; neither half was ever compressed.

## Recipe
Binary cross-entropy, AdamW, one cycle to a rate of {args.rate:g}, weight decay {args.decay:g}, batches of {args.batch}
pairs, {args.epochs} epochs, seed {args.seed}; mirroring is the only augmentation. `test` was not looked at.

    python recipes/world_fake_detectors.py --pairs {args.pairs} --epochs {args.epochs} --batch {args.batch} \\
        --rate {args.rate:g} --decay {args.decay:g} --seed {args.seed}

## Measured
Accuracy in percent by picture (verdict: mean probability of the patches above 0.5) and by patch, on the first {VAL}
pairs of `val`, with these half-precision weights computed in float32; both halves compressed once by Pillow
{PIL.__version__} (`save(quality=...)`, 4:2:0).

| compression | pictures | patches |
| --- | --- | --- |
{table}

## Limits
A stand-in in demonstrations and tests: it knows the traces of one small autoencoder and of nothing else. It must not be
used to judge pictures of the world outside.
"""


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    known = pairs("train", args.pairs, args.pictures, args.cache)
    held_back = pairs("val", VAL, 1000, args.cache)
    args.out.mkdir(parents=True, exist_ok=True)
    for name, build in BUILDERS.items():
        network = train(name, args, known)
        file = args.out / f"{name}.safetensors"
        weights = {
            key: value.half() if value.is_floating_point() else value for key, value in network.state_dict().items()
        }
        save_file({key: value.contiguous() for key, value in weights.items()}, file)
        read_back = build()
        read_back.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in load_file(file).items()})
        rows = []
        for quality in QUALITIES:
            rows.append(("none" if quality is None else f"quality {quality}", measured(read_back, held_back, quality)))
            print(name, *rows[-1], flush=True)
        (args.out / f"{name}.md").write_text(card(name, args, read_back, rows))


if __name__ == "__main__":
    main()
