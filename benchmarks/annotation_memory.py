"""How much memory annotations in COCO's format take as their pictures become more, and how long opening them takes.

Each case is a process of its own that has imported what a study does. It opens the data set, and asks for what is true
of every picture, masks and all, as planning a study does. Memory is the kernel's own figure: before, after opening, and
after the last picture; seconds are the process's own processor time. The data set is opened three times: with an empty
cache, with what is then remembered, and without a cache. Only one of the pictures is there, as none is decoded.

    python -m benchmarks.annotation_memory [--pictures 1000 100000] [--objects 7] [--corners 20]
                                           [--out docs/results/annotation_memory.json]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.study_memory import resident_mib
from jpegproof.data.cache_folder import SETTLED_NS, VARIABLE
from jpegproof.data.coco import CocoPictures
from jpegproof.studies.environment import environment

HEIGHT, WIDTH = 480, 640
CATEGORIES = 80


def file_name(number: int) -> str:
    """A picture's file."""
    return f"{number:012d}.jpg"


def make_annotations(path: Path, pictures: int, objects: int, corners: int) -> None:
    """Writes them in the order of COCO's own files: pictures, annotations of all pictures mixed, categories."""
    random = np.random.default_rng(0)
    categories = [{"id": number + 1, "name": f"kind {number}"} for number in range(CATEGORIES)]
    with path.open("w") as file:
        file.write('{"info": {"year": 2017}, "images": [')
        for number in range(pictures):
            image = {"id": number, "file_name": file_name(number), "height": HEIGHT, "width": WIDTH}
            file.write((", " if number else "") + json.dumps(image))
        file.write('], "annotations": [')
        for number, place in enumerate(random.permutation(pictures * objects).tolist()):
            turns = np.sort(random.random(corners)) * 2 * np.pi
            middle, reach = random.random(2) * (WIDTH, HEIGHT), random.random() * WIDTH / 8
            corner = middle + reach * np.stack([np.cos(turns), np.sin(turns)], axis=1)
            polygon = np.round(np.clip(corner, 0, (WIDTH, HEIGHT)), 2)
            low, high = polygon.min(axis=0), polygon.max(axis=0)
            annotation = {
                "segmentation": [polygon.ravel().tolist()],
                "area": round(float(np.prod(high - low)), 4),
                "iscrowd": 0,
                "image_id": place // objects,
                "bbox": np.round([*low, *(high - low)], 2).tolist(),
                "category_id": number % CATEGORIES + 1,
                "id": number + 1,
            }
            file.write((", " if number else "") + json.dumps(annotation))
        file.write(f'], "categories": {json.dumps(categories)}}}')


def opened(folder: Path) -> dict[str, Any]:
    """Opens the data set and asks for all objects."""
    found: dict[str, Any] = {"start": resident_mib()}
    begun = time.process_time()
    pictures = CocoPictures(folder)
    found["opened"] = resident_mib() | {"seconds": round(time.process_time() - begun, 2)}
    begun = time.process_time()
    found["objects"] = sum(len(pictures.target(index)) for index in range(len(pictures)))
    found["asked"] = resident_mib() | {"seconds": round(time.process_time() - begun, 2)}
    return found


def measured(count: int, objects: int, corners: int) -> dict[str, Any]:
    """All cases over one data set."""
    with tempfile.TemporaryDirectory() as place:
        folder, cache = Path(place) / "pictures", Path(place) / "cache"
        folder.mkdir()
        # Not by this process: a new one's figure of its most memory begins with what its parent takes.
        _alone(make_annotations, folder / "instances.json", count, objects, corners)
        (folder / file_name(0)).touch()
        time.sleep(SETTLED_NS / 1e9)  # of a file that was written just now nothing is remembered
        found: dict[str, Any] = {"mib_of_json": round((folder / "instances.json").stat().st_size / 2**20, 1)}
        for case, where in {"first": str(cache), "again": str(cache), "without_cache": ""}.items():
            os.environ[VARIABLE] = where
            found[case] = _alone(opened, folder)
            print(count, case, found[case], flush=True)
        found["mib_of_cache"] = round(sum(file.stat().st_size for file in cache.rglob("*.arrow")) / 2**20, 1)
        return found


def _alone(work: Callable[..., Any], *given: Any) -> Any:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(work, *given).result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, nargs="+", default=[1000, 100_000])
    parser.add_argument("--objects", type=int, default=7, help="of each picture")
    parser.add_argument("--corners", type=int, default=20, help="of each object's polygon")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    found = {count: measured(count, args.objects, args.corners) for count in args.pictures}
    least, most = found[min(found)], found[max(found)]
    growth = {
        case: round(most[case]["asked"]["most_mib"] / least[case]["asked"]["most_mib"], 3)
        for case in ("first", "again", "without_cache")
    }
    options = f"--pictures {' '.join(map(str, args.pictures))} --objects {args.objects} --corners {args.corners}"
    facts: dict[str, Any] = {"command": f"python -m benchmarks.annotation_memory {options}"}
    facts |= {"environment": environment("cpu", 1, 1), "most_over_least_memory": growth}
    print(growth)
    if args.out is not None:
        args.out.write_text(json.dumps(facts | {"pictures": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
