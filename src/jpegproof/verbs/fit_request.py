"""What a fit is asked for: refused where it makes no sense, put into a study's words where it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from jpegproof.correctors.default import SHIPPED
from jpegproof.exceptions import JpegproofError, UnknownNameError, nearest
from jpegproof.models.model import Model
from jpegproof.studies.spec import Objective
from jpegproof.verbs.corrector_name import corrector_name


def refuse_nonsense(
    objective: str,
    model: str | Model | None,
    steps: int | None,
    minutes: float | None,
    crop: int | None,
    corrector: str | Path | None,
) -> None:
    """Raises JpegproofError where what was given does not go together."""
    known = get_args(Objective)
    if objective not in known:
        hint = nearest(objective, known)
        raise UnknownNameError(f"objective {objective!r} is not known.{hint} Known: {', '.join(known)}.")
    if steps is not None and minutes is not None:
        raise JpegproofError("steps and minutes were both given; give one of them")
    if minutes is not None and not 0 < minutes < 100_000:
        raise JpegproofError(f"{minutes} minutes are no time to train in; give a number above 0")
    if (model is None) != (objective == "restore_pixels"):
        raise JpegproofError(f"{objective} needs a model" if model is None else "restore_pixels knows no model; give -")
    if crop is not None and objective != "restore_pixels":
        raise JpegproofError("random squares (crop) are for restore_pixels; a model's own path decides what is seen")
    if corrector is not None and objective not in ("self_distilled", "supervised_fine_tuning"):
        raise JpegproofError(f"{objective} stands without a corrector in front; leave it out, or use self_distilled")


def standing_corrector(named: str | Path | None) -> dict[str, Any] | None:
    """A corrector as a study file says it; None for none."""
    if named is None:
        return None
    if str(named) in SHIPPED:
        return corrector_name(str(named)).entry()
    path = Path(str(named).removeprefix("jpegproof:")).expanduser()
    if not path.is_file():
        raise JpegproofError(
            f"{path}: there is no such file of a corrector; give {' or '.join(SHIPPED)}, or a file that fit wrote"
        )
    return {"from": "jpegproof", "weights": str(path)}
