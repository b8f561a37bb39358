"""The page's table of contents: the sections that it has, in their order."""

from __future__ import annotations

from jpegproof.reports.page import ReportPage


def contents(page: ReportPage) -> list[tuple[str, str]]:
    """(anchor, heading) of each section that the page has something for, as the page lists them."""
    sections: list[tuple[str, str, object]] = [
        ("summary", "Summary", True),
        ("budget", "Which quality may be stored", page.budgets),
        ("results", "Results", page.sections),
        ("gaps", "What each cure gives back", page.gap_tables),
        ("paper", "As in the paper", page.transfer or page.against_paper),
        ("fixable", "Where the damage is fixable", page.fixable),
        ("compared", "Before and after", page.compared or page.sheets),
        ("explained", "What the model looks at", page.explained or page.explanation_sections),
        ("errors", "What goes wrong", page.error_sections),
        ("classes", "Classes that lose most", page.class_tables),
        ("worst", "Pictures that lose most", page.worst_tables),
        ("unsure", "Verdicts only where sure", page.unsure_tables),
        ("flips", "Verdicts along delivery chains", page.flip_tables),
        ("speed", "Speed", page.speed_sections),
        ("sizes", "Bytes per picture", page.file_sizes),
        ("codecs", "Other codecs at equal bytes", page.codec_tables),
        ("originals", "The originals' own qualities", page.original_tables),
        ("left-out", "Pictures left out of the page", page.left_out),
        ("skipped", "Skipped pictures", page.skipped),
        ("protocol", "Protocol and environment", True),
        ("study", "Study file", True),
    ]
    return [(anchor, heading) for anchor, heading, there in sections if there]
