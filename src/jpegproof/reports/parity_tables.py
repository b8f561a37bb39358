"""The table of a comparison of servers: pixels, inputs, outputs and the metric, one line a server."""

from __future__ import annotations

from collections.abc import Sequence

from jpegproof.analysis.parity.rows import MetricRow, ServerRow
from jpegproof.reports.latex import escape_latex
from jpegproof.reports.markdown import escape_markdown
from jpegproof.reports.metrics import find_metric
from jpegproof.reports.names import plain
from jpegproof.reports.parity_text import is_told, shown_metric
from jpegproof.reports.tables import DASH, format_number
from jpegproof.reports.wording import format_interval

SAME = "same"
"""What stands in place of a PSNR where no pixel differs."""

_STEPS = {"": "reference", "decoder": "decoder", "resizer": "resizer", "both": "both"}


def parity_caption(servers: Sequence[ServerRow]) -> str:
    """What the table shows, in one line."""
    first = servers[0]
    return (
        f"{plain(first.model)} on {plain(first.dataset)}, {first.n} pictures: servers against {first.server}; "
        "PSNR in dB and differences in 8-bit levels from its pixels, 95 % intervals, changes told apart from zero with "
        "an asterisk"
    )


def parity_heads(metrics: Sequence[MetricRow]) -> list[str]:
    """The columns' heads behind the server's name and what changed."""
    metric = shown_metric(metrics)
    own = [] if metric is None else [find_metric(metric).label, "Change, paired"]
    return [
        "Decoded PSNR",
        "Decoded mean / largest",
        "Input PSNR",
        "Input mean / largest",
        "Output distance",
        "Agreement (%)",
        *own,
    ]


def parity_cells(row: ServerRow, metrics: Sequence[MetricRow]) -> list[str]:
    """A server's cells below `parity_heads`."""
    found = {own.metric: own for own in metrics if own.server == row.server}
    first, metric = not row.step, shown_metric(metrics)
    before = (row.decoded_n, row.decoded_psnr, row.decoded_mean, row.decoded_largest, row.n)
    after = (row.input_n, row.input_psnr, row.input_mean, row.input_largest, row.n)
    distance, agreement = found.get("distance"), found.get("agreement")
    cells = [text for part in (before, after) for text in ((DASH, DASH) if first else _pixels(*part))]
    cells.append(DASH if distance is None or distance.value is None else f"{distance.value:.3g}")
    cells.append(DASH if agreement is None else _with_interval(agreement.value, agreement.ci_low, agreement.ci_high))
    if metric is not None:
        own = found.get(metric)
        cells.append(DASH if own is None else _with_interval(own.value, own.ci_low, own.ci_high))
        change = DASH if own is None else _with_interval(own.change, own.change_low, own.change_high)
        cells.append(f"{change} *" if own is not None and is_told(own) else change)
    return cells


def parity_markdown(servers: Sequence[ServerRow], metrics: Sequence[MetricRow], said: Sequence[str]) -> str:
    """The findings and the table as GitHub-flavoured Markdown, ending in a newline."""
    heads = ["Server", "Differs in", *parity_heads(metrics)]
    lines = [*(f"- {escape_markdown(line)}" for line in said), ""]
    lines += [f"**{escape_markdown(parity_caption(servers))}**", "", _line(heads)]
    lines.append(_line(["---", "---", *["---:"] * (len(heads) - 2)]))
    for row in servers:
        cells = [row.server, _STEPS[row.step], *parity_cells(row, metrics)]
        lines.append(_line([escape_markdown(cell) for cell in cells]))
    return "\n".join(lines) + "\n"


def parity_latex(servers: Sequence[ServerRow], metrics: Sequence[MetricRow]) -> str:
    r"""The table as a floating ``table`` in small type; the document needs ``\usepackage{booktabs}``.

    Without the mean and largest differences, which are in ``parity_servers.csv``.
    """
    kept = [place for place, head in enumerate(parity_heads(metrics)) if "largest" not in head]
    heads = ["Server", *(parity_heads(metrics)[place] for place in kept)]
    body = []
    for row in servers:
        cells = parity_cells(row, metrics)
        texts = [row.server, *(cells[place] for place in kept)]
        shown = [escape_latex(text).replace(DASH, "--").replace("\N{MINUS SIGN}", "$-$") for text in texts]
        body.append("    " + " & ".join(shown) + r" \\")
    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering\footnotesize",
            rf"  \caption{{{escape_latex(parity_caption(servers))}}}",
            r"  \label{tab:parity}",
            rf"  \begin{{tabular}}{{l{'r' * len(kept)}}}",
            r"    \toprule",
            "    " + " & ".join(escape_latex(head) for head in heads) + r" \\",
            r"    \midrule",
            *body,
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _pixels(n: int, psnr: float | None, mean: float | None, largest: int | None, whole: int) -> tuple[str, str]:
    """PSNR, and mean and largest difference; with how many pictures were of one size, where not all of them were."""
    if not n or mean is None:
        return DASH, DASH
    some = f" (of {n})" if n < whole else ""
    return (SAME if psnr is None else format_number(psnr, 1)) + some, f"{format_number(mean, 2)} / {largest}"


def _with_interval(value: float | None, low: float | None, high: float | None) -> str:
    shown = format_number(value, 1).replace("-", "\N{MINUS SIGN}")
    return f"{shown} {format_interval(low, high, 1)}".rstrip()


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
