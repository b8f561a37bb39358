"""Train the autoencoder whose reconstructions are the fake half of jpegproof's embedded world. It never sees a JPEG.

    python recipes/world_autoencoder.py                           # about a quarter of an hour on one core

Training pictures are drawn once into --cache and read from there. A run that was stopped goes on from its last
checkpoint in --cache when the same command is given again. At the end the weights are written in half precision, read
back, and measured as read back; the figures go into the card beside them.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from gatherings import drawn, prepared
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from jpegproof.data.autoencoder import Autoencoder
from jpegproof.data.reconstruction import Reconstruction
from jpegproof.data.world import WORLD_VERSION
from jpegproof.data.world_objects import GATHERINGS

NAME = "world-autoencoder"
SHIPPED = Path(__file__).resolve().parents[1] / "src" / "jpegproof" / "data" / "shipped"
VAL = 1000
EACH = 500
WINDOW, PERIOD = 128, 8


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=Path("out/world-cache"), help="pictures and checkpoints")
    parser.add_argument("--checkpoint", type=Path, help="where to keep the checkpoint (default: in --cache)")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder for the weights and their card")
    parser.add_argument("--pictures", type=int, default=16_000, help="training pictures")
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--crop", type=int, default=96, help="side of the random squares, a multiple of 8")
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def squares(pictures: NDArray[np.uint8], args: argparse.Namespace, step: int) -> Tensor:
    """Random squares of random pictures, mirrored or not: (batch, 3, crop, crop) in [-1, 1], by the step alone."""
    rng = np.random.default_rng([args.seed, step])
    height, width = pictures.shape[1:3]
    chosen = []
    for index in rng.integers(len(pictures), size=args.batch):
        top, left = rng.integers(height - args.crop + 1), rng.integers(width - args.crop + 1)
        square = pictures[index, top : top + args.crop, left : left + args.crop]
        chosen.append(prepared(square[:, :: -1 if rng.random() < 0.5 else 1]))
    return (torch.stack(chosen) * 2 - 1).contiguous(memory_format=torch.channels_last)


def train(args: argparse.Namespace) -> Autoencoder:
    torch.manual_seed(args.seed)
    network = Autoencoder()
    network.to(memory_format=torch.channels_last)
    pictures, _ = drawn("train", args.pictures, args.cache)
    optimiser = torch.optim.AdamW(network.parameters(), lr=args.rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, args.rate, total_steps=args.steps, pct_start=0.1)
    unlike = ("cache", "checkpoint", "out", "threads")
    recipe = {name: value for name, value in vars(args).items() if name not in unlike}
    recipe["world"] = f"{WORLD_VERSION} {GATHERINGS}"
    checkpoint = args.checkpoint or args.cache / f"{NAME}-{args.seed}.checkpoint.pt"
    first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        if state["recipe"] == recipe:
            first = state["step"]
            network.load_state_dict(state["network"])
            optimiser.load_state_dict(state["optimiser"])
            schedule.load_state_dict(state["schedule"])
            print(f"goes on after step {first}", flush=True)
    began, total = time.perf_counter(), 0.0
    for step in range(first, args.steps):
        batch = squares(pictures, args, step)
        loss = F.l1_loss(network(batch), batch)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        total += loss.item()
        if (step + 1) % EACH == 0 or step + 1 == args.steps:
            beside = checkpoint.with_suffix(".part")
            state = {"recipe": recipe, "step": step + 1, "network": network.state_dict()}
            torch.save(state | {"optimiser": optimiser.state_dict(), "schedule": schedule.state_dict()}, beside)
            beside.rename(checkpoint)
            done = (step - first) % EACH + 1
            print(f"step {step + 1}  loss {total / done:.4f}  {time.perf_counter() - began:.0f} s", flush=True)
            total = 0.0
    return network


def psnr(picture: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    error = np.square(picture.astype(np.float64) - other).mean()
    return float(10 * np.log10(255**2 / error))


def periodic_trace(picture: NDArray[np.uint8]) -> float:
    """How far the spectrum stands out where a period of eight pixels puts its lines, in dB above its surroundings.

    Of the green channel's differences to its neighbours' mean, within a square window: the mean log power at the
    multiples of 1/8 of the sampling frequency along both axes, but for zero, against that three to five bins beside.
    """
    green = picture[:WINDOW, :WINDOW, 1].astype(np.float64)
    around = (np.roll(green, 1, 0) + np.roll(green, -1, 0) + np.roll(green, 1, 1) + np.roll(green, -1, 1)) / 4
    taper = np.outer(np.hanning(WINDOW), np.hanning(WINDOW))
    power = 10 * np.log10(np.square(np.abs(np.fft.fft2((green - around) * taper))) + 1e-9)
    lines = np.arange(1, PERIOD) * WINDOW // PERIOD
    at = power[np.ix_(lines, lines)]
    beside = [power[np.ix_(lines + down, lines + across)] for down in (-5, -3, 3, 5) for across in (-5, -3, 3, 5)]
    return float(at.mean() - np.mean(beside))


def card(args: argparse.Namespace, network: Autoencoder, figures: dict[str, float]) -> str:
    """The card in Markdown: what the weights are, where they come from, what they were measured to do."""
    parameters = sum(parameter.numel() for parameter in network.parameters())
    size = f"{GATHERINGS.height} x {GATHERINGS.width}"
    return f"""# {NAME}

Makes the fake half of jpegproof's forensic data sets (`task: forensics` of the embedded world, `reconstructed: true`
of a folder): `jpegproof.data.autoencoder.Autoencoder`, {parameters:,} parameters, half precision. Three strided
convolutions, a code of 32 channels at an eighth of the resolution (a sixth of the picture's numbers), three transposed
convolutions.

**Input and output** RGB in [-1, 1] of any size, extended to multiples of 8 by reflection; computed in double precision
and rounded to 8 bits (`jpegproof.data.reconstruction`).

## Data and its terms
{args.pictures:,} pictures of `{{world: train, task: detection}}`, version {WORLD_VERSION}, {size} pixels,
drawn by jpegproof itself. No photograph, no download and no third party is involved, so nothing but jpegproof's own
licence applies to the weights. The training never sees a JPEG.

## Recipe
Mean absolute difference, AdamW, {args.steps:,} steps of {args.batch} random squares of {args.crop} pixels, one cycle
to a rate of {args.rate:g}, seed {args.seed}; mirroring is the only augmentation. `test` was not looked at.

    python recipes/world_autoencoder.py --pictures {args.pictures} --steps {args.steps} --batch {args.batch} \\
        --crop {args.crop} --rate {args.rate:g} --seed {args.seed}

## Measured
On the first {VAL:,} pictures of `val`, with these half-precision weights, 8-bit reconstructions.

| | real | reconstructed |
| --- | --- | --- |
| PSNR to the real picture, mean, dB | | {figures["psnr"]:.2f} |
| least of all pictures, dB | | {figures["lowest"]:.2f} |
| periodic trace, mean, dB | {figures["real"]:.2f} | {figures["fake"]:.2f} |

The periodic trace is how far the spectrum of a picture's fine detail stands out at the multiples of 1/8 of the sampling
frequency, against its surroundings (`periodic_trace` in the recipe); without a trace it is near 0.

## Limits
One small autoencoder of known pictures: its reconstructions are blurred and bear the trace of their upsampling. A
detector that tells them from real pictures has not been shown to tell anything else.
"""


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    network = train(args)

    args.out.mkdir(parents=True, exist_ok=True)
    weights = args.out / f"{NAME}.safetensors"
    halved = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    # One entry only: safetensors writes several in a random order, and the same weights should be the same bytes.
    save_file(halved, weights, metadata={"network": f"{NAME}, world {WORLD_VERSION}"})
    weights.chmod(0o644)

    reconstruction = Reconstruction(weights)
    pictures, _ = drawn("val", VAL, args.cache)
    rows = []
    for picture in pictures:
        real = np.ascontiguousarray(picture[..., :3])
        fake = reconstruction(real)
        rows.append((psnr(real, fake), periodic_trace(real), periodic_trace(fake)))
    near, of_real, of_fake = np.array(rows).T
    figures = {"psnr": near.mean(), "lowest": near.min(), "real": of_real.mean(), "fake": of_fake.mean()}
    print(figures, flush=True)
    (args.out / f"{NAME}.md").write_text(card(args, network, figures))


if __name__ == "__main__":
    main()
