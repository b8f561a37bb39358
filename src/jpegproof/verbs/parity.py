"""The verb ``parity``: what does it cost that the server decodes and resizes otherwise than the training code did?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jpegproof.analysis.parity.metrics import ServerMetrics
from jpegproof.analysis.parity.rows import BlameRow, KindRow, MetricRow, PictureRow, ServerRow
from jpegproof.analysis.rows import write_rows
from jpegproof.data.scenes import together
from jpegproof.exceptions import DataError, JpegproofError
from jpegproof.models.model import Model
from jpegproof.probes.parity.decoders import DECODERS
from jpegproof.probes.parity.libraries import version_of
from jpegproof.probes.parity.resizers import RESIZERS, own_resizer
from jpegproof.probes.parity.serve import Serving
from jpegproof.probes.parity.servers import Absent, Server, parse_server, usual_servers, with_single_steps
from jpegproof.reports.parity_text import parity_sentences
from jpegproof.reports.write_parity import write_parity
from jpegproof.silence import Silence
from jpegproof.studies.engine import find_hands, limited_threads
from jpegproof.studies.environment import environment
from jpegproof.studies.run import Progress
from jpegproof.studies.store import write_whole
from jpegproof.studies.workshop import Workshop
from jpegproof.verbs.parity_rows import blame_rows, kind_rows, picture_rows, server_row
from jpegproof.verbs.parity_subject import find_subject

#: What pictures that are no JPEGs are saved at: what Pillow, and libjpeg itself, do where nobody says a quality.
QUALITY = 75


@dataclass(frozen=True, slots=True)
class Parity:
    """What servers cost.

    Attributes:
        folder: where everything was written.
        reference: the server that the others are compared with: decoder and resizer.
        servers: one row per server, as in ``parity_servers.csv``; the reference first.
        metrics: one row per server and metric, as in ``parity_metrics.csv``.
        blames: which step of a server that changes both costs more, as in ``parity_blame.csv``.
        kinds: what servers make of unusual files, as in ``parity_kinds.csv``.
        pictures: one row per picture and server, as in ``parity.csv``.
        absent: what was not compared, since its library is not installed.
        figures: as PNG; beside each lie an SVG and a PDF.
        said: the findings in plain words.
    """

    folder: Path
    reference: str
    servers: list[ServerRow]
    metrics: list[MetricRow]
    blames: list[BlameRow]
    kinds: list[KindRow]
    pictures: list[PictureRow]
    absent: list[Absent]
    figures: list[Path]
    said: list[str]


def parity(
    model: str | Model,
    data: str | Path,
    *,
    servers: Sequence[str] = (),
    reference: str | None = None,
    quality: int = QUALITY,
    out: str | Path | None = None,
    weights: str | Path | None = None,
    task: str | None = None,
    layout: str = "auto",
    classes: str | Path | None = None,
    annotations: str | Path | None = None,
    labels: str | Path | None = None,
    void: str | int | Sequence[str | int] = (),
    equalise: bool = False,
    limit: int | None = None,
    preparation: Mapping[str, Any] | None = None,
    batch_size: int | None = None,
    device: str = "auto",
    threads: int | None = None,
    seed: int = 0,
    allow_code: bool = False,
    progress: Progress | None = None,
) -> Parity:
    """Compares ways of decoding and resizing the same files: pixels, the model's inputs, its outputs, its metric.

    Size, crop and normalisation are the model's own with every server, so that what differs is the decoder, the
    resizer, or both. A picture that a server cannot read is a row with the reason.

    Args:
        model, data, weights, task, layout, classes, annotations, labels, void, equalise, limit, preparation: as
            `measure` takes them.
        servers: what is compared: ``DECODER+RESIZER`` (``opencv+opencv-linear``), or one of the two, the other being
            the reference's. Of each that changes both, both are compared by themselves too. Unless given: every
            installed decoder, every resizer, and combinations that are common in use.
        reference: what they are compared with, written alike; Pillow and the model's own resizing unless given, as
            models are measured everywhere else.
        quality: libjpeg's, 1 to 100, at which pictures that are no JPEGs are saved first, so that all decode the same
            bytes. JPEGs are taken as they are.
        out: the results folder; ``out/parity-MODEL-DATA`` unless given.
        batch_size: pictures at once.
        device, threads: as in `measure`.
        seed: of the bootstrap and of random weights.
        allow_code: as in `measure`.
        progress: hears how it goes.

    Raises:
        UnknownNameError: there is no such decoder or resizer.
        MissingExtraError: a named one needs a library that is not installed.
        DataError: the reference can use none of the pictures.
        JpegproofError: the data, the model or the results folder is at fault; the message says how to mend it.
    """
    if not isinstance(quality, int) or not 1 <= quality <= 100:
        raise JpegproofError(f"quality: {quality!r} is none of libjpeg's; use a whole number from 1 to 100")
    subject = find_subject(
        model,
        data,
        out,
        allow_code,
        seed,
        weights=weights,
        task=task,
        layout=layout,
        classes=classes,
        annotations=annotations,
        labels=labels,
        void=void,
        equalise=equalise,
        limit=limit,
        preparation=preparation,
        batch_size=batch_size,
    )
    hands, heard = find_hands(device, 1, threads), progress or Silence()
    workshop = Workshop(subject.spec, hands.device, subject.models, subject.allow_code)
    built = workshop.model(subject.model)
    first = Server("pillow", own_resizer(built.preparation))
    first = parse_server(reference, first) if reference is not None else first
    others, absent = _servers(servers, first)
    pictures, numbers = workshop.pictures(subject.data), workshop.chosen(subject.data)
    subject.make_folder()
    heard.begin(len(numbers), 0)
    with limited_threads(hands.threads):
        size = workshop.batch_size(subject.model)
        served = Serving(built, pictures, first, others, quality, size).run(numbers, heard.advance)
    if all(reason is not None for reason in served.answers[first.name].column("skipped").to_pylist()):
        reason = served.answers[first.name].column("skipped")[0].as_py()
        raise DataError(f"{data}: the reference {first.name} can use none of the {len(numbers)} pictures: {reason}")
    scope = {"task": built.task.name, "dataset": subject.data, "model": subject.model}
    metrics = ServerMetrics(built.task.name, served.answers, seed, together(pictures))
    rows = [server_row(server, first, served, scope) for server in (first, *others)]
    found = metrics.rows(scope)
    blames = blame_rows(others, first, metrics, scope)
    kinds = kind_rows([first, *others], first, served, metrics, scope)
    told = picture_rows(built.task.name, served, metrics)
    for name, kind, content in (
        ("parity.csv", PictureRow, told),
        ("parity_servers.csv", ServerRow, rows),
        ("parity_metrics.csv", MetricRow, found),
        ("parity_blame.csv", BlameRow, blames),
        ("parity_kinds.csv", KindRow, kinds),
    ):
        write_rows(subject.folder / name, kind, content)
    facts = {
        **environment(hands.device, 1, hands.threads),
        "reference": first.name,
        "quality of what was saved": quality,
        "pictures": len(numbers),
        "pictures that were JPEGs": sum(file.own for file in served.files),
        "seed": seed,
        "decoders and resizers": _versions([first, *others]),
        "absent": [asdict(item) for item in absent],
    }
    del facts["resize"], facts["JPEG decoding"]  # which are what is compared
    write_whole(subject.folder / "parity.json", json.dumps(facts, indent=2) + "\n")
    said = parity_sentences(rows, found, blames, kinds, [(item.name, item.package, item.extra) for item in absent])
    figures = write_parity(rows, found, said, subject.folder)
    return Parity(subject.folder, first.name, rows, found, blames, kinds, told, absent, figures, said)


def _servers(wanted: Sequence[str], reference: Server) -> tuple[list[Server], list[Absent]]:
    """What is compared, and what cannot be since its library is not there."""
    if not wanted:
        found, absent = usual_servers(reference)
        return with_single_steps(found, reference), absent
    named = [parse_server(text, reference) for text in wanted]
    others = with_single_steps(named, reference)
    if not others:
        raise JpegproofError(
            f"servers: there is nothing to compare with the reference {reference.name}; name another decoder or resizer"
        )
    return others, []


def _versions(servers: Sequence[Server]) -> dict[str, dict[str, str]]:
    """What each decoder and resizer is, and of which version."""
    parts = [DECODERS[server.decoder] for server in servers]
    parts += [RESIZERS[server.resizer] for server in servers if server.resizer]
    return {part.name: {"is": part.does, "version": version_of(part.library)} for part in dict.fromkeys(parts)}
