"""Files of results that a disk, a network or a hand has damaged: found, set aside, made anew."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import blake2b

from jpegproof.exceptions import DamagedPredictionsError, StoreError
from jpegproof.studies.artifacts import Artifact
from jpegproof.studies.predictions import read_predictions
from jpegproof.studies.result_store import ResultStore


def digest_of(content: bytes) -> str:
    """What the record of a trained thing says of its file."""
    return blake2b(content, digest_size=16).hexdigest()


def set_aside_damaged_artifacts(artifacts: Iterable[Artifact], store: ResultStore) -> list[str]:
    """Sets trained things aside whose file is not the one that was written; which, for the user to know.

    Files of versions that wrote no digest are taken as they are.

    Raises:
        StoreError: one cannot be set aside.
    """
    told = []
    for artifact in artifacts:
        path = store.artifact(artifact.name)
        if not path.exists():
            continue
        written = _digest_in(store.record(artifact.name))
        try:
            found = digest_of(path.read_bytes())
        except OSError as error:
            raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
        if written is not None and found != written:
            store.set_aside_artifact(artifact.name)
            told.append(f"{path} was damaged (training {artifact.training!r}): set aside, trained anew")
    return told


def set_aside_damaged(names: Iterable[str], store: ResultStore) -> list[str]:
    """Sets prediction files aside that cannot be read whole; which.

    Args:
        names: of finished cells; each is read whole.
        store: where they are.

    Raises:
        StoreError: one cannot be reached, or not be set aside.
    """
    damaged = []
    for name in names:
        try:
            read_predictions(store.get(name), store.where(name))
        except DamagedPredictionsError:
            store.set_aside(name)
            damaged.append(name)
    return damaged


def _digest_in(record: str | None) -> str | None:
    try:
        told = json.loads(record or "{}").get("digest")
    except (ValueError, AttributeError):
        return None
    return told if isinstance(told, str) else None
