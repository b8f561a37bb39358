"""What the training loop costs: seconds per step of task-targeted training over the sum of its parts, in one run.

The parts, each timed alone on the same pictures, networks and threads: making the batch (decoded pictures at hand:
mirror, compress, decode), the corrector forward and backward, the model forward on the originals, and the model forward
and backward on the corrected pictures, from the picture at its source on. Loop and parts are timed in turn, several
times; the ratio is that of the medians.

    python -m benchmarks.training_step [--steps 12] [--out docs/results/training_step.json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from jpegproof.correctors.default import untrained_corrector
from jpegproof.correctors.grid_corrector import GridCorrector
from jpegproof.jpeg.codec import DecodedJpeg, Pixels
from jpegproof.jpeg.parts import part_of
from jpegproof.models.find import find_model
from jpegproof.models.model import Model
from jpegproof.tasks.batch import Batch
from jpegproof.training.examples import Example, Examples
from jpegproof.training.loop import train
from jpegproof.training.match_model import TargetCorrector
from jpegproof.training.path_of_use import MARGIN, inputs_of_originals
from jpegproof.training.precision import has_bfloat16
from jpegproof.training.recipe import Recipe

MODEL = "torchvision:squeezenet1_1"
PICTURES = 16
ROUNDS = 5


class Pictures:
    """Photograph-like pictures of ImageNet's usual size, kept in memory."""

    task = "classification"
    notes = ()
    class_names = None

    def __init__(self, count: int) -> None:
        random = np.random.default_rng(0)
        self._pictures = []
        for _ in range(count):
            coarse = random.integers(0, 256, (30, 40, 3), dtype=np.uint8)
            smooth = np.asarray(Image.fromarray(coarse).resize((500, 375), Image.Resampling.BICUBIC), float)
            grain = random.normal(0, 6, smooth.shape)
            self._pictures.append(np.clip(smooth + grain, 0, 255).astype(np.uint8))

    def __len__(self) -> int:
        return len(self._pictures)

    def name(self, index: int) -> str:
        return f"{index}"

    def target(self, index: int) -> None:
        return None

    def size_in_bytes(self, index: int) -> int:
        return self._pictures[index].nbytes

    def identity(self, index: int) -> str:
        return f"{index}"

    def pixels(self, index: int) -> Pixels:
        return self._pictures[index]


def seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def seen_parts(model: Model, batch: list[Example]) -> list[tuple[DecodedJpeg, tuple[int, int], tuple[int, int]]]:
    """Per example the part of the JPEG that is corrected, where it lies, and the size of the whole."""
    parts = []
    for example in batch:
        source = (example.original.shape[0], example.original.shape[1])
        top, left, bottom, right = model.preparation.seen(source)
        part, origin = part_of(
            example.jpeg, (max(top - MARGIN, 0), max(left - MARGIN, 0), bottom + MARGIN, right + MARGIN)
        )
        parts.append((part, origin, source))
    return parts


def parts_alone(
    model: Model, corrector: GridCorrector, examples: Examples, recipe: Recipe, half: bool
) -> dict[str, float]:
    """Seconds of each part, summed over the steps."""
    network, task = model.network, model.task
    spent: dict[str, float] = dict.fromkeys(("data", "corrector", "model_on_originals", "model_on_corrected"), 0.0)
    for step in range(recipe.steps):
        spent["data"] += seconds(lambda step=step: examples.batch(step))
        batch = examples.batch(step)
        parts = seen_parts(model, batch)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):

            def correct(parts: Any = parts) -> None:
                restored = corrector.restore([part for part, _, _ in parts])
                torch.autograd.backward(restored, [torch.full_like(picture, 1e-6) for picture in restored])

            spent["corrector"] += seconds(correct)
            with torch.no_grad():
                spent["model_on_originals"] += seconds(
                    lambda batch=batch: task.observe(network, inputs_of_originals(model, batch, "source"))
                )
                wanted = task.observe(network, inputs_of_originals(model, batch, "source"))

            def answer(parts: Any = parts, wanted: Any = wanted) -> None:
                pictures = [part.tensor().requires_grad_() for part, _, _ in parts]
                inputs = [
                    model.preparation.differentiable(picture, source, origin)
                    for picture, (_, origin, source) in zip(pictures, parts, strict=True)
                ]
                task.distance(task.observe(network, Batch.of(torch.stack(inputs))), wanted).mean().backward()

            spent["model_on_corrected"] += seconds(answer)
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=4, help="steps of a round")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    recipe = Recipe(steps=args.steps, batch=8)
    model = find_model(MODEL, weights="random")
    model.network.requires_grad_(False).eval()
    corrector = untrained_corrector(0)
    half = has_bfloat16(torch.device("cpu"))
    pictures = Pictures(PICTURES)
    examples = Examples([(pictures, range(PICTURES))], recipe)
    objective = TargetCorrector(corrector, model)
    train(objective, examples, Recipe(steps=2, batch=8))  # warms up, and decodes what there is to decode
    loops: list[float] = []
    parts: list[dict[str, float]] = []
    for _ in range(ROUNDS):
        loops.append(seconds(lambda: train(objective, examples, recipe)) / recipe.steps)
        corrector.network.requires_grad_(True).train()
        alone = parts_alone(model, corrector, examples, recipe, half)
        parts.append({name: value / recipe.steps for name, value in alone.items()})
    ratios = [loop / sum(part.values()) for loop, part in zip(loops, parts, strict=True)]
    found = {
        "model": MODEL,
        "batch": recipe.batch,
        "threads": args.threads,
        "bfloat16": half,
        "rounds": ROUNDS,
        "steps_a_round": recipe.steps,
        "seconds_per_step": round(statistics.median(loops), 3),
        "parts": {name: round(statistics.median(part[name] for part in parts), 3) for name in parts[0]},
        "loop_over_parts": round(statistics.median(ratios), 3),
        "lowest": round(min(ratios), 3),
        "highest": round(max(ratios), 3),
    }
    text = json.dumps(found, indent=2)
    print(text)
    if args.out:
        args.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
