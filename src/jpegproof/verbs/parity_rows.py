"""The rows of a comparison of servers, from what these made of each file and what the model said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from jpegproof.analysis.by_picture import SCORED_TASKS, picture_scores
from jpegproof.analysis.parity.metrics import ServerMetrics
from jpegproof.analysis.parity.pixels import pooled
from jpegproof.analysis.parity.rows import BlameRow, KindRow, PictureRow, ServerRow
from jpegproof.probes.parity.decoders import DECODERS, Size
from jpegproof.probes.parity.serve import Served
from jpegproof.probes.parity.servers import Server


def server_row(server: Server, reference: Server, served: Served, scope: Mapping[str, Any]) -> ServerRow:
    """What a server makes of the pictures that the reference can use. `scope` holds task, dataset and model."""
    reasons = served.answers[server.name].column("skipped").to_pylist()
    known = [reason is None for reason in served.answers[reference.name].column("skipped").to_pylist()]
    passed = served.passed[server.name]
    before = pooled(one.decoded for one, usable in zip(passed, known, strict=True) if usable)
    after = pooled(one.framed for one, usable in zip(passed, known, strict=True) if usable)
    return ServerRow(
        **scope,
        server=server.name,
        decoder=server.decoder,
        resizer=server.resizer,
        step=server.step_from(reference),
        n=sum(reason is None for reason in reasons),
        failed=sum(
            reason is not None and (usable or server == reference)
            for reason, usable in zip(reasons, known, strict=True)
        ),
        decoded_n=before.n,
        decoded_psnr=before.psnr,
        decoded_mean=before.mean,
        decoded_largest=before.largest,
        input_n=after.n,
        input_psnr=after.psnr,
        input_mean=after.mean,
        input_largest=after.largest,
    )


def blame_rows(
    servers: Sequence[Server], reference: Server, metrics: ServerMetrics, scope: Mapping[str, Any]
) -> list[BlameRow]:
    """Of each server that changes both steps, which of them costs more; needs the servers that change one of them."""
    found = [
        metrics.blame(
            server.name,
            replace(reference, decoder=server.decoder).name,
            replace(reference, resizer=server.resizer).name,
            scope,
        )
        for server in servers
        if server.step_from(reference) == "both"
    ]
    return [row for row in found if row is not None]


def kind_rows(
    servers: Sequence[Server], reference: Server, served: Served, metrics: ServerMetrics, scope: Mapping[str, Any]
) -> list[KindRow]:
    """What decoders make of files of a kind, the reference's resizing kept."""
    known = [reason is None for reason in served.answers[reference.name].column("skipped").to_pylist()]
    usual = [passed.size for passed in served.passed[reference.name]]
    rows = []
    for kind in dict.fromkeys(kind for file in served.files for kind in file.kinds):
        places = [place for place, file in enumerate(served.files) if kind in file.kinds and known[place]]
        for server in (one for one in servers if one.step_from(reference) == "decoder"):
            passed = [served.passed[server.name][place] for place in places]
            agreed = metrics.of_pictures(server.name, "agreement")
            answers = served.answers[server.name].column("skipped").to_pylist()
            share = None if agreed is None else agreed[places]
            share = None if share is None or not np.isfinite(share).any() else float(np.nanmean(share))
            shrinks, pixels = DECODERS[server.decoder].shrinks, pooled(one.decoded for one in passed)
            other = [
                one.size is not None
                and one.size != usual[place]
                and not (shrinks and _is_fraction(one.size, usual[place]))
                for place, one in zip(places, passed, strict=True)
            ]
            rows.append(
                KindRow(
                    **scope,
                    kind=kind,
                    server=server.name,
                    decoder=server.decoder,
                    pictures=len(places),
                    failed=sum(answers[place] is not None for place in places),
                    other_size=sum(other),
                    decoded_psnr=pixels.psnr,
                    decoded_mean=pixels.mean,
                    agreement=share,
                )
            )
    return rows


def _is_fraction(size: Size | None, whole: Size | None) -> bool:
    if size is None or whole is None:
        return False
    return any(size == tuple(-(-side // part) for side in whole) for part in (2, 4, 8))


def picture_rows(task: str, served: Served, metrics: ServerMetrics) -> list[PictureRow]:
    """Each picture through each server."""
    reference = served.answers[metrics.reference]
    rows = []
    for server, table in served.answers.items():
        agreement, distance = (metrics.of_pictures(server, name) for name in ("agreement", "distance"))
        scores, score_name = None, ""
        if task in SCORED_TASKS and metrics.metrics[server]:
            found = picture_scores(task, table, reference)
            scores, score_name = found.values, found.metric
        for place, reason in enumerate(table.column("skipped").to_pylist()):
            passed, file = served.passed[server][place], served.files[place]
            size = passed.size or (None, None)
            rows.append(
                PictureRow(
                    picture=served.names[place],
                    server=server,
                    own_file=file.own,
                    subsampling=file.subsampling,
                    colours=file.colours,
                    orientation=file.orientation,
                    height=size[0],
                    width=size[1],
                    decoded_mse=passed.decoded and passed.decoded.mean_square,
                    decoded_mean=passed.decoded and passed.decoded.mean,
                    decoded_largest=passed.decoded and passed.decoded.largest,
                    input_mse=passed.framed and passed.framed.mean_square,
                    input_mean=passed.framed and passed.framed.mean,
                    input_largest=passed.framed and passed.framed.largest,
                    agreement=_number(agreement, place),
                    distance=_number(distance, place),
                    score=_number(scores, place),
                    score_name=score_name,
                    reason=reason or "",
                )
            )
    return rows


def _number(values: Any, place: int) -> float | None:
    return None if values is None or not np.isfinite(values[place]) else float(values[place])
