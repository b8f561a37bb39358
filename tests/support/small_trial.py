"""Trials small enough for tests: a tiny model of two layers, thin correctors, a few pictures in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from small_training import pictures, tiny_model

from jpegproof.jpeg.compression import Compression
from jpegproof.probes.throughput.pace import Pace
from jpegproof.probes.throughput.sample import Sample
from jpegproof.probes.throughput.trial import Trial
from jpegproof.studies.plan import Edge
from jpegproof.studies.spec import StudySpec

SHORT = {"data": "pictures", "steps": 1, "width": 8, "depth": 1, "model": "tiny"}
NOWHERE = {(name, None): Path("not trained") for name in ("restored", "targeted", "tuned", "distilled", "counted")}

NONE = Edge("tiny", "none", "identity")
CORRECTED = Edge("tiny", "off_the_shelf", "restored")
TARGETED = Edge("tiny", "task_targeted", "targeted")
GATED = Edge("tiny", "gated", "targeted")
TUNED = Edge("tiny", "supervised_fine_tuning", "identity", "tuned")
BOTH = Edge("tiny", "both", "targeted", "distilled")
COUNTED = Edge("tiny", "statistics_only", "identity", "counted")


def trial_spec(**changes: Any) -> StudySpec:
    """A study with a training of every kind; its model is `models`."""
    tuned = {"data": "pictures", "steps": 1, "model": "tiny"}
    content: dict[str, Any] = {
        "name": "trial",
        "data": {"pictures": {"path": "not read"}},
        "models": {"tiny": {"from": "not built"}},
        "trainings": {
            "restored": {**SHORT, "objective": "restore_pixels", "model": None, "crop": 16},
            "targeted": {**SHORT, "objective": "task_targeted"},
            "tuned": {**tuned, "objective": "supervised_fine_tuning"},
            "distilled": {**tuned, "objective": "self_distilled", "corrector": "targeted"},
            "counted": {**tuned, "objective": "statistics_only"},
        },
        "mitigations": [
            "none",
            {"mitigation": "off_the_shelf", "corrector": "restored"},
            {"mitigation": "task_targeted", "corrector": "targeted"},
            {"mitigation": "gated", "corrector": "targeted"},
            {"mitigation": "supervised_fine_tuning", "tuned": "tuned"},
            {"mitigation": "both", "corrector": "targeted", "tuned": "distilled"},
            {"mitigation": "statistics_only", "tuned": "counted"},
        ],
        "compression": {"qualities": [10, 90]},
    }
    return StudySpec.model_validate({**content, **changes})


def models() -> dict[str, Any]:
    """The model of `trial_spec`."""
    return {"tiny": tiny_model()}


def sample(count: int = 3, labelled: bool = True) -> Sample:
    """Pictures in memory."""
    held = pictures(count)
    targets = tuple(held.target(number) if labelled else None for number in range(count))
    shown = tuple(held.pixels(number) for number in range(count))
    return Sample("pictures", shown, targets, "classification" if labelled else "", None)


def trial(edge: Edge = NONE, **changes: Any) -> Trial:
    """One pass of inference at batch 1 over two pictures, at quality 10 and 90."""
    fields: dict[str, Any] = {
        "spec": trial_spec(),
        "trained": NOWHERE,
        "edge": edge,
        "phase": "inference",
        "batch": 1,
        "sample": sample(),
        "compressions": (Compression("jpeg", 10), Compression("jpeg", 90)),
        "device": "cpu",
        "threads": 1,
        "allow_code": False,
        "pace": Pace(3, 0.01),
    }
    return Trial(**{**fields, **changes})
