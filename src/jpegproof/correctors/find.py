"""Correctors by the name that a user types."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from jpegproof.correctors.default import load_corrector, shipped_corrector
from jpegproof.correctors.identity import Identity
from jpegproof.correctors.off_the_shelf import OffTheShelf
from jpegproof.correctors.protocol import Corrector
from jpegproof.correctors.qgac.corrector import load_qgac
from jpegproof.exceptions import UnknownNameError, WeightsError, nearest

#: Kinds of corrector; jpegproof has a default, spandrel and qgac need the file of their weights.
KINDS = ("identity", "jpegproof", "qgac", "spandrel")


def find_corrector(kind: str, weights: str | None, options: Mapping[str, Any], device: torch.device) -> Corrector:
    """Builds the corrector of a kind.

    Args:
        kind: ``identity``; ``jpegproof`` for the default corrector, or one that ``jpegproof fit`` has trained;
            ``qgac`` for published quantisation guided correction; ``spandrel`` for whatever spandrel recognises in a
            local file.
        weights: the file.
        options: further arguments of the kind (``precision``; jpegproof's ``size`` where no file is given, a name of
            `jpegproof.correctors.default.SHIPPED`; `OffTheShelf`'s ``channels``; `load_qgac`'s ``variant``,
            ``repaired`` and ``coefficients``).
        device: where it runs.

    Raises:
        UnknownNameError: no such kind.
        WeightsError: the file is not given or does not fit.
        MissingExtraError: the kind's library is not installed.
    """
    if kind == "identity":
        return Identity()
    if kind not in KINDS:
        raise UnknownNameError(f"corrector {kind!r} is not known.{nearest(kind, KINDS)} Known: {', '.join(KINDS)}.")
    if kind == "jpegproof":
        size, options = options.get("size"), {name: value for name, value in options.items() if name != "size"}
        if size is not None and weights is not None:
            raise WeightsError(f"{weights}: says itself how large its network is; leave out size, or the weights")
        if weights is None:
            return shipped_corrector(size or "default", device, **options)
        return load_corrector(Path(weights).expanduser(), device, **options)
    if weights is None:
        raise WeightsError(f"a {kind} corrector needs the file of its weights: {kind}:FILE, or weights: FILE")
    if kind == "qgac":
        return load_qgac(Path(weights).expanduser(), device, **options)
    return OffTheShelf(Path(weights).expanduser(), device=device, **options)
