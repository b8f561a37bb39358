"""What models say of single pictures, drawn: one way for each task."""

from __future__ import annotations

from jpegproof.analysis.detection.own_detections import CONFIDENT
from jpegproof.exceptions import DataError
from jpegproof.probes.drawn import DrawnPicture
from jpegproof.probes.drawn_boxes import draw_boxes
from jpegproof.probes.drawn_labels import draw_labels
from jpegproof.probes.drawn_maps import draw_maps
from jpegproof.probes.drawn_verdicts import draw_verdicts
from jpegproof.probes.shown import ShownPicture
from jpegproof.tasks.protocol import ClassNames, numbered

#: The tasks whose answers can be drawn.
DRAWN_TASKS = ("classification", "detection", "instance_segmentation", "semantic_segmentation", "forensics")


def draw(shown: ShownPicture, class_names: ClassNames | None, confidence: float = CONFIDENT) -> DrawnPicture:
    """A picture's answers along all edges, in the same colours.

    Args:
        shown: the picture.
        class_names: of the data set; classes without a name go by their number.
        confidence: the score from which on a detection is drawn, 0..1.

    Raises:
        DataError: the answers of the picture's task cannot be drawn.
        MissingExtraError: a library that the task needs is not installed.
    """
    names = {} if class_names is None else numbered(class_names)
    if shown.task == "classification":
        return draw_labels(shown, names)
    if shown.task in ("detection", "instance_segmentation"):
        return draw_boxes(shown, names, confidence)
    if shown.task == "semantic_segmentation":
        return draw_maps(shown, names)
    if shown.task == "forensics":
        return draw_verdicts(shown)
    raise DataError(f"answers of the task {shown.task} cannot be drawn; those of {', '.join(DRAWN_TASKS)} can")
