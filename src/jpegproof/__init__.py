"""jpegproof: what JPEG compression costs a vision model, why, and what each cure buys.

The verbs of the command line are functions of the same names here: `demo`, `measure`, `budget`, `fit`, `study`,
`status`, `report`, `errors`, `sheets`, `explain`, `throughput`, `parity`, `reproduce`, `audit`, `correct`, `export`,
`benchmark`; `wrap` makes a model of a network of one's own, `load` a pipeline of an exported folder.
Everything is imported on first use, so that ``import jpegproof`` costs nothing.
"""

from __future__ import annotations

from jpegproof.version import __version__

TYPE_CHECKING = False  # typing's own costs a fifth of the start of the command line; checkers know this name too
if TYPE_CHECKING:
    from typing import Any

    from jpegproof.deploy.loading import load as load
    from jpegproof.models.model import Model as Model
    from jpegproof.models.model import wrap as wrap
    from jpegproof.models.preparation import ResizeCrop as ResizeCrop
    from jpegproof.verbs.audit import audit as audit
    from jpegproof.verbs.benchmark import benchmark as benchmark
    from jpegproof.verbs.budget import budget as budget
    from jpegproof.verbs.correct import correct as correct
    from jpegproof.verbs.demo import demo as demo
    from jpegproof.verbs.errors import errors as errors
    from jpegproof.verbs.explain import explain as explain
    from jpegproof.verbs.export import export as export
    from jpegproof.verbs.fit import fit as fit
    from jpegproof.verbs.measure import measure as measure
    from jpegproof.verbs.parity import parity as parity
    from jpegproof.verbs.report import report as report
    from jpegproof.verbs.reproduce import reproduce as reproduce
    from jpegproof.verbs.sheets import sheets as sheets
    from jpegproof.verbs.status import status as status
    from jpegproof.verbs.study import study as study
    from jpegproof.verbs.throughput import throughput as throughput

_HOMES = {
    "Model": "jpegproof.models.model",
    "ResizeCrop": "jpegproof.models.preparation",
    "audit": "jpegproof.verbs.audit",
    "benchmark": "jpegproof.verbs.benchmark",
    "budget": "jpegproof.verbs.budget",
    "correct": "jpegproof.verbs.correct",
    "demo": "jpegproof.verbs.demo",
    "errors": "jpegproof.verbs.errors",
    "explain": "jpegproof.verbs.explain",
    "export": "jpegproof.verbs.export",
    "fit": "jpegproof.verbs.fit",
    "load": "jpegproof.deploy.loading",
    "measure": "jpegproof.verbs.measure",
    "parity": "jpegproof.verbs.parity",
    "report": "jpegproof.verbs.report",
    "reproduce": "jpegproof.verbs.reproduce",
    "sheets": "jpegproof.verbs.sheets",
    "status": "jpegproof.verbs.status",
    "study": "jpegproof.verbs.study",
    "throughput": "jpegproof.verbs.throughput",
    "wrap": "jpegproof.models.model",
}

__all__ = [
    "Model",
    "ResizeCrop",
    "__version__",
    "audit",
    "benchmark",
    "budget",
    "correct",
    "demo",
    "errors",
    "explain",
    "export",
    "fit",
    "load",
    "measure",
    "parity",
    "report",
    "reproduce",
    "sheets",
    "status",
    "study",
    "throughput",
    "wrap",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'jpegproof' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
