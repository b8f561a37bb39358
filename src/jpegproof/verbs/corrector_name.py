"""A corrector from the short text that a user types for it."""

from __future__ import annotations

from pathlib import Path

import torch

from jpegproof.correctors.find import KINDS, find_corrector
from jpegproof.correctors.protocol import Corrector, Precision
from jpegproof.exceptions import UnknownNameError, nearest
from jpegproof.verbs.names import given
from jpegproof.weights import SUFFIXES


def named_corrector(text: str, device: torch.device, precision: Precision = "float32") -> Corrector:
    """Builds the corrector that a text names.

    Args:
        text: ``default``; ``identity``; ``FILE`` or ``jpegproof:FILE``, which `fit` wrote; ``KIND:FILE`` for the other
            kinds of corrector, such as ``spandrel:FILE``.
        device: where it runs.
        precision: of its convolutions.

    Raises:
        UnknownNameError: the text names no corrector.
        WeightsError: the file is missing or does not fit.
        MissingExtraError: the kind's library is not installed.
    """
    kind, file = corrector_parts(text)
    options = {} if kind == "identity" else given(precision=None if precision == "float32" else precision)
    return find_corrector(kind, file or None, options, device)


def corrector_parts(text: str) -> tuple[str, str]:
    """The kind of corrector that a text names, and its file; empty where it has none.

    Raises:
        UnknownNameError: the text names no corrector.
    """
    kind, _, file = ("jpegproof", "", "") if text == "default" else text.partition(":")
    if kind in KINDS:
        return kind, file
    if not (Path(text).expanduser().is_file() or Path(text).suffix.lower() in SUFFIXES):
        names = ("default", *KINDS)
        raise UnknownNameError(
            f"corrector {text!r} is not known.{nearest(kind, names)} Use default, FILE (a file that fit wrote) "
            f"or KIND:FILE with one of the kinds {', '.join(KINDS)}."
        )
    return "jpegproof", text
