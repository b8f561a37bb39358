"""The kinds of faults that a detector's answers are sorted into, and what each of them is."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """A kind of fault.

    With a foreground threshold f (0.5) and a background threshold b (0.1) on the overlap (intersection over union)
    with the true objects, a detection that is not right has exactly one of the first five; `MISSED` is a fault of true
    objects. The last two sum up: everything wrongly found, everything not found.

    Source: TIDE, section 2.2 (the six main kinds) and section 2.3 (the two special ones).
    """

    CLASSIFICATION = "classification"
    """Well placed (overlap at least f with an object of another class), but called by a wrong name."""
    LOCALISATION = "localisation"
    """The right name, but badly placed: the overlap is between b and f."""
    BOTH = "both"
    """A wrong name and badly placed."""
    DUPLICATE = "duplicate"
    """Right, were the object not found already by a detection with a higher score."""
    BACKGROUND = "background"
    """Nothing is there: the overlap with every object is at most b."""
    MISSED = "missed"
    """An object that is not found, and that no fault in name or place accounts for."""
    FALSE_POSITIVES = "false_positives"
    """All detections that are not right."""
    FALSE_NEGATIVES = "false_negatives"
    """All objects that are not found."""


#: The kinds that share out everything that is wrong, in TIDE's own order.
MAIN = (
    Fault.CLASSIFICATION,
    Fault.LOCALISATION,
    Fault.BOTH,
    Fault.DUPLICATE,
    Fault.BACKGROUND,
    Fault.MISSED,
)

#: The kinds that sum up: perfect precision at the same recall, and perfect recall at the same precision.
SPECIAL = (Fault.FALSE_POSITIVES, Fault.FALSE_NEGATIVES)

#: All kinds, in the order of every table and array.
FAULTS = MAIN + SPECIAL
