"""What a user can be told: every mistake that is not a bug in jpegproof is one of these.

The module is not called ``errors`` because ``errors`` is a verb of the software (detection errors, after TIDE), and
verbs are importable from the top of the package.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class JpegproofError(Exception):
    """A mistake in what jpegproof was given: says what is wrong, where, and how to mend it."""


class JpegproofWarning(UserWarning):
    """Something a user should know that does not stop the work."""


class UnknownNameError(JpegproofError):
    """A name that is not known, answered with the nearest one that is."""


class MissingExtraError(JpegproofError):
    """An optional library is not installed; the message names the extra that brings it."""


def missing_extra(library: str, extra: str, purpose: str) -> MissingExtraError:
    """The error for an optional library that is not installed."""
    return MissingExtraError(
        f"{purpose} needs {library}, which is not installed. Install it with: pip install 'jpegproof[{extra}]'"
    )


class DataError(JpegproofError):
    """A data set that cannot be used: missing, empty, or not in the layout it claims."""


class WeightsError(JpegproofError):
    """A weights file that cannot be read, does not fit the network, or would run code."""


class ModelError(JpegproofError):
    """A model that cannot be built or does not do what its task asks."""


class MeasurementError(JpegproofError):
    """Something that failed while its speed or memory was measured: the model refused, or memory ran out."""


class StudyFileError(JpegproofError):
    """A study file with mistakes; the message lists all of them, each with its place."""


class StoreError(JpegproofError):
    """A results folder that cannot be written, or that holds a damaged file."""


class DamagedPredictionsError(StoreError):
    """A prediction file that is not what was written."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence that offers the known name nearest to a mistyped one, or an empty string where none is near.

    Args:
        name: what was typed.
        known: every name that would have been right.
    """
    near = get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
