"""How the kinds of a detector's faults are shown: their names, short and long, and their colours."""

from __future__ import annotations

from jpegproof.analysis.tide.faults import Fault
from jpegproof.reports.line_styles import page_colors

_NAMES = {
    Fault.CLASSIFICATION: ("Classification", "Cls"),
    Fault.LOCALISATION: ("Localisation", "Loc"),
    Fault.BOTH: ("Both", "Both"),
    Fault.DUPLICATE: ("Duplicate", "Dupe"),
    Fault.BACKGROUND: ("Background", "Bkg"),
    Fault.MISSED: ("Missed", "Miss"),
    Fault.FALSE_POSITIVES: ("False positives", "FP"),
    Fault.FALSE_NEGATIVES: ("False negatives", "FN"),
}

# Of the report's palette, so that the page's dark form of each takes its place there. Neighbours differ in lightness
# as well as in hue; names stand beside all of them, so that no reader depends on colour.
_SLOTS = {
    Fault.CLASSIFICATION: 1,
    Fault.LOCALISATION: 3,
    Fault.BOTH: 6,
    Fault.DUPLICATE: 0,
    Fault.BACKGROUND: 4,
    Fault.MISSED: 2,
    Fault.FALSE_POSITIVES: 7,
    Fault.FALSE_NEGATIVES: 8,
}


def fault_label(fault: Fault) -> str:
    """The kind's whole name."""
    return _NAMES[fault][0]


def fault_abbreviation(fault: Fault) -> str:
    """The kind's name as TIDE abbreviates it."""
    return _NAMES[fault][1]


def fault_color(fault: Fault) -> str:
    """The kind's colour on white, as ``#rrggbb``; one of `page_colors`."""
    return {variable: light for variable, light, _ in page_colors()}[f"--series-{_SLOTS[fault]}"]
