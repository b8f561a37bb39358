"""Which pictures a fit learns from, and which it holds back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jpegproof.data.split import can_be_split
from jpegproof.exceptions import DataError
from jpegproof.models.model import Model
from jpegproof.studies.engine import Hands
from jpegproof.studies.run import Progress
from jpegproof.studies.spec import READS_LABELS
from jpegproof.studies.workshop import Workshop
from jpegproof.verbs.fit_study import FitStudy

#: Of the pictures, unless the user says: a tenth tells when to stop, a fifth judges.
USUAL_SHARE = 0.3


def as_pictures_allow(
    study: FitStudy,
    hands: Hands,
    models: Mapping[str, Model] | None,
    allow_code: bool,
    hold_back: float | None,
    heard: Progress,
) -> FitStudy:
    """The fit with as many pictures held back as the data set has to spare, and its labels left aside if none are read.

    Class folders say what a model does not ask: their names may be years or customers, and nothing is read of them.
    """
    whole = study.holding_back(0.0)
    workshop = Workshop(whole.spec(), hands.device, models, allow_code=allow_code)
    pictures = workshop.pictures(study.data_name)
    plain = study.data.get("layout") == "auto" and pictures.task == "classification"
    if plain and study.objective not in READS_LABELS and not study.data.get("classes"):
        study = replace(study, data={**study.data, "layout": "folder"})
    share = USUAL_SHARE if hold_back is None else hold_back
    count = len(workshop.chosen(study.data_name))
    if share == 0 or can_be_split(count, share):
        return study.holding_back(share)
    if hold_back is not None:
        raise DataError(
            f"{study.data_name}: holds {count} pictures, too few to hold a share of {share:g} of them back; give more "
            "pictures, or another hold_back (0 for none)"
        )
    heard.warn(
        f"{study.data_name}: holds {count} pictures, too few to hold any back: all are learned from, so nothing can "
        "tell when to stop or what the cure is good for; give 50 or more, or measure it on other pictures"
    )
    return study.holding_back(0.0)
