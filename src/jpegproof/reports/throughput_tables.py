"""Tables of how fast each model is behind each cure, and of how much memory it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jpegproof.analysis.speed import STAGES, WHOLE, Speed
from jpegproof.reports.filenames import slugify
from jpegproof.reports.latex import escape_latex
from jpegproof.reports.markdown import escape_markdown
from jpegproof.reports.names import MITIGATION_LABELS, edge_label, plain
from jpegproof.reports.tables import DASH

HEADS = (
    "Inference (images/s)",
    "of none",
    *(f"{stage} (ms)" for stage in STAGES),
    "Memory (MB)",
    "Training (images/s)",
    "Memory in training (MB)",
)


@dataclass(frozen=True, slots=True)
class SpeedLine:
    """One edge.

    Attributes:
        model: its name in the study.
        mitigation: as in `Speed`.
        corrector: as in `Speed`.
        label: the edge's display name.
        inference: the whole of it; None where it could not be measured.
        share: its images per second over those without a cure; None where either is missing.
        stages: milliseconds per picture of each of `STAGES`; None for one that the edge does not have.
        training: a step of the optimiser; None where nothing is trained.
    """

    model: str
    mitigation: str
    corrector: str
    label: str
    inference: Speed | None
    share: float | None
    stages: tuple[float | None, ...]
    training: Speed | None

    @property
    def edge(self) -> tuple[str, str]:
        """Its mitigation and corrector, by which it has its colour."""
        return self.mitigation, self.corrector


@dataclass(frozen=True, slots=True)
class SpeedTable:
    """All edges on one machine with so many pictures at once.

    Attributes:
        stem: its file name without the ending.
        caption: one line that says what the numbers are.
        setting: device, threads, and pictures at once.
        lines: model by model, rows of each in the paper's order.
    """

    stem: str
    caption: str
    setting: tuple[str, int, int]
    lines: tuple[SpeedLine, ...]

    @property
    def models(self) -> list[str]:
        """The models, in order."""
        return list(dict.fromkeys(line.model for line in self.lines))


def build_speed_tables(speeds: Sequence[Speed]) -> list[SpeedTable]:
    """One table per device, number of threads and batch, in the order in which they first appear."""
    groups: dict[tuple[str, int, int], list[Speed]] = {}
    for speed in speeds:
        groups.setdefault((*speed.machine, speed.batch), []).append(speed)
    return [_table(*key, rows) for key, rows in groups.items()]


def speed_text(value: float | None) -> str:
    """Images per second, megabytes or milliseconds, with three digits that count."""
    if value is None:
        return DASH
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def line_texts(line: SpeedLine) -> list[str]:
    """The cells of a line below `HEADS`; quartiles in brackets behind the speeds."""
    return [
        _with_quartiles(line.inference),
        DASH if line.share is None else f"{100 * line.share:.0f} %",
        *(speed_text(stage) for stage in line.stages),
        _megabytes(line.inference),
        _with_quartiles(line.training),
        _megabytes(line.training),
    ]


def line_numbers(line: SpeedLine) -> list[float | None]:
    """What the cells of a line are sorted by; None where there is no number."""
    inference, training = line.inference, line.training
    return [
        inference and inference.images_per_second,
        line.share,
        *line.stages,
        inference and inference.peak_memory_bytes,
        training and training.images_per_second,
        training and training.peak_memory_bytes,
    ]


def speed_markdown(table: SpeedTable) -> str:
    """A table as GitHub-flavoured Markdown under its caption, ending in a newline."""
    lines = [
        f"**{escape_markdown(table.caption)}**",
        "",
        "| Model | Mitigation | " + " | ".join(HEADS) + " |",
        "| --- | --- |" + " ---: |" * len(HEADS),
    ]
    for name, line in _named(table):
        cells = [escape_markdown(name), escape_markdown(line.label), *line_texts(line)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def speed_latex(table: SpeedTable) -> str:
    r"""A table as a floating ``table``; the document needs ``\usepackage{booktabs}``.

    As in the paper's Figure 19 it holds inference and training; stages and memory are in ``throughput.csv``.
    """
    heads = ["Model", "Mitigation", HEADS[0], HEADS[1], "Training (images/s)"]
    body = []
    for name, line in _named(table):
        body += [r"    \midrule"] if name and body else []
        texts = line_texts(line)
        share = texts[1].replace("%", r"\%")
        numbers = [text.replace(DASH, "--") for text in (texts[0], share, texts[-2])]
        # After a line's end a bracket would be read as an option of \\.
        cells = [escape_latex(name), escape_latex(line.label), *numbers]
        body.append("    " + " & ".join(cells) + r" \\")
    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            rf"  \caption{{{escape_latex(table.caption)}}}",
            rf"  \label{{tab:{table.stem}}}",
            r"  \begin{tabular}{llrrr}",
            r"    \toprule",
            "    " + " & ".join(heads) + r" \\",
            r"    \midrule",
            *body,
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _table(device: str, threads: int, batch: int, speeds: Sequence[Speed]) -> SpeedTable:
    used = [speed for speed in speeds if speed.phase == "inference"] or speeds
    sizes, qualities = (dict.fromkeys(getattr(speed, name) for speed in used) for name in ("picture_size", "qualities"))
    stored = f"{' or '.join(sizes)} pixels at quality {' or '.join(qualities).replace('+', ', ')}"
    where = f"{device}, {threads} {'thread' if threads == 1 else 'threads'}"
    models: dict[str, list[tuple[str, str]]] = {}
    for speed in speeds:
        edges = models.setdefault(speed.model, [])
        edges += [] if (speed.mitigation, speed.corrector) in edges else [(speed.mitigation, speed.corrector)]
    return SpeedTable(
        stem=slugify(f"throughput {device} {threads} batch {batch}"),
        caption=f"Images per second at batch {batch} on {where}; JPEGs of {stored}; with quartiles",
        setting=(device, threads, batch),
        lines=tuple(
            _line(model, edge, edges, speeds) for model, edges in models.items() for edge in sorted(edges, key=_rank)
        ),
    )


def _line(model: str, edge: tuple[str, str], edges: Sequence[tuple[str, str]], speeds: Sequence[Speed]) -> SpeedLine:
    def find(wanted: tuple[str, str], phase: str, stage: str) -> Speed | None:
        here = (model, *wanted)
        return next((s for s in speeds if s.edge == here and s.phase == phase and s.stage == stage), None)

    inference, untreated = (find(each, "inference", WHOLE) for each in (edge, ("none", "identity")))
    parts = [find(edge, "inference", stage) for stage in STAGES]
    return SpeedLine(
        model=model,
        mitigation=edge[0],
        corrector=edge[1],
        label=edge_label(*edge, shared=[name for name, _ in edges].count(edge[0]) > 1),
        inference=inference,
        share=inference.images_per_second / untreated.images_per_second if inference and untreated else None,
        stages=tuple(None if part is None else 1000 * part.seconds for part in parts),
        training=find(edge, "training", WHOLE),
    )


def _rank(edge: tuple[str, str]) -> int:
    known = list(MITIGATION_LABELS)
    return known.index(edge[0]) if edge[0] in known else len(known)


def _named(table: SpeedTable) -> list[tuple[str, SpeedLine]]:
    """Each line, with its model's name where that is the first of them."""
    before = [None, *(line.model for line in table.lines)]
    return [
        ("" if line.model == last else plain(line.model), line) for last, line in zip(before, table.lines, strict=False)
    ]


def _with_quartiles(speed: Speed | None) -> str:
    if speed is None:
        return DASH
    return f"{speed_text(speed.images_per_second)} [{speed_text(speed.low)}, {speed_text(speed.high)}]"


def _megabytes(speed: Speed | None) -> str:
    return DASH if speed is None or speed.peak_memory_bytes is None else f"{speed.peak_memory_bytes / 1e6:,.0f}"
