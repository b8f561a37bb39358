"""What the numbers were made with: versions and settings that move results in the last digits."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from PIL import features

from jpegproof.studies.store import write_whole
from jpegproof.version import __version__

_LIBRARIES = (
    "torch",
    "pillow",
    "numpy",
    "pyarrow",
    "torchvision",
    "timm",
    "segmentation-models-pytorch",
    "transformers",
    "onnxruntime",
    "spandrel",
    "jpeglib",
)

#: A change of one of these in the middle of a study can move predictions.
_DECISIVE = ("libjpeg-turbo", "pillow", "torch")


def environment(device: str, workers: int, threads: int) -> dict[str, str]:
    """Versions and settings by name, as text."""
    facts = {
        "jpegproof": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "libjpeg-turbo": features.version_feature("libjpeg_turbo") or "not used: plain libjpeg",
    }
    for library in _LIBRARIES:
        try:
            facts[library] = version(library)
        except PackageNotFoundError:
            continue
    facts["resize"] = "Pillow, antialiased"
    facts["JPEG decoding"] = "Pillow defaults (accurate integer DCT, fancy chroma upsampling)"
    return {**facts, "device": device, "workers": str(workers), "threads per worker": str(threads)}


def save_environment(path: Path, facts: Mapping[str, str]) -> list[str]:
    """Writes the environment, and answers with what has changed since an earlier run into the same folder.

    Returns:
        One sentence per decisive version that is another now: finished predictions and new ones may then differ in
        the last digits.
    """
    earlier: dict[str, Any] = {}
    if path.is_file():
        try:
            earlier = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            earlier = {}
    write_whole(path, json.dumps(dict(facts), indent=2) + "\n")
    return [
        f"earlier predictions here were made with {name} {old}, new ones with {new}"
        for name, old, new in changed_versions(earlier, facts)
    ]


def changed_versions(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What moves predictions and is not the same in two environments: its name, and its version in each."""
    return [
        (name, str(one[name]), str(other.get(name, "none")))
        for name in _DECISIVE
        if name in one and one[name] != other.get(name)
    ]
