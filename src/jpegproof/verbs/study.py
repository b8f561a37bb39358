"""The verb ``study``: everything a study file asks for, resumable."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jpegproof.exceptions import StoreError
from jpegproof.studies.engine import find_hands
from jpegproof.studies.estimate import Estimate, estimate
from jpegproof.studies.plan import Plan
from jpegproof.studies.result_store import ResultStore, is_remote
from jpegproof.studies.run import Progress, Run, run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.study_file import load_study
from jpegproof.studies.workshop import Workshop
from jpegproof.verbs.mended_report import run_and_report
from jpegproof.verbs.report import Report


def study(
    file: str | Path,
    out: str | Path | None = None,
    *,
    root: str | Path | None = None,
    data: str | Path | None = None,
    weights: Mapping[str, str | Path] | None = None,
    device: str = "auto",
    workers: int | None = 1,
    threads: int | None = None,
    loaders: int | None = None,
    allow_code: bool = False,
    tensorboard: bool = False,
    progress: Progress | None = None,
    executor: str = "auto",
    address: str | None = None,
    to: str | Path | None = None,
) -> Report:
    """Does what is missing of a study, and writes its report.

    Whatever stops it, a second call goes on where the first one stopped: a finished prediction is never made again.

    Args:
        file: the study file.
        out: the results folder; ``out/NAME`` unless given. Or an address in an object store (``s3://BUCKET/PREFIX``).
        root: where relative paths of the file begin, instead of what it says.
        data: where those of its data sets begin, in place of the root.
        weights: of its models and correctors by name, in place of what it says: a file, or the library's name of
            weights, or ``random``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ...
        workers: processes on this machine; None for one per core (one on a GPU). A script that asks for more than one
            keeps its own work under ``if __name__ == "__main__":``, since each process imports it.
        threads: of each worker.
        loaders: further threads of each worker that read, compress and decode pictures ahead of its networks; None for
            none (on a GPU one per core). Predictions are the same with any number.
        allow_code: whether models of the file may come from entry points, which run their code.
        tensorboard: whether its trainings write TensorBoard logs, into ``tensorboard/`` of the results folder.
        progress: hears how it goes.
        executor: who directs the workers: ``processes`` of this machine, ``ray``, or ``auto``: Ray where an address is
            given. With Ray, None workers are as many as the cluster has room for.
        address: of a running Ray cluster (``auto``, ``HOST:PORT`` or ``ray://HOST:PORT``); without one the executor
            ``ray`` starts a cluster on this machine.
        to: where results in an object store are downloaded to for the report; ``out/NAME`` unless given.

    Raises:
        JpegproofError: the file, the data, a model or the results folder is at fault; the message says how to mend it.
    """
    spec, place = _opened(file, out, root, data, weights)
    if to is not None and not is_remote(place):
        raise StoreError(f"{place}: is a folder, and its report is written into it; leave out to")
    hands = find_hands(device, workers, threads, executor, address, loaders)
    there = (to or Path("out") / spec.name) if is_remote(place) else None
    how: dict[str, Any] = {"allow_code": allow_code, "tensorboard": tensorboard}
    return run_and_report(spec, place, hands, to=there, progress=progress, **how)


def plan_study(
    file: str | Path,
    out: str | Path | None = None,
    *,
    root: str | Path | None = None,
    data: str | Path | None = None,
    weights: Mapping[str, str | Path] | None = None,
    device: str = "auto",
    workers: int | None = 1,
    threads: int | None = None,
    loaders: int | None = None,
    allow_code: bool = False,
    executor: str = "auto",
    address: str | None = None,
) -> tuple[Plan, Estimate]:
    """Works out what a study would still compute and, from a small trial, the time and disk that this would take.

    Nothing of the study itself runs. Arguments and errors are those of `study`.
    """
    spec, place = _opened(file, out, root, data, weights)
    hands = find_hands(device, workers, threads, executor, address, loaders)
    found: list[Estimate] = []

    def look(plan: Plan, workshop: Workshop, store: ResultStore) -> bool:
        found.append(estimate(plan, workshop, store, hands))
        return False

    run: Run = run_study(spec, place, hands, allow_code=allow_code, before=look)
    return run.plan, found[0]


def _opened(
    file: str | Path,
    out: str | Path | None,
    root: str | Path | None,
    data: str | Path | None,
    weights: Mapping[str, str | Path] | None,
) -> tuple[StudySpec, str | Path]:
    spec = load_study(
        Path(file).expanduser(),
        Path(root) if root is not None else None,
        data=Path(data) if data is not None else None,
        weights={name: str(wanted) for name, wanted in (weights or {}).items()},
    )
    if out is not None and is_remote(out):
        return spec, out
    return spec, Path(out).expanduser() if out is not None else Path("out") / spec.name
