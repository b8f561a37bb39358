"""What the study's machinery costs, and what sharing work saves.

One run times three things on one core, one thread, one after the other, on the same pictures and networks:

1. the sum of the stages alone: every picture decoded, compressed, decoded again, corrected, resized and put through the
   network exactly once per distinct piece of work, in bare loops without plan, store or resume;
2. the study itself, from its spec to its last prediction file;
3. a plain script that handles each (edge, quality) by itself, as one would write it at first.

The goal is study / stages <= 1.1. The script's ratio says what computing nothing twice is worth.

    python -m benchmarks.study_overhead [--pictures 64] [--out docs/results/study_overhead.json]
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

from jpegproof.correctors.off_the_shelf import OffTheShelf
from jpegproof.correctors.protocol import to_pixels
from jpegproof.data.find import open_pictures
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.find import find_model
from jpegproof.models.model import Model
from jpegproof.studies.engine import Hands
from jpegproof.studies.run import run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.workshop import CPU_BATCH

QUALITIES = (10, 30, 50, 70, 90)
MODEL = "torchvision:squeezenet1_1"
ROUNDS = 3


def photographs(folder: Path, count: int) -> Path:
    """Photograph-like pictures of ImageNet's usual size, as JPEGs of quality 95: coarse structure, edges, grain."""
    random = np.random.default_rng(0)
    folder.mkdir()
    for number in range(count):
        layers = [
            np.asarray(Image.fromarray(random.integers(0, 256, (h, w, 3), dtype=np.uint8)).resize((500, 375), 3), float)
            for h, w in ((4, 5), (15, 20), (60, 80))
        ]
        grain = random.normal(0, 6, (375, 500, 3))
        pixels = np.clip(0.55 * layers[0] + 0.3 * layers[1] + 0.15 * layers[2] + grain, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:04d}.jpg", quality=95)
    return folder


def small_corrector(path: Path) -> Path:
    """A small DnCNN of random weights: what it answers does not matter here, that it takes time does."""
    torch.manual_seed(0)
    weights = {}
    for place, (out, into) in enumerate([(16, 1), *[(16, 16)] * 6, (1, 16)]):
        weights[f"model.{2 * place}.weight"] = torch.randn(out, into, 3, 3) * 0.02
        weights[f"model.{2 * place}.bias"] = torch.zeros(out)
    save_file(weights, path)
    return path


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    answer = work()
    return time.perf_counter() - begun, answer


def stages_alone(folder: Path, corrector_file: Path) -> dict[str, float]:
    """Seconds of each stage, each in loops of its own over all its distinct work.

    What a stage takes in is made beforehand, untimed, one column (the originals, or a quality with or without
    correction) at a time: holding all columns would charge the stages with memory that the study never takes.
    """
    pictures = open_pictures(folder)
    model, corrector = find_model(MODEL, weights="random"), OffTheShelf(corrector_file)
    seconds: dict[str, float] = dict.fromkeys(("read", "encode", "decode", "correct", "prepare", "infer"), 0.0)

    def stage(name: str, work: Callable[[], Any]) -> Any:
        spent, answer = timed(work)
        seconds[name] += spent
        return answer

    def through_model(column: list[Any]) -> None:
        inputs = stage("prepare", lambda: [model.preparation.normalise(model.preparation.frame(p)[0]) for p in column])
        stage("infer", lambda: infer(model, inputs))

    sources = stage("read", lambda: [pictures.pixels(number) for number in range(len(pictures))])
    through_model(sources)
    for quality in QUALITIES:
        compression = Compression(quality=quality)
        files = stage("encode", lambda chosen=compression: [encode(pixels, chosen) for pixels in sources])
        jpegs = stage("decode", lambda made=files: [decode(file) for file in made])
        through_model([jpeg.pixels for jpeg in jpegs])
        through_model(stage("correct", lambda made=jpegs: [to_pixels(corrector([jpeg])[0]) for jpeg in made]))
    return seconds


def infer(model: Model, inputs: list[torch.Tensor]) -> None:
    """Puts inputs through the network in the study's batches."""
    with torch.inference_mode():
        for begin in range(0, len(inputs), CPU_BATCH):
            model.network(torch.stack(inputs[begin : begin + CPU_BATCH]))


def whole_study(folder: Path, corrector_file: Path, out: Path) -> float:
    """Seconds of a study over the same work, store and plan included."""
    spec = StudySpec.model_validate(
        {
            "name": "overhead",
            "data": {"pictures": {"path": folder}},
            "models": {"net": {"from": MODEL, "weights": "random"}},
            "correctors": {"small": {"from": "spandrel", "weights": corrector_file}},
            "compression": {"qualities": list(QUALITIES)},
            "mitigations": ["none", {"mitigation": "off_the_shelf", "corrector": "small"}],
        }
    )
    return timed(lambda: run_study(spec, out, Hands("cpu", workers=1, threads=1)))[0]


def plain_script(folder: Path, corrector_file: Path) -> float:
    """Seconds of handling the originals and then each (edge, quality) by itself, with the same networks."""
    model, corrector = find_model(MODEL, weights="random"), OffTheShelf(corrector_file)
    pictures = open_pictures(folder)

    def column(quality: int | None, corrected: bool) -> None:
        inputs = []
        for number in range(len(pictures)):
            pixels = pictures.pixels(number)
            if quality is not None:
                jpeg = decode(encode(pixels, Compression(quality=quality)))
                pixels = to_pixels(corrector([jpeg])[0]) if corrected else jpeg.pixels
            inputs.append(model.preparation.normalise(model.preparation.frame(pixels)[0]))
        infer(model, inputs)

    def everything() -> None:
        column(None, False)
        for quality in QUALITIES:
            for corrected in (False, True):
                column(quality, corrected)

    return timed(everything)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=64)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as place:
        base = Path(place)
        folder, corrector_file = (
            photographs(base / "pictures", arguments.pictures),
            small_corrector(base / "c.safetensors"),
        )
        plain_script(photographs(base / "few", 4), corrector_file)  # warms up
        rounds = []
        for number in range(ROUNDS):
            stages = stages_alone(folder, corrector_file)
            study = whole_study(folder, corrector_file, base / f"out{number}")
            script = plain_script(folder, corrector_file)
            rounds.append({"stages": stages, "sum": sum(stages.values()), "study": study, "script": script})
            print(f"round {number + 1}: stages {rounds[-1]['sum']:.2f} s, study {study:.2f} s, script {script:.2f} s")
    ratios = {
        "study / stages": sorted(r["study"] / r["sum"] for r in rounds),
        "script / study": sorted(r["script"] / r["study"] for r in rounds),
    }
    for name, values in ratios.items():
        print(f"{name}: median {values[ROUNDS // 2]:.3f} (from {values[0]:.3f} to {values[-1]:.3f})")
    if arguments.out:
        command = f"python -m benchmarks.study_overhead --pictures {arguments.pictures}"
        arguments.out.write_text(json.dumps({"command": command, "rounds": rounds, "ratios": ratios}, indent=2) + "\n")


if __name__ == "__main__":
    main()
