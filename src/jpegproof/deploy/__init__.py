"""From an exported folder to answers: bytes of uploads in, corrected at a bounded cost."""

from jpegproof.deploy.answers import Answer, Classes, ClassScore, Verdict
from jpegproof.deploy.bounded import BUDGET, CorrectedInput, Place, corrected_input
from jpegproof.deploy.loading import load
from jpegproof.deploy.pipeline import Pipeline

__all__ = [
    "BUDGET",
    "Answer",
    "ClassScore",
    "Classes",
    "CorrectedInput",
    "Pipeline",
    "Place",
    "Verdict",
    "corrected_input",
    "load",
]
