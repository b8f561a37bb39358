"""Train a light semantic segmenter on CamVid's frames, on the features of an ImageNet-trained SqueezeNet 1.1.

    python recipes/camvid_segmenter.py REAL --out REAL/weights/camvid_segmenter.safetensors

About half an hour on one core. REAL is the folder of real photographs and weights (docs/real-data.md); it needs
``camvid`` and ``weights``. The training never sees a JPEG: CamVid's frames are PNG. A run that was stopped goes on from
its last checkpoint beside --out when the same command is given again. The weights are measured on the validation
frames once, at the end; nothing was chosen on them.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from jpegproof.models.pyramid_segmenter import squeezenet_segmenter

CLASSES, VOID = 11, 11
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CROP = (288, 384)
SCALES = (0.75, 1.5)
EVERY = 100


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("real", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="file for the weights (.safetensors)")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rate", type=float, default=1.5e-3, help="peak learning rate; the features learn at a third")
    parser.add_argument("--decay", type=float, default=0.02, help="weight decay")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def frames(folder: Path, split: str) -> list[tuple[Tensor, Tensor]]:
    """(3, H, W) float32 normalised frames, and (H, W) int64 labels in which `VOID` counts for nothing."""
    found = []
    for file in sorted((folder / split).glob("*.png")):
        with Image.open(file) as picture, Image.open(folder / f"{split}annot" / file.name) as labels:
            pixels = torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1).float() / 255
            truth = torch.from_numpy(np.array(labels)).long()
        found.append(((pixels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None], truth))
    if not found:
        raise SystemExit(f"{folder / split}: no frames; REAL must hold camvid (docs/real-data.md)")
    return found


def varied(picture: Tensor, truth: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A window of a frame that was resized and mirrored at random: (3, *CROP) and (*CROP)."""
    scale = float(np.exp(rng.uniform(*np.log(SCALES))))
    size = [max(round(side * scale), crop) for side, crop in zip(truth.shape, CROP, strict=True)]
    picture = F.interpolate(picture[None], size, mode="bilinear", align_corners=False, antialias=True)[0]
    truth = F.interpolate(truth[None, None].float(), size, mode="nearest-exact")[0, 0].long()
    top, left = (int(rng.integers(0, side - crop + 1)) for side, crop in zip(size, CROP, strict=True))
    window = slice(top, top + CROP[0]), slice(left, left + CROP[1])
    picture, truth = picture[:, *window], truth[window]
    return (picture.flip(-1), truth.flip(-1)) if rng.random() < 0.5 else (picture, truth)


def upscaled(logits: Tensor, size: torch.Size) -> Tensor:
    return F.interpolate(logits, tuple(size), mode="bilinear", align_corners=False)


@torch.inference_mode()
def measured(network: nn.Module, held_back: list[tuple[Tensor, Tensor]]) -> tuple[float, float, list[float]]:
    """mIoU, pixel accuracy and the IoU of each class, in percent; void pixels count for nothing."""
    network.eval()
    table = np.zeros((CLASSES, CLASSES), dtype=np.int64)
    for picture, truth in held_back:
        said = upscaled(network(picture[None]), truth.shape)[0].argmax(dim=0)
        known = truth != VOID
        pairs = truth[known] * CLASSES + said[known]
        table += np.bincount(pairs.numpy(), minlength=CLASSES**2).reshape(CLASSES, CLASSES)
    right = np.diag(table)
    overlap = 100 * right / np.maximum(table.sum(axis=0) + table.sum(axis=1) - right, 1)
    return float(overlap.mean()), 100 * float(right.sum() / table.sum()), overlap.tolist()


def train(args: argparse.Namespace) -> nn.Module:
    torch.manual_seed(args.seed)
    network = squeezenet_segmenter(CLASSES, str(args.real / "weights" / "squeezenet1_1.safetensors"))
    network = network.to(memory_format=torch.channels_last)
    features, rest = (
        list(network.stages.parameters()),
        [parameter for name, parameter in network.named_parameters() if not name.startswith("stages.")],
    )
    rates = [args.rate / 3, args.rate]
    optimiser = torch.optim.AdamW([{"params": features}, {"params": rest}], lr=args.rate, weight_decay=args.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=args.steps, pct_start=0.1)
    known = frames(args.real / "camvid", "train")
    recipe = {name: value for name, value in vars(args).items() if name not in ("real", "out", "threads")}
    checkpoint = args.out.with_suffix(".checkpoint.pt")
    first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        if state["recipe"] == recipe:
            first = state["step"]
            network.load_state_dict(state["network"])
            optimiser.load_state_dict(state["optimiser"])
            schedule.load_state_dict(state["schedule"])
            print(f"goes on after step {first}", flush=True)
    network.train()
    began, total = time.perf_counter(), 0.0
    for step in range(first, args.steps):
        rng = np.random.default_rng([args.seed, step])
        drawn = [known[int(index)] for index in rng.choice(len(known), args.batch, replace=False)]
        chosen = [varied(picture, labels, rng) for picture, labels in drawn]
        pictures = torch.stack([picture for picture, _ in chosen]).contiguous(memory_format=torch.channels_last)
        truth = torch.stack([labels for _, labels in chosen])
        loss = F.cross_entropy(upscaled(network(pictures), truth.shape[1:]), truth, ignore_index=VOID)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        total += loss.item()
        if (step + 1) % EVERY == 0:
            state = {"recipe": recipe, "step": step + 1, "network": network.state_dict()}
            state |= {"optimiser": optimiser.state_dict(), "schedule": schedule.state_dict()}
            beside = checkpoint.with_suffix(".part")
            torch.save(state, beside)
            beside.rename(checkpoint)
            print(f"step {step + 1}  loss {total / EVERY:.3f}  {time.perf_counter() - began:.0f} s", flush=True)
            total = 0.0
    return network


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    network = train(args)
    miou, accuracy, overlaps = measured(network, frames(args.real / "camvid", "val"))
    print(f"validation frames: mIoU {miou:.1f}, pixel accuracy {accuracy:.1f}")
    names = (args.real / "camvid" / "classes.txt").read_text().split()
    print("IoU by class: " + ", ".join(f"{name} {value:.1f}" for name, value in zip(names, overlaps, strict=False)))
    weights = {name: value.contiguous() for name, value in network.state_dict().items()}
    save_file(weights, args.out, metadata={"model": "squeezenet_segmenter, CamVid, 11 classes"})


if __name__ == "__main__":
    main()
