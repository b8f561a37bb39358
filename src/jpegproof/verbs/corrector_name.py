"""A corrector from the short text that a user types for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from jpegproof.correctors.default import SHIPPED
from jpegproof.correctors.find import KINDS, find_corrector
from jpegproof.correctors.protocol import Corrector, Precision
from jpegproof.exceptions import UnknownNameError, nearest
from jpegproof.verbs.names import given, short
from jpegproof.weights import SUFFIXES


@dataclass(frozen=True, slots=True)
class CorrectorName:
    """What a text says of a corrector.

    Attributes:
        kind: as `find_corrector` takes it.
        file: of its weights; None where the text names none.
        size: which of those that come with the package; None for others.
    """

    kind: str
    file: str | None = None
    size: str | None = None

    @property
    def shown(self) -> str:
        """A name for tables and folders."""
        return self.size or (short(Path(self.file).stem) if self.file else self.kind)

    def entry(self) -> dict[str, Any]:
        """The corrector as a study file says it."""
        size = self.size if self.size != "default" else None
        return {"from": self.kind, **given(weights=self.file, size=size)}


def named_corrector(text: str, device: torch.device, precision: Precision = "float32") -> Corrector:
    """Builds the corrector that a text names.

    Args:
        text: as `corrector_name` takes it.
        device: where it runs.
        precision: of its convolutions.

    Raises:
        UnknownNameError: the text names no corrector.
        WeightsError: the file is missing or does not fit.
        MissingExtraError: the kind's library is not installed.
    """
    name = corrector_name(text)
    options = given(precision=None if precision == "float32" else precision, size=name.size)
    return find_corrector(name.kind, name.file, {} if name.kind == "identity" else options, device)


def corrector_name(text: str) -> CorrectorName:
    """Reads the name of a corrector.

    Args:
        text: ``default`` or ``small``, which come with the package; ``identity``; ``FILE`` or ``jpegproof:FILE``, which
            `fit` wrote; ``KIND:FILE`` for the other kinds of corrector, such as ``spandrel:FILE``.

    Raises:
        UnknownNameError: the text names no corrector.
    """
    if text in SHIPPED:
        return CorrectorName("jpegproof", size=text)
    kind, _, file = text.partition(":")
    if kind in KINDS:
        return CorrectorName(kind, file or None, None if file or kind != "jpegproof" else "default")
    if not (Path(text).expanduser().is_file() or Path(text).suffix.lower() in SUFFIXES):
        hint = nearest(kind, (*SHIPPED, *KINDS))
        raise UnknownNameError(
            f"corrector {text!r} is not known.{hint} Use {' or '.join(SHIPPED)}, FILE (a file that fit wrote) "
            f"or KIND:FILE with one of the kinds {', '.join(KINDS)}."
        )
    return CorrectorName("jpegproof", text)
