"""Bytes of a JPEG in, a model's input out: correction at a bounded cost."""

from jpegproof.deploy.bounded import BUDGET, CorrectedInput, Place, corrected_input

__all__ = ["BUDGET", "CorrectedInput", "Place", "corrected_input"]
