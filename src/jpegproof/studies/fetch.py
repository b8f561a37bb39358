"""Results from an object store into a folder of this machine, where every verb can read them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from jpegproof.exceptions import StoreError
from jpegproof.studies.bucket import REQUESTS
from jpegproof.studies.failed_units import FAILED_FILE
from jpegproof.studies.logs import LOG_FILE, WORK_FILE
from jpegproof.studies.plan import load_plan
from jpegproof.studies.result_store import ResultStore, open_store
from jpegproof.studies.run import ENVIRONMENT_FILE, PLAN_FILE, STUDY_FILE, refuse_another_study
from jpegproof.studies.store import Store, write_whole


def fetch_results(address: str, folder: Path) -> None:
    """Downloads what a results folder does not hold yet: predictions and trained things; plan, study and logs anew.

    Args:
        address: of the results.
        folder: the results folder; made where it is not there.

    Raises:
        StoreError: the address holds no study, the folder holds another one, or either cannot be used.
        MissingExtraError: what speaks to such a store is not installed.
    """
    store, here = open_store(address), Store(folder)
    require_study(store)
    plan = load_plan(store.root / PLAN_FILE)
    refuse_another_study(plan, folder / PLAN_FILE, str(folder))
    here.begin()
    finished = store.finished() - here.finished()
    trained = [artifact.name for artifact in plan.artifacts if store.has_artifact(artifact.name)]

    def bring_cell(name: str) -> None:
        here.put_once(name, store.get(name))

    def bring_artifact(name: str) -> None:
        record = store.record(name)
        if record is not None:
            here.put_record(name, record)
        store.fetch_artifact(name)
        here.put_artifact(name, store.artifact(name).read_bytes())

    with ThreadPoolExecutor(REQUESTS) as pool:
        list(pool.map(bring_cell, [cell.name for cell in plan.cells if cell.name in finished]))
        list(pool.map(bring_artifact, [name for name in trained if not here.has_artifact(name)]))
    for file in (WORK_FILE, LOG_FILE):
        write_whole(folder / file, _joined(store.log_lines(file)))
    for file in (STUDY_FILE, ENVIRONMENT_FILE, FAILED_FILE, PLAN_FILE):
        store.recall(file)
        if (store.root / file).is_file():
            write_whole(folder / file, (store.root / file).read_text(encoding="utf-8"))
        else:
            here.withdraw(file)


def fetched_folder(address: str) -> Path:
    """Where results are fetched to unless it is said: ``out/`` and the last part of their address."""
    return Path("out") / PurePosixPath(address.rstrip("/")).name


def require_study(store: ResultStore) -> None:
    """Brings the plan of a place of results to this machine.

    Raises:
        StoreError: there is none.
    """
    store.recall(PLAN_FILE)
    if not (store.root / PLAN_FILE).is_file():
        raise StoreError(
            f"{store.address}: holds no study: there is no {PLAN_FILE}, or no such bucket; name what was given to --out"
        )


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
