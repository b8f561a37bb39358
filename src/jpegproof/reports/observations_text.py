"""The paper's observations beside the numbers that decide them, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from jpegproof.analysis.explanations.observations import MOVED, SAME, Observation
from jpegproof.reports.markdown import escape_markdown


def observations_markdown(found: Sequence[Observation]) -> str:
    """All observations as one document: a section per statement, a line per edge, quality and claim."""
    lines = [
        "# Four observations, measured",
        "",
        "The paper says them of single pictures. Here each is a statement about means over pictures, decided by 95 % "
        "intervals: true or false where the interval lies on one side of the limit, undecided where it does not. The "
        f"measures and the limits ({SAME} for what is called the same, {MOVED} for what is called moved) are "
        "jpegproof's; docs/explain.md defines them.",
    ]
    statement = ""
    for one in found:
        if one.statement != statement:
            statement = one.statement
            lines += ["", f"## {statement}", ""]
            lines += ["| model | corrector | quality | verdict | because |", "| --- | --- | ---: | --- | --- |"]
        because = "; ".join(f"{part.claim}: {part.verdict}, {part.told}" for part in one.parts)
        cells = [escape_markdown(one.model), escape_markdown(one.corrector), str(one.quality), one.verdict, because]
        lines.append("| " + " | ".join(cells) + " |")
    if not found:
        lines += ["", "The study has none of the edges that they speak of, or nothing was measured."]
    return "\n".join(lines) + "\n"
