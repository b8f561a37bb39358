"""A study whose report has every section: for looking at the page, and for tests in a browser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from shown_folder import write_shown
from speeds import speed
from synthetic_study import EDGES, record, study_comparisons, study_rows
from test_class_tables import CURE as CLASS_CURE
from test_class_tables import loss as class_loss
from test_class_tables import result as class_result
from test_error_sections import COMPARISONS as ERROR_COMPARISONS
from test_fixable_report import ROWS as FIXABLE
from test_report_errors import ROWS as ERRORS

from jpegproof.analysis.frontier import find_offers
from jpegproof.analysis.rows import Skip
from jpegproof.analysis.worst import WorstPicture
from jpegproof.reports.page_explained import read_measures
from jpegproof.reports.shown_pictures import read_explained_pictures, read_shown_looks
from jpegproof.reports.study_record import StudyRecord

MODELS = ("squeezenet1_1", "resnet50")
CLASSES = (("cat", 50.0), ("dog", 60.0), ("owl", 70.0))


def worst_pictures(model: str, picture: str = "b.jpg") -> list[WorstPicture]:
    """A picture on its original and along two edges, and another one."""
    row = WorstPicture("classification", "photos", model, "top1", picture, None, "none", "identity", 100.0)
    return [
        row,
        replace(row, quality=10, value=0.0),
        replace(row, quality=10, mitigation="task_targeted", corrector="mine", value=62.5),
        replace(row, picture="c.jpg", value=90.0),
        replace(row, picture="c.jpg", quality=10, value=9.25),
        replace(row, picture="c.jpg", quality=10, mitigation="task_targeted", corrector="mine", value=None),
    ]


def rich_study(folder: Path) -> StudyRecord:
    """All of it; the folder gets pictures."""
    write_shown(folder)
    rows = study_rows(MODELS)
    speeds = [
        replace(speed(fast / slower, mitigation, corrector), model=model)
        for model, fast in zip(MODELS, (90.0, 30.0), strict=True)
        for (mitigation, corrector), slower in zip(EDGES, (1.0, 1.12, 1.12), strict=True)
    ]
    classes = [class_result(name, top, None) for name, top in CLASSES]
    classes += [class_result(name, top - 20 - place, 10) for place, (name, top) in enumerate(CLASSES)]
    classes += [class_result(name, top - 10, 10, **CLASS_CURE) for name, top in CLASSES]
    return record(
        rows,
        comparisons=study_comparisons(rows),
        title="Two models, every section",
        speeds=speeds,
        offers=find_offers(speeds, rows),
        fixable=FIXABLE,
        errors=ERRORS,
        error_comparisons=ERROR_COMPARISONS,
        classes=classes,
        class_comparisons=[class_loss(name, -20.0 - place) for place, (name, _) in enumerate(CLASSES)],
        worst=worst_pictures(MODELS[0]),
        looks=read_shown_looks(folder / "sheets" / "sheets.csv"),
        explained=read_explained_pictures(folder / "explain" / "explain.csv"),
        explanations=read_measures(folder / "explanations.csv"),
        folder=folder,
        skips=[Skip("photos", "broken.jpg", "not a picture")],
        notes=["photos is a sample of the validation set."],
    )
