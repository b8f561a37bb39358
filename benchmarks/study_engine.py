"""What the study's engine saves on nine classifiers behind QGAC, against a script that handles every cell by itself.

Both sides run in turn in one process on one core: the engine, from the study's spec to its last prediction file; and a
script that knows nothing of jpegproof's studies: for every model, quality, cure and picture it opens the picture, saves
it as JPEG, decodes it, corrects it, resizes it by torchvision's own transforms and puts it through the network. All
weights are random, which changes nothing about speed, and equal on both sides, so that the answers can be compared.

Two studies are timed: none and off-the-shelf correction with QGAC (the goal: at least 4 times as fast as the script);
and the paper's four rows, where each model has a corrector and a fine-tuned copy of its own and less can be shared.
Beside each ratio stands the ideal: what the script's own stage times would amount to if every piece of work that some
cells have in common (a picture read, a JPEG made and decoded, a correction, a resize) were done once and nothing else
took any time. The counters of the engine are compared with how many distinct pieces there are.

    python -m benchmarks.study_engine [--pictures 2] [--rounds 2] [--out docs/results/study_engine.json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
import torchvision
from PIL import Image
from safetensors.torch import save

from benchmarks.study_overhead import photographs
from jpegproof.correctors.default import corrector_bytes, load_corrector, untrained_corrector
from jpegproof.correctors.protocol import Corrector, to_pixels
from jpegproof.correctors.qgac.corrector import load_qgac
from jpegproof.correctors.qgac.crab import QgacCrab
from jpegproof.jpeg.codec import decode
from jpegproof.studies.engine import Hands
from jpegproof.studies.environment import environment
from jpegproof.studies.plan import Plan
from jpegproof.studies.predictions import read_predictions
from jpegproof.studies.result_store import ResultStore
from jpegproof.studies.run import run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.store import Store
from jpegproof.studies.tally import Tally
from jpegproof.studies.workshop import CPU_BATCH, Workshop
from jpegproof.weights import read_weights

MODELS = (
    "resnet18",
    "resnet50",
    "resnet101",
    "resnext50_32x4d",
    "resnext101_32x8d",
    "vgg19_bn",
    "mobilenet_v2",
    "inception_v3",
    "efficientnet_b3",
)
QUALITIES = (10, 50)
TWO_ROWS = ("none", "off_the_shelf")
FOUR_ROWS = (*TWO_ROWS, "task_targeted", "supervised_fine_tuning")
HERE = Hands("cpu", workers=1, threads=1)

Column = tuple[int | None, str]
"""(quality, row); (None, "none") is a model's reference and (None, "supervised_fine_tuning") its tuned copy's."""


def study(folder: Path, qgac: Path, rows: tuple[str, ...]) -> StudySpec:
    """The study of all models with the given rows."""
    mitigations: list[Any] = ["none", {"mitigation": "off_the_shelf", "corrector": "qgac"}]
    trainings = {}
    if "task_targeted" in rows:
        short = {"data": "others", "steps": 1}
        for name in MODELS:
            trainings[f"{name} targeted"] = {**short, "objective": "task_targeted", "model": name}
            trainings[f"{name} tuned"] = {**short, "objective": "supervised_fine_tuning", "model": name}
            mitigations += [
                {"mitigation": "task_targeted", "corrector": f"{name} targeted", "models": [name]},
                {"mitigation": "supervised_fine_tuning", "tuned": f"{name} tuned", "models": [name]},
            ]
    content = {
        "name": f"{len(rows)} rows",
        "data": {"pictures": {"path": folder}, "others": {"world": "train", "size": 1}},
        "models": {name: {"from": f"torchvision:{name}", "weights": "random", "data": "pictures"} for name in MODELS},
        "correctors": {"qgac": {"from": "qgac", "weights": qgac}},
        "trainings": trainings,
        "compression": {"qualities": list(QUALITIES)},
        "mitigations": mitigations,
    }
    return StudySpec.model_validate(content)


def network_of(name: str) -> torch.nn.Module:
    """A network of torchvision with the random weights that the study's models have."""
    torch.manual_seed(0)
    options = {"init_weights": True, "transform_input": True} if name == "inception_v3" else {}
    return torchvision.models.get_model(name, weights=None, **options).eval().to(memory_format=torch.channels_last)


def put_trained(spec: StudySpec, out: Path) -> dict[str, Path]:
    """Puts files of random weights where the study's trainings would put theirs; their places by training."""
    places: dict[str, Path] = {}

    def put(plan: Plan, workshop: Workshop, store: ResultStore) -> bool:
        store.begin()
        for number, artifact in enumerate(plan.artifacts):
            if spec.trainings[artifact.training].objective == "task_targeted":
                network = untrained_corrector(number).network
                content = corrector_bytes(network.state_dict(), network, "task_targeted")
            else:
                state = network_of(artifact.training.partition(" ")[0]).state_dict()
                content = save({key: value.contiguous() for key, value in state.items()})
            store.put_artifact(artifact.name, content)
            places[artifact.training] = store.artifact(artifact.name)
        return False

    run_study(spec, out, HERE, before=put)
    return places


class Script:
    """The script without an engine; remembers how long every piece of work took, each time that it was done."""

    def __init__(self, folder: Path, qgac: Path, places: dict[str, Path]) -> None:
        self.seconds: dict[Column, float] = {}
        self.building: dict[str, float] = {}
        self.pieces: dict[tuple[Any, ...], list[float]] = {}
        self.users: dict[tuple[Any, ...], set[Column]] = {}
        self.answers: dict[tuple[str, int | None, str], list[int]] = {}
        self._files = sorted(folder.iterdir())
        with self._built("off_the_shelf"):
            self._qgac = load_qgac(qgac)
        self._places = places
        self._column: Column = (None, "none")

    @contextmanager
    def _piece(self, *key: Any) -> Iterator[None]:
        begun = time.process_time()
        yield
        self.pieces.setdefault(key, []).append(time.process_time() - begun)
        self.users.setdefault(key, set()).add(self._column)

    @contextmanager
    def _built(self, row: str) -> Iterator[None]:
        begun = time.process_time()
        yield
        self.building[row] = self.building.get(row, 0.0) + time.process_time() - begun

    def run(self) -> None:
        """Every model, quality and row, one after the other."""
        for name in MODELS:
            with self._built("none"):
                network = network_of(name)
            with self._built("supervised_fine_tuning"):
                tuned = network_of(name)
                tuned.load_state_dict(read_weights(self._places[f"{name} tuned"]))
            with self._built("task_targeted"):
                targeted = load_corrector(self._places[f"{name} targeted"])
            for quality in (None, *QUALITIES):
                for row in FOUR_ROWS:
                    corrector = {"off_the_shelf": self._qgac, "task_targeted": targeted}.get(row)
                    if quality is None and corrector is not None:
                        continue  # correctors correct JPEGs
                    self._column = (quality, row)
                    begun = time.process_time()
                    self._cell(name, tuned if row == "supervised_fine_tuning" else network, quality, row, corrector)
                    spent = time.process_time() - begun
                    self.seconds[self._column] = self.seconds.get(self._column, 0.0) + spent

    def _cell(
        self, name: str, network: torch.nn.Module, quality: int | None, row: str, corrector: Corrector | None
    ) -> None:
        weights = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"]
        transform = weights.transforms()
        which = {"off_the_shelf": "qgac", "task_targeted": f"{name} targeted"}.get(row, "")
        sizes = (transform.resize_size[0], transform.crop_size[0], transform.interpolation)
        inputs = []
        for file in self._files:
            with self._piece("read", file):
                picture = Image.open(file).convert("RGB")
            if quality is not None:
                with self._piece("encode", file, quality):
                    stored = BytesIO()
                    picture.save(stored, "JPEG", quality=quality)
                with self._piece("decode", file, quality):
                    jpeg = decode(stored.getvalue())
                    picture = Image.fromarray(jpeg.pixels)
                if corrector is not None:
                    with self._piece("correct", file, quality, which):
                        picture = Image.fromarray(to_pixels(corrector([jpeg])[0]))
            with self._piece("prepare", file, quality, which, sizes):
                inputs.append(transform(picture))
        found: list[int] = []
        for begin in range(0, len(inputs), CPU_BATCH):
            with self._piece("infer", begin, quality, row, name), torch.inference_mode():
                found += network(torch.stack(inputs[begin : begin + CPU_BATCH])).argmax(1).tolist()
        self.answers[name, quality, row] = found

    def total(self, rows: tuple[str, ...]) -> float:
        """Seconds of all cells of some rows, and of building the networks that they need."""
        cells = sum(spent for (_, row), spent in self.seconds.items() if row in rows)
        return cells + sum(spent for row, spent in self.building.items() if row in rows)

    def distinct(self, rows: tuple[str, ...]) -> dict[str, int]:
        """How many different pieces of work the cells of some rows are made of, by stage."""
        counts: dict[str, int] = {}
        for key in self._used(rows):
            counts[key[0]] = counts.get(key[0], 0) + 1
        counts["infer"] = len(self._files) * sum(1 for _, _, row in self.answers if row in rows)
        return counts

    def once(self, rows: tuple[str, ...]) -> dict[str, float]:
        """Seconds of these pieces by stage, each done once: the mean of the times that it took."""
        seconds = {"build": sum(spent for row, spent in self.building.items() if row in rows)}
        for key in self._used(rows):
            seconds[key[0]] = seconds.get(key[0], 0.0) + statistics.mean(self.pieces[key])
        return seconds

    def _used(self, rows: tuple[str, ...]) -> list[tuple[Any, ...]]:
        return [key for key, columns in self.users.items() if any(row in rows for _, row in columns)]


def engine(spec: StudySpec, out: Path) -> tuple[float, Tally, Plan]:
    """Seconds of the whole study, what it counted, and its plan."""
    begun = time.process_time()
    done = run_study(spec, out, HERE)
    return time.process_time() - begun, done.tally, done.plan


def warm_up(base: Path) -> None:
    """A study and a step of the script's kind on one small picture: neither side pays for importing libraries."""
    (base / "few").mkdir()
    Image.new("RGB", (64, 48), "grey").save(base / "few" / "grey.png")
    content = {"name": "few", "data": {"few": {"path": base / "few"}}, "compression": {"qualities": [50]}}
    content["models"] = {"net": {"from": "torchvision:resnet18", "weights": "random"}}
    run_study(StudySpec.model_validate(content), base / "out", HERE)
    torchvision.models.get_model_weights("resnet18")["IMAGENET1K_V1"].transforms()(Image.new("RGB", (64, 48)))


def agreeing(plan: Plan, out: Path, script: Script) -> tuple[int, int]:
    """How many first answers of the study are the script's, of how many."""
    same = total = 0
    for cell in plan.cells:
        edge, quality = plan.edges[cell.edge], plan.compressions[cell.compression].quality
        path = Store(out).path(cell.name)
        first = [top[0] for top in read_predictions(path.read_bytes(), str(path)).column("top").to_pylist()]
        pairs = list(zip(first, script.answers[edge.model, quality, edge.mitigation], strict=True))
        same, total = same + sum(mine == theirs for mine, theirs in pairs), total + len(pairs)
    return same, total


def compare(rows: tuple[str, ...], seconds: float, tally: Tally, script: Script) -> dict[str, Any]:
    """One study of one round beside the script: seconds, ratio, ideal ratio, counters."""
    once, counts = script.once(rows), script.distinct(rows)
    theirs, did = script.total(rows), tally.as_dict()
    return {
        "engine_seconds": seconds,
        "engine_stages": did["seconds"],
        "script_seconds": theirs,
        "script_stages_once": once,
        "ratio": theirs / seconds,
        "ideal": theirs / sum(once.values()),
        "counts": {stage: did["counts"][stage] for stage in counts},
        "distinct": counts,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rounds: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as place:
        base = Path(place)
        folder, qgac = photographs(base / "pictures", arguments.pictures), base / "qgac.ckpt"
        torch.manual_seed(0)
        torch.save({"state_dict": QgacCrab().state_dict()}, qgac)
        two, four = study(folder, qgac, TWO_ROWS), study(folder, qgac, FOUR_ROWS)
        warm_up(base)
        for number in range(arguments.rounds):
            places = put_trained(four, base / f"four{number}")
            seconds, tally, plan = engine(two, base / f"two{number}")
            script = Script(folder, qgac, places)
            script.run()
            longer, whole, full = engine(four, base / f"four{number}")
            studies = {"two rows": compare(TWO_ROWS, seconds, tally, script)}
            studies["four rows"] = compare(FOUR_ROWS, longer, whole, script)
            for name, made, out in (("two rows", plan, f"two{number}"), ("four rows", full, f"four{number}")):
                studies[name]["answers"], studies[name]["same_answers"] = agreeing(made, base / out, script)[::-1]
                told = studies[name]
                print(
                    f"round {number + 1}, {name}: {told['ratio']:.2f} times as fast (ideal {told['ideal']:.2f}); "
                    f"{told['same_answers']} of {told['answers']} answers alike; counts {told['counts']} "
                    f"{'are' if told['counts'] == told['distinct'] else 'ARE NOT'} those of the distinct pieces",
                    flush=True,
                )
            rounds.append(studies)
    if arguments.out:
        report = {
            "command": f"python -m benchmarks.study_engine --pictures {arguments.pictures} --rounds {arguments.rounds}",
            "environment": environment("cpu", 1, 1),
            "models": MODELS,
            "qualities": QUALITIES,
            "pictures": f"{arguments.pictures} of 500 x 375",
            "ratios": {
                name: {key: sorted(round(told[name][key], 3) for told in rounds) for key in ("ratio", "ideal")}
                for name in ("two rows", "four rows")
            },
            "rounds": rounds,
        }
        arguments.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
