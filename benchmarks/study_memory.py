"""How much memory a study takes as its pictures become more, and how long a plan of many cells takes.

Each study runs in a process of its own: the study's real engine, from the spec to the last prediction file, over tiny
pictures (24 x 24 pixels, so that there can be many) and a tiny network, at two qualities. Its most resident memory is
the kernel's own figure, with several workers that of the largest. The pictures come from WebDataset tars or from class
folders. Then the report is made, in a process of its own too.

For the plan, a study of many cells (99 qualities) is planned, written, read back, and compared with the names of what
is finished; beside the seconds stands how many times as long it takes as one of a tenth as many cells.

    python -m benchmarks.study_memory [--pictures 1000 10000 100000] [--layouts webdataset image_folder]
                                      [--workers 1] [--cells 100000] [--out docs/results/study_memory.json]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from jpegproof.data.cache_folder import SETTLED_NS, VARIABLE
from jpegproof.data.webdataset import WebDatasetPictures
from jpegproof.silence import Silence
from jpegproof.studies.engine import Hands
from jpegproof.studies.environment import environment
from jpegproof.studies.plan import SHARD_PICTURES, load_plan, make_plan
from jpegproof.studies.run import run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.workshop import Workshop

SIDE = 24
CLASSES = 10
QUALITIES = [10, 50]
#: Of the study that is planned: the originals and the qualities 1 to 99.
CELLS_OF_A_SHARD = 100
PICTURES_PER_TAR = 5000
MODEL = """
import torch
from jpegproof import ResizeCrop, wrap


def build():
    torch.manual_seed(0)
    layers = (torch.nn.Conv2d(3, 8, 3, 2), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    return wrap(torch.nn.Sequential(*layers, torch.nn.Linear(8, 10)), prepare=ResizeCrop(24, (24, 24)))
"""


def picture(number: int) -> bytes:
    """A tiny JPEG; no two are the same."""
    pixels = np.random.default_rng(number).integers(0, 256, (SIDE // 4, SIDE // 4, 3), dtype=np.uint8)
    out = BytesIO()
    Image.fromarray(pixels).resize((SIDE, SIDE)).save(out, "JPEG", quality=95)
    return out.getvalue()


def make_tars(folder: Path, count: int) -> None:
    """Pictures with their classes in WebDataset tars."""
    for begin in range(0, count, PICTURES_PER_TAR):
        with tarfile.open(folder / f"{begin // PICTURES_PER_TAR:06d}.tar", "w") as tar:
            for number in range(begin, min(begin + PICTURES_PER_TAR, count)):
                for suffix, content in (("jpg", picture(number)), ("cls", str(number % CLASSES).encode())):
                    member = tarfile.TarInfo(f"{number:08d}.{suffix}")
                    member.size = len(content)
                    tar.addfile(member, BytesIO(content))


def make_folders(folder: Path, count: int) -> None:
    """The same in class folders."""
    for label in range(CLASSES):
        (folder / f"class{label}").mkdir()
    for number in range(count):
        (folder / f"class{number % CLASSES}" / f"{number:08d}.jpg").write_bytes(picture(number))


MAKERS: dict[str, Callable[[Path, int], None]] = {"webdataset": make_tars, "image_folder": make_folders}


def spec_of(folder: Path, layout: str, qualities: list[int], limit: int | None = None) -> StudySpec:
    """The study over pictures that lie in a folder."""
    model = folder.parent / "model.py"
    model.write_text(MODEL)
    data: dict[str, Any] = {"path": folder, "layout": layout}
    return StudySpec.model_validate(
        {
            "name": "memory",
            "data": {"pictures": data if limit is None else {**data, "limit": limit}},
            "models": {"tiny": {"from": f"{model}:build"}},
            "compression": {"qualities": qualities},
        }
    )


def resident_mib() -> dict[str, float]:
    """The most resident memory of this process so far, and that of now."""
    now = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return {
        "most_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "now_mib": round(int(now.split()[1]) / 1024, 1),
    }


class WorkersWatched(Silence):
    """Sees after each unit how much the largest of this process's workers has held so far."""

    most_mib = 0.0

    def units(self, done: int, running: int, failed: int, total: int) -> None:
        for child in multiprocessing.active_children():
            with suppress(OSError):  # it may just have ended
                lines = Path(f"/proc/{child.pid}/status").read_text().splitlines()
                most = next((line.split()[1] for line in lines if line.startswith("VmHWM")), "0")
                self.most_mib = max(self.most_mib, round(int(most) / 1024, 1))


def run_once(layout: str, count: int, workers: int) -> dict[str, Any]:
    """One study from its spec to its last prediction file, the same again with nothing left to do, and its report."""
    with _made(layout, count) as folder:
        out = folder.parent / "out"
        with _fresh() as process:
            found = process.submit(_study, folder, layout, out, workers).result()
        with _fresh() as process:
            return found | {"report": process.submit(_report, out).result()}


@contextmanager
def _made(layout: str, count: int) -> Iterator[Path]:
    """A folder of pictures, and a cache of its own in which nothing is remembered of them yet."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "pictures"
        folder.mkdir()
        MAKERS[layout](folder, count)
        os.environ[VARIABLE] = str(Path(place) / "cache")
        time.sleep(SETTLED_NS / 1e9)  # of files that were written just now nothing is remembered
        yield folder


def _study(folder: Path, layout: str, out: Path, workers: int) -> dict[str, Any]:
    spec = spec_of(folder, layout, QUALITIES)
    found: dict[str, Any] = {"start": resident_mib()}
    begun = time.perf_counter()

    def planned(*_: Any) -> bool:
        found["planned"] = resident_mib() | {"seconds": round(time.perf_counter() - begun, 2)}
        return True

    watched = WorkersWatched()
    run = run_study(spec, out, Hands(workers=workers), allow_code=True, before=planned, progress=watched)
    found["run"] = resident_mib() | {"seconds": round(time.perf_counter() - begun, 2)}
    if workers > 1:
        found["largest_worker"] = {"most_mib": watched.most_mib}
    found["cells"], found["computed"] = len(run.plan.cells), run.computed
    begun = time.perf_counter()
    again = run_study(spec, out, Hands(), allow_code=True)
    found["again"] = resident_mib() | {"seconds": round(time.perf_counter() - begun, 2), "computed": again.computed}
    return found


def _report(out: Path) -> dict[str, Any]:
    from jpegproof.verbs.report import report  # here, so that what it needs is not in the memory of the studies

    begun = time.perf_counter()
    made = report(out)
    assert made.missing_cells == 0
    return resident_mib() | {"seconds": round(time.perf_counter() - begun, 2)}


def plan_once(cells: int) -> dict[str, Any]:
    """Plans of so many cells, and of a tenth of them: made, written, read."""
    with _made("webdataset", cells // CELLS_OF_A_SHARD * SHARD_PICTURES) as folder:
        with _fresh() as process:
            seconds = process.submit(_index, folder).result()
        with _fresh() as process:
            few = process.submit(_plan, folder, cells // 10).result()
        with _fresh() as process:
            many = process.submit(_plan, folder, cells).result()
    ratio = {step: round(many["seconds"][step] / few["seconds"][step], 1) for step in many["seconds"]}
    return {"seconds_of_the_index": seconds, "many": many, "few": few, "many_over_few": ratio}


def _index(folder: Path) -> float:
    begun = time.perf_counter()
    WebDatasetPictures(folder)
    return round(time.perf_counter() - begun, 2)


def _plan(folder: Path, cells: int) -> dict[str, Any]:
    limit = cells // CELLS_OF_A_SHARD * SHARD_PICTURES
    spec = spec_of(folder, "webdataset", list(range(1, CELLS_OF_A_SHARD)), limit)
    seconds: dict[str, float] = {}

    def timed(step: str, work: Callable[[], Any]) -> Any:
        begun = time.perf_counter()
        done = work()
        seconds[step] = round(time.perf_counter() - begun, 6)
        return done

    plan = timed("make", lambda: make_plan(spec, Workshop(spec, allow_code=True)))
    path = folder.parent / "plan.json"
    timed("write", lambda: plan.save(path))
    read = timed("read", lambda: load_plan(path))
    names = [cell.name for cell in plan.cells]
    timed("units_left", lambda: sum(1 for _ in read.units(names[1:])))
    return {"cells": len(plan.cells), "seconds": seconds, "bytes": path.stat().st_size, "memory": resident_mib()}


def _fresh() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--layouts", nargs="+", choices=tuple(MAKERS), default=list(MAKERS))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    studies: dict[str, Any] = {}
    for layout in args.layouts:
        studies[layout] = {}
        for count in args.pictures:
            studies[layout][count] = run_once(layout, count, args.workers)
            print(layout, count, studies[layout][count], flush=True)
    plan = plan_once(args.cells) if args.cells else None
    print(plan)
    options = {"pictures": args.pictures, "layouts": args.layouts, "workers": [args.workers], "cells": [args.cells]}
    told = "".join(f" --{name} {' '.join(map(str, given))}" for name, given in options.items())
    growth = {
        layout: {
            step: round(found[max(found)][step]["most_mib"] / found[min(found)][step]["most_mib"], 3)
            for step in ("run", "largest_worker", "report")
            if step in found[max(found)]
        }
        for layout, found in studies.items()
    }
    facts: dict[str, Any] = {"command": f"python -m benchmarks.study_memory{told}"}
    facts |= {"environment": environment("cpu", args.workers, 1), "most_over_least_memory": growth}
    if args.out is not None:
        args.out.write_text(json.dumps(facts | {"studies": studies, "plan": plan}, indent=1) + "\n")


if __name__ == "__main__":
    main()
