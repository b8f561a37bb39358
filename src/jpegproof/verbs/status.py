"""The verb ``status``: how far a study has come."""

from __future__ import annotations

from pathlib import Path

from jpegproof.studies.status import Status, study_status


def status(folder: str | Path) -> Status:
    """How far the study in a results folder has come; it may be running elsewhere at the moment.

    Args:
        folder: a results folder of `measure` or `study`, or the address of results in an object store.

    Raises:
        StoreError: the folder holds no study.
    """
    return study_status(folder)
