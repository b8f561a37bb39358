"""The work of the paper's study files, counted from the files themselves: trainings, units, and what is in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.scale_costs import Network, Stages, corrector_cost, corrector_parameters, network
from jpegproof.studies.plan import SHARD_PICTURES, Edge, study_compressions, study_edges
from jpegproof.studies.spec import DataSpec, StudySpec
from jpegproof.studies.workshop import IDENTITY
from jpegproof.studies.yaml_loader import PlainLoader

TABLES = ("table1", "table2", "table3", "table4", "table5")

#: Bytes of a number.
NUMBER = 4

#: Passes through a network, in forward passes: with gradients of its weights; frozen, once with gradients to its input
#: and once on the originals.
_LEARNS, _LOOKED_THROUGH = 3, 3


@dataclass(frozen=True, slots=True)
class Pictures:
    """A data set of the paper: pictures, their (H, W), bytes of all; `assumed` says which of these are."""

    count: int
    size: tuple[int, int]
    size_in_bytes: float
    assumed: str


#: By path in the study files.
SETS = {
    "imagenet/val": Pictures(50_000, (375, 500), 6.7e9, "size"),
    "imagenet/train": Pictures(1_281_167, (375, 500), 138e9, "size"),
    "coco/val2017": Pictures(5_000, (480, 640), 0.8e9, "size"),
    "coco/train2017": Pictures(118_287, (480, 640), 18e9, "size"),
    "ADEChallengeData2016/images/validation": Pictures(2_000, (512, 683), 0.1e9, "size, bytes"),
    "ADEChallengeData2016/images/training": Pictures(20_210, (512, 683), 0.9e9, "size, bytes"),
    "CNNDetection/dataset/test/progan": Pictures(8_000, (256, 256), 0.8e9, "bytes"),
    "CNNDetection/dataset/train": Pictures(720_000, (256, 256), 72e9, "bytes"),
    "patch-forensics/dataset/faces/celebahq": Pictures(10_000, (128, 128), 0.3e9, "all, of each split"),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured, seconds of one core: stages by task, and naming per byte and per cell."""

    stages: Mapping[str, Stages]
    per_byte: float
    per_cell: float
    report: Mapping[str, float]

    def of(self, task: str) -> Stages:
        """A task's stages; those of classification where it has none of its own."""
        alike = {"instance_segmentation": "detection"}.get(task, task)
        return self.stages.get(alike, self.stages["classification"])


@dataclass(frozen=True, slots=True)
class Unit:
    """The work of a data set's shards, per full shard.

    Attributes:
        shards: how many.
        multiply_adds: of correctors and models.
        code, prepare, record: seconds of one core.
        cells: files that are written.
        cell_bytes: of each.
    """

    shards: int
    multiply_adds: float
    code: float
    prepare: float
    record: float
    cells: int
    cell_bytes: float


@dataclass(frozen=True, slots=True)
class Training:
    """The work of a training.

    Attributes:
        name: the training's.
        multiply_adds: of all steps, backwards too.
        feed: seconds of the one core that makes its batches.
        parameters: that learn.
    """

    name: str
    multiply_adds: float
    feed: float
    parameters: int


@dataclass(frozen=True, slots=True)
class Work:
    """All the work of a study file.

    Attributes:
        name: the file's.
        units: one entry per data set.
        trainings: in their order.
        files, file_bytes: pictures that are read to be named, measured and trained on.
        weights: bytes that each worker loads.
        report: seconds of one core.
        stages: seconds of one core, or multiply-adds, by stage in all units: for the table.
    """

    name: str
    units: tuple[Unit, ...]
    trainings: tuple[Training, ...]
    files: int
    file_bytes: float
    weights: float
    report: float
    stages: Mapping[str, float]

    @property
    def cells(self) -> int:
        """Of all shards."""
        return sum(unit.shards * unit.cells for unit in self.units)


def paper_spec(folder: Path, table: str) -> StudySpec:
    """A study file of the paper as it stands, without looking for its data and weights."""
    return StudySpec.model_validate(
        yaml.load((folder / f"{table}.yaml").read_text(encoding="utf-8"), Loader=PlainLoader)
    )


def work_of(spec: StudySpec, measured: Measured) -> Work:
    """Counts the work of a study file, from what its stages cost."""
    tasks = {model: _network(spec, model, set_of(spec, spec.data_of(model)).size).task for model in spec.measured}
    qualities = len(study_compressions(spec.compression))
    units, stages = [], dict[str, float]()
    for data in dict.fromkeys(spec.data_of(model) for model in spec.measured):
        edges = [edge for edge in study_edges(spec) if spec.data_of(edge.model) == data]
        unit = _unit(spec, edges, set_of(spec, data), qualities, measured, tasks)
        units.append(unit)
        for stage in ("multiply_adds", "code", "prepare", "record"):
            stages[stage] = stages.get(stage, 0.0) + unit.shards * getattr(unit, stage)
    trainings = tuple(_training(spec, name, measured) for name in spec.trainings)
    columns = [tasks[edge.model] for edge in study_edges(spec) for _ in range(qualities)]
    sets = {set_of(spec, name) for name in spec.data}
    return Work(
        spec.name,
        tuple(units),
        trainings,
        sum(pictures.count for pictures in sets),
        sum(pictures.size_in_bytes for pictures in sets),
        NUMBER * sum(training.parameters for training in trainings),
        sum(measured.report[task] for task in columns),
        stages,
    )


def set_of(spec: StudySpec, data: str) -> Pictures:
    """What is known of a study's data set."""
    item = spec.data[data]
    assert isinstance(item, DataSpec)  # no study of the paper draws its pictures
    return SETS[item.path.as_posix()]


def _unit(
    spec: StudySpec,
    edges: Sequence[Edge],
    pictures: Pictures,
    qualities: int,
    measured: Measured,
    tasks: Mapping[str, str],
) -> Unit:
    """The work of one full shard of a data set."""
    stages = measured.of(tasks[edges[0].model])
    scale = pictures.size[0] * pictures.size[1] / 1e6 / stages.megapixels
    networks = {edge.model: _network(spec, edge.model, pictures.size) for edge in edges}
    originals = [edge for edge in edges if edge.corrector == IDENTITY]
    cells = len(originals) + qualities * len(edges)
    correctors = {edge.corrector for edge in edges} - {IDENTITY}
    asked = sum(networks[edge.model].multiply_adds for edge in originals)
    asked += qualities * sum(networks[edge.model].multiply_adds for edge in edges)
    corrected = qualities * len(correctors) * corrector_cost(pictures.size)
    framed = _preparing(originals, networks) + qualities * _preparing(edges, networks)
    n = SHARD_PICTURES
    return Unit(
        -(-pictures.count // n),
        n * (asked + corrected),
        n * scale * (stages.read + qualities * (stages.encode + stages.decode)),
        n * framed,
        n * cells * stages.store,
        cells,
        n * stages.cell_bytes,
    )


def _network(spec: StudySpec, model: str, size: tuple[int, int]) -> Network:
    return network(spec.models[model].source, size)


def _preparing(edges: Sequence[Edge], networks: Mapping[str, Network]) -> float:
    """Seconds of one core per picture: what a corrector answers is prepared once for all models that want it alike."""
    distinct = {(edge.corrector, networks[edge.model].preparation): networks[edge.model].prepare for edge in edges}
    return sum(distinct.values())


def _training(spec: StudySpec, name: str, measured: Measured) -> Training:
    """The work of one training; each picture of a batch goes through every head."""
    training = spec.trainings[name]
    sets = [set_of(spec, data) for data in training.data_names]
    cost = feed = 0.0
    parameters = 0
    for pictures in sets:
        heads = [_network(spec, model, pictures.size) for model in training.model_names]
        of_networks = sum(head.multiply_adds for head in heads)
        stages = measured.stages["classification"]
        megapixels = pictures.size[0] * pictures.size[1] / 1e6
        feed += (stages.read + stages.encode + stages.decode) * megapixels / stages.megapixels
        feed += sum(head.prepare for head in heads)
        if training.objective == "task_targeted":
            seen = (max(head.seen[0] for head in heads), max(head.seen[1] for head in heads))
            cost += _LEARNS * corrector_cost(seen) + _LOOKED_THROUGH * of_networks
            parameters = corrector_parameters()
        else:
            cost += _LEARNS * of_networks
            parameters = heads[0].parameters
    examples = training.steps * training.batch / len(sets)
    return Training(name, examples * cost, examples * feed, parameters)
