"""The verb ``sheets``: pictures along the edges of a study, with what the model says of each, to be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jpegproof.analysis.by_picture import SCORED_TASKS, columns_of_scores
from jpegproof.analysis.chosen import Choice, choose
from jpegproof.analysis.rows import write_rows
from jpegproof.exceptions import DataError, StoreError, UnknownNameError, nearest
from jpegproof.probes.drawn import DrawnPicture, Picture, draw_maps
from jpegproof.probes.shown import Look, ShownPicture, show
from jpegproof.reports.figures import png
from jpegproof.reports.filenames import slugify
from jpegproof.reports.metrics import find_metric
from jpegproof.reports.names import edge_label, mitigation_label, plain
from jpegproof.reports.sheets import Sheet, SheetColumn, draw_sheet
from jpegproof.reports.write import replace_file
from jpegproof.studies.engine import find_hands, limited_threads
from jpegproof.studies.plan import Edge, Plan
from jpegproof.studies.run import STUDY_FILE
from jpegproof.studies.status import study_status
from jpegproof.studies.store import Store
from jpegproof.studies.study_file import load_study
from jpegproof.studies.train_artifact import artifact_paths
from jpegproof.studies.workshop import Workshop

#: The columns of the paper's Figure 10 between the JPEG as it is and the original.
PAPERS = ("off_the_shelf", "task_targeted", "supervised_fine_tuning")

_CALLED = {"largest_gain": "largest", "median": "median", "least_gain": "least"}


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One column of one sheet. One row of ``sheets/sheets.csv``.

    Attributes:
        sheet: the sheet's file name.
        rule: why the picture was chosen: ``largest_gain``, ``median``, ``least_gain``; ``named`` by the user.
        gain: points that the choosing cure gains on the picture; None for a named one.
        quality: None for the original.
        value: the metric of this picture alone, in percent; None where it could not be used.
        fault: why it could not.

    The other columns are those of `Result`.
    """

    sheet: str
    dataset: str
    picture: str
    rule: str
    gain: float | None
    model: str
    metric: str
    mitigation: str
    corrector: str
    quality: int | None
    value: float | None
    fault: str


@dataclass(frozen=True, slots=True)
class Sheets:
    """The sheets of a study.

    Attributes:
        folder: where they are.
        files: the sheets, as PNG.
        rows: every column of each, as in ``sheets.csv``.
    """

    folder: Path
    files: list[Path]
    rows: list[SheetRow]


def sheets(
    folder: str | Path,
    model: str | None = None,
    *,
    quality: int | None = None,
    cures: Sequence[str] = PAPERS,
    count: int = 1,
    pictures: Sequence[str] = (),
    device: str = "auto",
    threads: int | None = None,
    allow_code: bool = False,
) -> Sheets:
    """Draws pictures of a study along its edges, with what the model says: JPEG, each cure, original, truth.

    Which pictures is a rule's choice and nobody's: those on which task-targeted correction (or else the first of the
    cures) gains most, those on which it gains what is usual, and those on which it loses most, by the stored
    predictions. The networks are asked again, on the way on which the predictions were made. Writes ``sheets/*.png``
    and ``sheets/sheets.csv`` into the results folder.

    Args:
        folder: a results folder of `measure` or `study`; its data and its models' weights must be where they were.
        model: a semantic segmenter of the study; may be left out where there is one.
        quality: one of the study's; the lowest unless given.
        cures: mitigations that get a column for each of the study's edges, in this order; what the study does not have
            is left out of the paper's three, and an error where it was asked for.
        count: pictures per rule.
        pictures: names of pictures to draw, instead of those that the rules choose.
        device, threads: as of `study`.
        allow_code: whether models may come from entry points, which run their code.

    Raises:
        StoreError: the folder holds no study, or what is needed of it is not finished.
        UnknownNameError: there is no such model, quality, cure or picture.
        DataError: the pictures of the model's task cannot be drawn yet, or a picture cannot be used.
        JpegproofError: the data or a model is not there any more.
    """
    if count < 1:
        raise DataError(f"{count} pictures per rule cannot be drawn; use 1 or more")
    out = Path(folder).expanduser()
    status = study_status(out)
    plan, store = status.plan, Store(out)
    name = _model_of(plan, model)
    compression = _compression_of(plan, quality)
    edges = _edges_of(plan, name, cures)
    data = plan.shards[plan.cells_of(plan.reference_edge(name), 0)[0].shard].data
    hands = find_hands(device, 1, threads)
    workshop = Workshop(load_study(out / STUDY_FILE), hands.device, allow_code=allow_code)
    workshop.use(_trained(plan, store, edges))
    if pictures:
        chosen = _named(plan, workshop, data, pictures)
    else:
        chosen = choose(plan, store, status.finished, _chooser(edges), compression, count)
    with limited_threads(hands.threads):
        numbers = [choice.number for choice in chosen]
        shown = show(plan, workshop, data, numbers, edges, plan.compressions[compression])
    files, rows = [], list[SheetRow]()
    for choice, picture in zip(chosen, shown, strict=True):
        file = out / "sheets" / f"{_stem(picture, choice)}.png"
        drawn = draw_maps(picture, workshop.pictures(data).class_names)
        replace_file(file, png(draw_sheet(_sheet(picture, drawn, choice))))
        files.append(file)
        rows += _rows(file.name, data, picture, choice)
    write_rows(out / "sheets" / "sheets.csv", SheetRow, rows)
    return Sheets(out / "sheets", files, rows)


def _model_of(plan: Plan, wanted: str | None) -> str:
    """The model that is drawn."""
    drawable = [model for model, task in plan.tasks.items() if task in SCORED_TASKS]
    if wanted is None:
        if len(drawable) != 1:
            raise UnknownNameError(
                f"the study has {len(drawable)} models of the task {' or '.join(SCORED_TASKS)}; "
                + (f"name one of them: {', '.join(drawable)}" if drawable else "no other can be drawn yet")
            )
        return drawable[0]
    if wanted not in plan.tasks:
        raise UnknownNameError(
            f"model {wanted!r} is not in the study.{nearest(wanted, plan.tasks)} It has: {', '.join(plan.tasks)}"
        )
    columns_of_scores(plan.tasks[wanted])
    return wanted


def _compression_of(plan: Plan, quality: int | None) -> int:
    """The number of the compression that is drawn."""
    by_quality = {
        item.quality: place for place, item in enumerate(plan.compressions) if item.quality and not item.chain
    }
    wanted = min(by_quality) if quality is None else quality
    if wanted not in by_quality:
        raise UnknownNameError(
            f"quality {wanted} is not in the study; it has {', '.join(map(str, sorted(by_quality)))}"
        )
    return by_quality[wanted]


def _edges_of(plan: Plan, model: str, cures: Sequence[str]) -> list[Edge]:
    """The edges that get columns: without a cure first."""
    own = [edge for edge in plan.edges if edge.model == model]
    there = list(dict.fromkeys(edge.mitigation for edge in own if edge.mitigation != "none"))
    missing = [cure for cure in cures if cure not in there]
    if missing and tuple(cures) != PAPERS:
        raise UnknownNameError(
            f"cure {missing[0]!r} is not among those of {model}.{nearest(missing[0], there)} It has: {', '.join(there)}"
        )
    return [edge for cure in ("none", *cures) for edge in own if edge.mitigation == cure]


def _chooser(edges: Sequence[Edge]) -> Edge:
    """The edge by whose gains pictures are chosen."""
    cured = sorted(edges[1:], key=lambda edge: edge.mitigation != "task_targeted")
    if not cured:
        raise DataError("there is no cure by whose gains pictures could be chosen; name the pictures")
    return cured[0]


def _trained(plan: Plan, store: Store, edges: Sequence[Edge]) -> dict[tuple[str, int | None], Path]:
    """Where the trained things are that edges need."""
    paths = artifact_paths(plan.artifacts, store)
    for (training, _), path in paths.items():
        if any(training in (edge.corrector, edge.tuned) for edge in edges) and not path.exists():
            raise StoreError(f"training {training!r} is not done; run the study again")
    return paths


def _named(plan: Plan, workshop: Workshop, data: str, names: Sequence[str]) -> list[Choice]:
    """The pictures of the user's own choice."""
    held = workshop.pictures(data)
    used = {held.name(n): n for shard in plan.shards if shard.data == data for n in shard.pictures}
    for name in names:
        if name not in used:
            raise UnknownNameError(f"picture {name!r} is not among those of {data}.{nearest(name, used)}")
    return [Choice("named", place, used[name]) for place, name in enumerate(names, 1)]


def _stem(picture: ShownPicture, choice: Choice) -> str:
    return slugify(f"{picture.model} q{picture.compression.quality} {choice.rule.replace('_', ' ')} {choice.rank}")


def _sheet(picture: ShownPicture, drawn: DrawnPicture, choice: Choice) -> Sheet:
    metric = find_metric(picture.metric).label

    def column(look: Look, said: Picture | None, heading: str) -> SheetColumn:
        return SheetColumn(heading, look.pixels, said, look.fault or f"{metric} {look.score:.1f} %")

    mitigations = [look.edge.mitigation for look in picture.looks]
    columns = [
        column(look, said, _heading(look.edge, picture, mitigations.count(look.edge.mitigation) > 1))
        for look, said in zip(picture.looks, drawn.looks, strict=True)
    ]
    columns.append(column(picture.original, drawn.original, "Original"))
    columns.append(SheetColumn("Ground truth" if drawn.truth is not None else "", None, drawn.truth, ""))
    why = "" if choice.gain is None else f": the cure's {_CALLED[choice.rule]} gain ({choice.gain:+.1f} points)"
    return Sheet(f"{plain(picture.name)}, {plain(picture.model)}{why}", columns, drawn.legend)


def _heading(edge: Edge, picture: ShownPicture, shared: bool) -> str:
    if edge.mitigation == "none":
        return f"JPEG, quality {picture.compression.quality}"
    label = (
        edge_label(edge.mitigation, edge.tuned or edge.corrector, True) if shared else mitigation_label(edge.mitigation)
    )
    return label.replace(" Artifact Correction", "")  # a column is narrow


def _rows(sheet: str, data: str, picture: ShownPicture, choice: Choice) -> Iterator[SheetRow]:
    for look in (*picture.looks, picture.original):
        yield SheetRow(
            sheet=sheet,
            dataset=data,
            picture=picture.name,
            rule=choice.rule,
            gain=choice.gain,
            model=picture.model,
            metric=picture.metric,
            mitigation=look.edge.mitigation,
            corrector=look.edge.corrector,
            quality=None if look is picture.original else picture.compression.quality,
            value=look.score,
            fault=look.fault,
        )
