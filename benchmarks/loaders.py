"""What loaders gain: threads that read, compress and decode pictures while a network computes.

First a study of one worker, with and without one loader, in turn: without it on one core, with it on two. Beside the
ratio stands the ideal one, in which the shorter of the two parts, coding and all that follows, takes no time at all; it
comes from the seconds by stage of the run without. Two networks are taken: a light one, where coding is most of the
work, and a heavy one.

Then reading, compressing and decoding alone: by two threads, and by two processes that were started before the clock.
Where Python's lock held threads up, processes would be faster.

    python -m benchmarks.loaders --real REAL [--pictures 64] [--rounds 3] [--out docs/results/loaders.json]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.intake import open_picture
from jpegproof.studies.coded import coded
from jpegproof.studies.engine import Hands, usable_cores
from jpegproof.studies.environment import environment
from jpegproof.studies.run import run_study
from jpegproof.studies.spec import StudySpec

MODELS = ("squeezenet1_1", "resnet50")
QUALITIES = [10, 30, 50, 70, 90]
CODING = ("read", "encode", "decode")


@contextmanager
def on_cores(count: int) -> Iterator[None]:
    """This process, and threads that it starts, on so many cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def study_seconds(folder: Path, model: str, loaders: int) -> tuple[float, dict[str, float]]:
    """A study's seconds, and those of its stages."""
    spec = StudySpec.model_validate(
        {
            "name": "loaders",
            "data": {"pictures": {"path": folder, "layout": "folder"}},
            "models": {model: {"from": f"torchvision:{model}", "weights": "random"}},
            "compression": {"qualities": QUALITIES},
        }
    )
    with tempfile.TemporaryDirectory() as out, on_cores(1 + loaders):
        begun = time.perf_counter()
        run = run_study(spec, Path(out) / "out", Hands(loaders=loaders))
        return time.perf_counter() - begun, run.tally.seconds


def study_gain(folder: Path, model: str, rounds: int) -> dict[str, Any]:
    """Seconds without and with a loader, in turn; the ratio, and the ideal one."""
    seconds: dict[int, list[float]] = {0: [], 1: []}
    ideals = []
    study_seconds(folder, model, 0)  # warms up
    for _ in range(rounds):
        for loaders in seconds:
            spent, stages = study_seconds(folder, model, loaders)
            seconds[loaders].append(spent)
            if loaders == 0:
                coding = sum(stages[name] for name in CODING)
                rest = sum(stages.values()) - coding
                ideals.append(spent / (spent - min(coding, rest)))
    ratios = [without / with_one for without, with_one in zip(*seconds.values(), strict=True)]
    return {
        "seconds_without": [round(value, 2) for value in seconds[0]],
        "seconds_with_one_loader": [round(value, 2) for value in seconds[1]],
        "times_as_fast": [round(value, 3) for value in ratios],
        "median": round(statistics.median(ratios), 3),
        "ideal": round(statistics.median(ideals), 3),
    }


def code(path: Path) -> int:
    """Reads a picture, and compresses and decodes it at all qualities; the bytes that came out."""
    pixels = open_picture(path)
    made = [coded(Compression(quality=quality), pixels) for quality in QUALITIES]
    return sum(len(one.file) for one in made)


def coding_seconds(pool: Executor, files: Sequence[Path]) -> float:
    """Seconds of coding by a pool, whose workers are awake."""
    list(pool.map(code, files[:4]))
    begun = time.perf_counter()
    list(pool.map(code, files, chunksize=1))
    return time.perf_counter() - begun


def threads_and_processes(files: Sequence[Path], rounds: int) -> dict[str, Any]:
    """Coding by one thread, by two, and by two processes, in turn."""
    context = multiprocessing.get_context("spawn")
    seconds: dict[str, list[float]] = {"one_thread": [], "two_threads": [], "two_processes": []}
    with (
        ThreadPoolExecutor(1) as one,
        ThreadPoolExecutor(2) as two,
        ProcessPoolExecutor(2, mp_context=context) as processes,
    ):
        for _ in range(rounds):
            for name, pool in zip(seconds, (one, two, processes), strict=True):
                seconds[name].append(coding_seconds(pool, files))
    median = {name: statistics.median(spent) for name, spent in seconds.items()}
    return {
        "seconds": {name: [round(value, 2) for value in spent] for name, spent in seconds.items()},
        "two_threads_over_one": round(median["one_thread"] / median["two_threads"], 3),
        "two_processes_over_one_thread": round(median["one_thread"] / median["two_processes"], 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True, help="the folder of real photographs (docs/real-data.md)")
    parser.add_argument("--pictures", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if usable_cores() < 2:
        parser.error("needs two cores: one for the network, one for the loader")
    files = sorted((args.real / "imagenet-sample" / "val").rglob("*.JPEG"))[: args.pictures]
    facts: dict[str, Any] = {
        "command": f"python -m benchmarks.loaders --real REAL --pictures {len(files)} --rounds {args.rounds}",
        "environment": environment("cpu", 1, 1),
        "coding": threads_and_processes(files, args.rounds),
    }
    print(json.dumps(facts["coding"]), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            (Path(folder) / file.name).symlink_to(file)
        facts["studies"] = {}
        for model in MODELS:
            facts["studies"][model] = study_gain(Path(folder), model, args.rounds)
            print(model, json.dumps(facts["studies"][model]), flush=True)
    if args.out is not None:
        args.out.write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
