"""What a study will compute, known whole before anything is computed: shards, compressions, edges, and their cells."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from jpegproof.correctors.gate import gate_for, shipped_gate
from jpegproof.data.picture_set import PictureSet
from jpegproof.data.scenes import scene_identity, scene_name, together
from jpegproof.exceptions import DataError, StoreError
from jpegproof.jpeg.compression import ORIGINAL, Compression
from jpegproof.jpeg.matched_codecs import require_codec
from jpegproof.jpeg.steps import Crop, Resize
from jpegproof.studies.artifacts import Artifact, make_artifacts, stopping_pictures, training_pictures
from jpegproof.studies.chains import refuse_lost_places, saves_along
from jpegproof.studies.fingerprint import PROTOCOL_VERSION, fingerprint
from jpegproof.studies.folds import folds_of, lineage, of_fold
from jpegproof.studies.original_files import OriginalFiles, original_files
from jpegproof.studies.spec import CompressionSpec, DataSpec, StudySpec, WorldSpec
from jpegproof.studies.store import write_whole
from jpegproof.studies.workshop import IDENTITY, Workshop
from jpegproof.tasks.protocol import numbered, plain_target

#: A shard ends after so many pictures, or before its files outgrow so many bytes: big enough to fill batches, small
#: enough that a kill costs little and a worker holds little.
SHARD_PICTURES = 32
SHARD_BYTES = 16_000_000


@dataclass(frozen=True, slots=True)
class Edge:
    """A corrector in front of a model: one row of the tables.

    Attributes:
        model: the model's name in the study.
        mitigation: the row's name, as in results.
        corrector: the corrector's name in the study (a corrector, or a training of one), or ``identity``.
        tuned: the training whose outcome takes the model's place; empty for the model as it is.
    """

    model: str
    mitigation: str
    corrector: str
    tuned: str = ""

    @property
    def gated(self) -> bool:
        """Whether the corrector stands behind the gate."""
        return self.mitigation == "gated"


@dataclass(frozen=True, slots=True)
class Shard:
    """A run of pictures of one data set that are handled together.

    Attributes:
        data: the data set's name.
        pictures: their numbers in the data set.
        digest: changes with their names, contents, targets and order, and with nothing else.
    """

    data: str
    pictures: tuple[int, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class DataFacts:
    """What the results need to know of a data set after it is gone.

    Attributes:
        task: whose targets it holds; empty without labels.
        pictures: how many are used.
        notes: what must stand beside every result on it.
        class_names: by the number that labels have; empty where it has none.
        block: how many pictures that follow each other are resampled together; 1 where each stands for itself.
        files: what they are as they are stored.
    """

    task: str
    pictures: int
    notes: tuple[str, ...]
    class_names: Mapping[int, str] = field(default_factory=dict)
    block: int = 1
    files: OriginalFiles = field(default_factory=OriginalFiles)


@dataclass(frozen=True, slots=True)
class Cell:
    """One file of predictions: a shard under a compression along an edge (numbers into the plan's lists)."""

    shard: int
    compression: int
    edge: int
    name: str


@dataclass(frozen=True)
class Plan:
    """Every cell of a study, in the order in which they are made: the originals first in each shard."""

    study: str
    seed: int
    stage: str
    data: dict[str, DataFacts]
    tasks: dict[str, str]
    """Task by model."""
    edges: tuple[Edge, ...]
    compressions: tuple[Compression, ...]
    shards: tuple[Shard, ...]
    cells: tuple[Cell, ...]
    artifacts: tuple[Artifact, ...] = ()
    """What is trained first, in an order in which that can be done."""

    def units(self, finished: Iterable[str] = ()) -> Iterator[tuple[Cell, ...]]:
        """The cells that are not finished, one tuple per shard."""
        done = set(finished)
        missing: dict[int, list[Cell]] = {}
        for cell in self.cells:
            if cell.name not in done:
                missing.setdefault(cell.shard, []).append(cell)
        for cells in missing.values():
            yield tuple(cells)

    def cells_of(self, edge: int, compression: int) -> list[Cell]:
        """The cells of one edge at one compression, in the order of the pictures; empty where none is planned."""
        return self._by_column.get((edge, compression), [])

    def original(self, shard: int, edge: int) -> Cell:
        """The cell of an edge on a shard's originals."""
        return next(cell for cell in self.cells_of(edge, 0) if cell.shard == shard)

    def reference_edge(self, model: str) -> int:
        """The number of the edge whose cells on the originals are a model's reference."""
        return self.edges.index(Edge(model, "none", IDENTITY))

    def is_reference(self, cell: Cell) -> bool:
        """Whether a cell holds a model's own answers on the originals, with which all others are compared."""
        return cell.compression == 0 and cell.edge == self.reference_edge(self.edges[cell.edge].model)

    @cached_property
    def _by_column(self) -> dict[tuple[int, int], list[Cell]]:
        columns: dict[tuple[int, int], list[Cell]] = {}
        for cell in self.cells:
            columns.setdefault((cell.edge, cell.compression), []).append(cell)
        return columns

    def save(self, path: Path) -> None:
        """Writes the plan as JSON, so that reports need neither data nor models."""
        content = {"format": 2, **{key: getattr(self, key) for key in ("study", "seed", "stage", "tasks")}}
        content["data"] = {name: asdict(facts) for name, facts in self.data.items()}
        content["edges"] = [asdict(edge) for edge in self.edges]
        content["artifacts"] = [asdict(artifact) for artifact in self.artifacts]
        content["compressions"] = [asdict(compression) for compression in self.compressions]
        content["shards"] = [asdict(shard) for shard in self.shards]
        content["cells"] = [(cell.shard, cell.compression, cell.edge, cell.name) for cell in self.cells]
        write_whole(path, json.dumps(content))


def load_plan(path: Path) -> Plan:
    """Reads a plan that `Plan.save` wrote.

    Raises:
        StoreError: there is none, or it is damaged.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Plan(
            study=content["study"],
            seed=content["seed"],
            stage=content["stage"],
            data={
                name: DataFacts(
                    facts["task"],
                    facts["pictures"],
                    tuple(facts["notes"]),
                    {int(number): label for number, label in facts.get("class_names", {}).items()},
                    facts.get("block", 1),
                    OriginalFiles.from_json(facts.get("files", {})),
                )
                for name, facts in content["data"].items()
            },
            tasks=content["tasks"],
            edges=tuple(Edge(**edge) for edge in content["edges"]),
            compressions=tuple(_compression(item) for item in content["compressions"]),
            shards=tuple(Shard(s["data"], tuple(s["pictures"]), s["digest"]) for s in content["shards"]),
            cells=tuple(Cell(*cell) for cell in content["cells"]),
            artifacts=tuple(
                Artifact(**{**artifact, "needs": tuple(artifact["needs"])}) for artifact in content.get("artifacts", [])
            ),
        )
    except FileNotFoundError as error:
        raise StoreError(
            f"{path.parent}: holds no study (there is no {path.name}); name the folder given to --out"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path}: is damaged ({error}); run the study again, finished predictions are kept") from error


def make_plan(spec: StudySpec, workshop: Workshop) -> Plan:
    """Works out every cell of a study.

    Raises:
        JpegproofError: a data set, model or corrector of the study cannot be had.
    """
    used = {spec.data_of(model) for model in spec.measured}
    edges = study_edges(spec)
    compressions = (ORIGINAL, *study_compressions(spec.compression))
    for codec in {item.codec for item in compressions} - {"", "jpeg"}:
        require_codec(codec)
    shards = tuple(shard for name in spec.data if name in used for shard in _shards(name, workshop))
    listed = set(_listed_edges(spec))
    artifacts = make_artifacts(spec, workshop)
    _refuse_leaks(spec, workshop, edges)
    edge_digests = [_edge_digest(edge, spec, workshop, artifacts) for edge in edges]
    compression_digests = [fingerprint(compression.describe()) for compression in compressions]
    cells: list[Cell] = []
    for shard_number, shard in enumerate(shards):
        for number, compression in enumerate(compressions):
            for edge_number, edge in enumerate(edges):
                # A corrector corrects JPEGs: neither the original nor another codec's file has tables.
                possible = compression.codec == "jpeg" or edge.corrector == IDENTITY
                wanted = compression.is_original or edge in listed
                if spec.data_of(edge.model) != shard.data or not (possible and wanted):
                    continue
                name = fingerprint(
                    {
                        "protocol": PROTOCOL_VERSION,
                        "shard": shard.digest,
                        "compression": compression_digests[number],
                        "stage": "" if compression.is_original else spec.compression.stage,
                        "edge": edge_digests[edge_number],
                    }
                )
                cells.append(Cell(shard_number, number, edge_number, name))
    facts = {
        name: DataFacts(
            pictures.task,
            len(workshop.chosen(name)),
            tuple(pictures.notes),
            numbered(pictures.class_names or ()),
            _block(spec.data[name], pictures),
            original_files(pictures, workshop.chosen(name)),
        )
        for name in spec.data
        if name in used and (pictures := workshop.pictures(name))
    }
    tasks = {name: workshop.model(name).task.name for name in spec.measured}
    refuse_lost_places(compressions, tasks, spec.compression.stage)
    stage = spec.compression.stage
    return Plan(spec.name, spec.seed, stage, facts, tasks, edges, compressions, shards, tuple(cells), artifacts)


def _listed_edges(spec: StudySpec) -> list[Edge]:
    edges: list[Edge] = []
    for row in spec.mitigations:
        for model in spec.models_of(row):
            edge = Edge(model, row.mitigation, row.corrector or IDENTITY, row.tuned or "")
            if edge not in edges:
                edges.append(edge)
    return edges


def study_edges(spec: StudySpec) -> tuple[Edge, ...]:
    """The listed edges, and before them each model's reference where the file does not list the row ``none``."""
    listed = _listed_edges(spec)
    references = [Edge(model, "none", IDENTITY) for model in spec.measured]
    return tuple(references + [edge for edge in listed if edge not in references])


def study_compressions(spec: CompressionSpec) -> list[Compression]:
    """Every way in which a study stores pictures: qualities or own tables, other codecs, each save of its chains."""
    if spec.tables is not None:
        single = [Compression("jpeg", None, spec.subsampling, spec.progressive, tuple(spec.tables))]
    else:
        single = [Compression("jpeg", quality, spec.subsampling, spec.progressive) for quality in spec.qualities]
    others = [replace(item, codec=codec) for codec in spec.codecs if codec != "jpeg" for item in single]
    return [*single, *others, *(saved for name, steps in spec.chains.items() for saved in saves_along(name, steps))]


def _shards(name: str, workshop: Workshop) -> Iterator[Shard]:
    pictures = workshop.pictures(name)
    for numbers in _cut(workshop.chosen(name), pictures.size_in_bytes):
        facts = [
            (pictures.name(number), pictures.identity(number), plain_target(pictures.target(number)))
            for number in numbers
        ]
        yield Shard(name, tuple(numbers), fingerprint({"pictures": facts}))


def _cut(numbers: Sequence[int], size_of: Any) -> Iterator[list[int]]:
    shard: list[int] = []
    size = 0
    for number in numbers:
        more = size_of(number)
        if shard and (len(shard) == SHARD_PICTURES or size + more > SHARD_BYTES):
            yield shard
            shard, size = [], 0
        shard.append(number)
        size += more
    if shard:
        yield shard


def _edge_digest(edge: Edge, spec: StudySpec, workshop: Workshop, artifacts: Sequence[Artifact]) -> str:
    by_place = {(artifact.training, artifact.fold): artifact for artifact in artifacts}

    def trained(name: str) -> dict[str, Any]:
        folds = folds_of(spec, name)
        names = [of_fold(by_place, name, fold).name for fold in (range(folds) if folds is not None else [None])]
        return {"artifacts": names}

    model = workshop.model(edge.model)
    facts = {
        "corrector": (
            trained(edge.corrector)
            if edge.corrector in spec.trainings
            else dict(workshop.corrector(edge.corrector).describe())
        ),
        "model": dict(model.identity),
        "preparation": dict(model.preparation.describe()),
        "task": [model.task.name, model.task.version],
    }
    if edge.gated:
        # Behind the gate goes what was trained as well, and that of the default corrector is its gate.
        trained_one = edge.corrector in spec.trainings
        gate = shipped_gate("default") if trained_one else gate_for(workshop.corrector(edge.corrector))
        facts["gate"] = dict(gate.describe())
    if edge.tuned:
        facts["tuned"] = trained(edge.tuned)
    return fingerprint(facts)


def _refuse_leaks(spec: StudySpec, workshop: Workshop, edges: Sequence[Edge]) -> None:
    """Raises DataError where a picture would be measured with something that has learned from it."""
    for edge in edges:
        data = spec.data_of(edge.model)
        pictures = workshop.pictures(data)
        measured: dict[str, list[int]] = {}
        for number in workshop.chosen(data):
            measured.setdefault(scene_identity(pictures, number), []).append(number)
        for training in {name for name in (edge.corrector, edge.tuned) if name in spec.trainings}:
            for seen in lineage(spec, training):
                for fold in range(folds) if (folds := folds_of(spec, seen)) is not None else [None]:
                    used = training_pictures(spec, workshop, seen, fold)
                    for source, number in used + stopping_pictures(spec, workshop, seen, fold):
                        learned = workshop.pictures(source)
                        for other in measured.get(scene_identity(learned, number), ()):
                            # Cross-fitted: this artifact is not used on its fold, so it may have seen all others.
                            same = scene_name(pictures, other) == scene_name(learned, number)
                            if not (same and source == data and fold is not None):
                                names = learned.name(number), pictures.name(other)
                                raise DataError(_leak(seen, *names, edge.model, data))


def _leak(training: str, learned: str, measured: str, model: str, data: str) -> str:
    if learned != measured:
        copy = f"{learned}, a copy of {measured}," if learned else measured
        return (
            f"training {training!r} learns from {copy} on which {model} is measured behind it; take one of the copies "
            "away, or train on other pictures"
        )
    return (
        f"training {training!r} learns from {measured}, on which {model} is measured behind it; give data {data!r} "
        "folds: 2 to cross-fit, or train on other pictures"
    )


def _block(data: DataSpec | WorldSpec, pictures: PictureSet) -> int:
    return (data.blocks if isinstance(data, DataSpec) else None) or together(pictures)


def _compression(content: Mapping[str, Any]) -> Compression:
    tables, before = content["tables"], tuple(_step(step) for step in content.get("before", ()))
    own = tables and tuple(tuple(table) for table in tables)
    return Compression(**{**content, "tables": own, "before": before})


def _step(content: Mapping[str, Any]) -> Compression | Resize | Crop:
    if "codec" in content:
        return _compression(content)
    return Crop(**content) if "pixels" in content else Resize(**content)
