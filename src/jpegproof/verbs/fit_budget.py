"""How many steps a fit's minutes are, on this machine and with these processes."""

from __future__ import annotations

import json
from pathlib import Path

from jpegproof.studies.artifacts import Artifact
from jpegproof.studies.launch import Launch
from jpegproof.studies.store import write_whole
from jpegproof.studies.training_time import training_time
from jpegproof.studies.workshop import Workshop

BUDGET_FILE = "budget.json"


def steps_in(minutes: float, artifact: Artifact, workshop: Workshop, folder: Path, launch: Launch) -> int:
    """How many steps fit into the minutes: as recorded by an earlier call for the same training, or timed now.

    Of several processes the first one's record and clock count, and it alone writes.

    Raises:
        JpegproofError: the training fails while it is timed, or the record cannot be written.
    """
    file, ranks = folder / BUDGET_FILE, launch.ranks
    request = {"training": artifact.name, "minutes": minutes}
    recorded = ranks.from_first(_recorded(file, request) if ranks.leads else None)
    if recorded is not None:
        return recorded
    timed = training_time(artifact, workshop, launch.sharing)
    steps = ranks.from_first(timed.steps_within(minutes * 60))
    told = {"steps": steps, "seconds_per_step": round(timed.step, 4), "seconds_per_look": round(timed.look, 4)}
    if ranks.leads:
        write_whole(file, json.dumps({**request, **told}) + "\n")
    return steps


def _recorded(file: Path, request: dict[str, object]) -> int | None:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return int(told["steps"]) if {key: told[key] for key in request} == request else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
