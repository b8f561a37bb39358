"""Who does a study's work, by what was asked for."""

from __future__ import annotations

from collections.abc import Callable

from jpegproof.studies.engine import Hands
from jpegproof.studies.executors.here import Here
from jpegproof.studies.executors.processes import Processes
from jpegproof.studies.executors.protocol import Executor
from jpegproof.studies.plan import Plan
from jpegproof.studies.result_store import ResultStore
from jpegproof.studies.workshop import Workshop


def open_executor(
    plan: Plan,
    workshop: Workshop,
    store: ResultStore,
    hands: Hands,
    allow_code: bool,
    given: bool,
    warn: Callable[[str], None],
) -> Executor:
    """This process, several of this machine, or a Ray cluster's.

    Args:
        plan: the whole plan.
        workshop: the things it names, as they are in this process.
        store: where results go.
        hands: what was asked for.
        allow_code: whether models may come from entry points.
        given: whether some model is an object of this process.
        warn: hears what the user should know.

    Raises:
        JpegproofError: Ray is asked for and cannot be used.
    """
    if hands.on_ray:
        from jpegproof.studies.executors.ray_executor import RayExecutor

        return RayExecutor(plan, workshop.spec, store, hands, allow_code, warn)
    here = Here(plan, workshop, store, hands)
    if given or hands.workers == 1:
        return here
    return Processes(plan, workshop.spec, store, hands, allow_code, here)
