"""A comparison of servers in plain words: which step costs most, and what the pictures cannot tell from nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jpegproof.analysis.parity.rows import SUBSAMPLED, BlameRow, KindRow, MetricRow, ServerRow
from jpegproof.reports.metrics import find_metric, headline_metric
from jpegproof.reports.names import plain
from jpegproof.reports.tables import format_number
from jpegproof.reports.wording import count, format_interval, untold

#: Every metric of every server: (server, metric) to its row.
Found = Mapping[tuple[str, str], MetricRow]

_NAMED = "; "


def parity_sentences(
    servers: Sequence[ServerRow],
    metrics: Sequence[MetricRow],
    blames: Sequence[BlameRow],
    kinds: Sequence[KindRow],
    absent: Sequence[tuple[str, str, str]],
) -> list[str]:
    """The findings, one a line.

    Args:
        servers: of ``parity_servers.csv``, the reference first.
        metrics: of ``parity_metrics.csv``.
        blames: of ``parity_blame.csv``.
        kinds: of ``parity_kinds.csv``.
        absent: names of decoders and resizers that were left out, the package each needs, and the extra that brings it.
    """
    found: Found = {(row.server, row.metric): row for row in metrics}
    metric = shown_metric(metrics)
    reference, others = servers[0], servers[1:]
    lines = [_reference(reference, found, metric)]
    same = [row for row in others if _is_same(row)]
    if same:
        lines.append(f"The model's input is the same in every pixel with {_listed(same)}.")
    for step in ("decoder", "resizer"):
        dearest = _dearest([row for row in others if row.step == step and not _is_same(row)], found)
        if dearest is not None:
            part = dearest.decoder if step == "decoder" else dearest.resizer
            lines.append(f"The {step} that costs most is {part}: {cost_text(dearest, found, metric)}.")
    for blame in blames:
        row = next(row for row in others if row.server == blame.server)
        lines.append(f"{row.server}: {cost_text(row, found, metric)}. {_blame(blame, row)}")
    if metric is not None and others:
        lines.append(_noise(others, found, metric))
    lines += _not_compared(servers)
    lines += _kinds(kinds, reference.n)
    if absent:
        packages = dict.fromkeys(package for _, package, _ in absent)
        names = ", ".join(name for name, _, _ in absent)
        lines.append(
            f"Not compared, since {_joined(list(packages))} {'is' if len(packages) == 1 else 'are'} not installed: "
            f"{names}. Install with: pip install 'jpegproof[{absent[0][2]}]'."
        )
    return lines


def shown_metric(metrics: Sequence[MetricRow]) -> str | None:
    """The task's own metric, which needs labels; None where there are none."""
    chosen = headline_metric(list(dict.fromkeys(row.metric for row in metrics)))
    changes = any(row.metric == chosen and row.change is not None for row in metrics)
    return chosen if changes and chosen != "agreement" else None


def cost_text(row: ServerRow, found: Found, metric: str | None) -> str:
    """What a server costs: agreement or else distance, then the task's own metric."""
    parts = []
    agreement, distance = (found.get((row.server, name)) for name in ("agreement", "distance"))
    if agreement is not None and agreement.value is not None:
        interval = format_interval(agreement.ci_low, agreement.ci_high, 1)
        parts.append(f"{format_number(agreement.value, 1)} % agreement with the reference {interval}".rstrip())
    elif distance is not None and distance.value is not None:
        parts.append(f"outputs {distance.value:.3g} away from the reference's")
    own = found.get((row.server, metric or ""))
    if own is not None and own.change is not None:
        what = find_metric(own.metric)
        unit = "points" if what.is_percentage else what.unit
        interval = format_interval(own.change_low, own.change_high, 1)
        change = _signed(own.change, 1)
        told = "" if is_told(own) else f", {untold(own.n)}"
        parts.append(f"{what.inline_label} {change} {unit} {interval}".rstrip() + told)
    return ", ".join(parts) or "no answer can be compared"


def called(row: ServerRow) -> str:
    """A server in a sentence, where the step that it shares with the reference goes without saying."""
    return {"decoder": f"decoder {row.decoder}", "resizer": f"resizer {row.resizer}"}.get(row.step, row.server)


def is_told(row: MetricRow) -> bool:
    """Whether a change can be told apart from zero."""
    return row.change_low is not None and row.change_high is not None and (row.change_low > 0 or row.change_high < 0)


def _reference(row: ServerRow, found: Found, metric: str | None) -> str:
    line = f"{plain(row.model)} on {plain(row.dataset)}, {count(row.n, 'picture')}; compared with {row.server}"
    own = found.get((row.server, metric or ""))
    if own is None or own.value is None:
        return f"{line}."
    what = find_metric(own.metric)
    interval = format_interval(own.ci_low, own.ci_high, 1)
    unit = f" {what.unit}" if what.unit else ""
    return f"{line}, whose {what.inline_label} is {format_number(own.value, 1)}{unit} {interval}".rstrip() + "."


def _is_same(row: ServerRow) -> bool:
    return row.input_largest == 0 and row.failed == 0


def _dearest(rows: Sequence[ServerRow], found: Found) -> ServerRow | None:
    """The server that agrees least with the reference; of equals the one whose outputs are farthest away."""

    def cost(row: ServerRow) -> tuple[float, float]:
        agreement, distance = (found.get((row.server, name)) for name in ("agreement", "distance"))
        kept = 100.0 if agreement is None or agreement.value is None else agreement.value
        return 100.0 - kept, 0.0 if distance is None or distance.value is None else distance.value

    return max(rows, key=cost, default=None)


def _blame(blame: BlameRow, row: ServerRow) -> str:
    if blame.metric == "agreement":
        what, decimals = "points of agreement", 1
        costs = [format_number(cost, 1) for cost in (blame.decoder_cost, blame.resizer_cost)]
    else:
        what, decimals = "in the distance of outputs", 4
        costs = [f"{cost:.3g}" for cost in (blame.decoder_cost, blame.resizer_cost)]
    interval = format_interval(blame.ci_low, blame.ci_high, decimals)
    apart = f"{row.resizer} alone costs {costs[1]} {what}, {row.decoder} alone {costs[0]}"
    difference = f"difference {_signed(blame.difference, decimals)} {interval}".rstrip()
    if blame.blamed:
        return f"The {blame.blamed} is to blame ({apart}; {difference})."
    return f"Neither step can be told to cost more ({apart}; {difference})."


def _noise(rows: Sequence[ServerRow], found: Found, metric: str) -> str:
    changes = [own for row in rows if (own := found.get((row.server, metric))) is not None and own.change is not None]
    told = [own for own in changes if is_told(own)]
    servers = {row.server: row for row in rows}
    label = find_metric(metric).inline_label
    n = max((own.n for own in changes), default=0)
    if not told:
        return f"No change of {label} is told apart from zero with these {count(n, 'picture')}."
    texts = [
        f"{called(servers[own.server])} {_signed(own.change or 0.0, 1)} "
        + format_interval(own.change_low, own.change_high, 1)
        for own in told
    ]
    rest = len(changes) - len(told)
    after = f"; {rest} of {len(changes)} servers are within noise" if rest else ""
    return f"Changes of {label} that are told apart from zero: {_NAMED.join(texts)}{after}."


def _not_compared(servers: Sequence[ServerRow]) -> list[str]:
    lines = []
    for row in servers[1:]:
        if row.step == "decoder" and row.decoded_n < row.n:
            lines.append(
                f"{called(row)} decoded {row.n - row.decoded_n} of {count(row.n, 'picture')} at another size than the "
                "reference, whose pixels are not compared before resizing."
            )
    if servers[0].failed:
        lines.append(f"The reference cannot use {count(servers[0].failed, 'picture')}; the reasons are in parity.csv.")
    for row in servers[1:]:
        if row.failed:
            lines.append(
                f"{called(row)} has no answer about {count(row.failed, 'picture')} that the reference can use; the "
                "reasons are in parity.csv."
            )
    return lines


def _kinds(kinds: Sequence[KindRow], whole: int) -> list[str]:
    """Unusual files, and which decoders treat them otherwise than the reference; subsampled ones where not all are."""
    lines = []
    for kind in dict.fromkeys(row.kind for row in kinds):
        rows = [row for row in kinds if row.kind == kind]
        if kind == SUBSAMPLED:
            lines += [_subsampled(rows, whole)] if 0 < rows[0].pictures < whole else []
            continue
        texts = []
        for row in rows:
            if row.failed:
                texts.append(f"{row.decoder} has no answer about {row.failed}")
            elif row.other_size:
                texts.append(f"{row.decoder} turns {row.other_size}")
            elif row.decoded_mean is not None and row.decoded_mean >= _OTHER_PICTURE:
                texts.append(f"{row.decoder} decodes them {row.decoded_mean:.1f} levels away on average")
        n = rows[0].pictures
        verb = "is" if n == 1 else "are"
        said = "; ".join(texts) or "all decoders treat them as the reference does"
        lines.append(f"{count(n, 'picture')} {verb} {kind}: {said}.")
    return lines


def _subsampled(rows: Sequence[KindRow], whole: int) -> str:
    """How few files there were to show what a decoder does about chroma, and what it did to them."""
    texts = []
    for row in rows:
        if row.decoded_psnr is not None:
            agreed = "" if row.agreement is None else f" and {format_number(row.agreement, 1)} % agreement"
            texts.append(f"{row.decoder} {row.decoded_psnr:.1f} dB{agreed}")
    said = f"; on these alone: {_NAMED.join(texts)}" if texts else ""
    return (
        f"Of {count(whole, 'picture')} {rows[0].pictures} have subsampled chroma, without which none is repeated{said}."
    )


#: Above so many levels on average, what was decoded is no mere rounding or interpolation.
_OTHER_PICTURE = 8.0


def _listed(rows: Sequence[ServerRow]) -> str:
    return _joined([called(row) for row in rows])


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _signed(value: float, decimals: int) -> str:
    shown = format_number(value, decimals).replace("-", "\N{MINUS SIGN}")
    return shown if value <= 0 or float(format_number(value, decimals)) == 0 else f"+{shown}"
