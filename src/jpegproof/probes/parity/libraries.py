"""The libraries that servers decode and resize with: which are installed, in which version."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from PIL import features

from jpegproof.exceptions import missing_extra

#: The extra that brings all of them.
EXTRA = "parity"

#: What each library is called, by what it is imported as. Of OpenCV any of its four packages will do.
PACKAGES = {
    "PIL": ("pillow",),
    "cv2": ("opencv-python-headless", "opencv-python", "opencv-contrib-python-headless", "opencv-contrib-python"),
    "torchvision": ("torchvision",),
    "simplejpeg": ("simplejpeg",),
    "torch": ("torch",),
}


def import_library(library: str, purpose: str) -> Any:
    """A library by what it is imported as.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return import_module(library)
    except ImportError as error:
        raise missing_extra(PACKAGES[library][0], EXTRA, purpose) from error


def is_installed(library: str) -> bool:
    """Whether a library can be imported."""
    try:
        import_module(library)
    except ImportError:
        return False
    return True


def version_of(library: str) -> str:
    """A library's version, of Pillow with that of its libjpeg; empty where it says none."""
    if library == "PIL":
        turbo = features.version_feature("libjpeg_turbo")
        return f"{version('pillow')} (libjpeg-turbo {turbo})" if turbo else f"{version('pillow')} (plain libjpeg)"
    for package in PACKAGES[library]:
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return str(getattr(import_module(library), "__version__", ""))
