"""The reference of the Python API: what `jpegproof` offers, and the protocols that networks of one's own fulfil."""

from __future__ import annotations

import jpegproof

#: Where a reader's own classes come in.
PROTOCOLS = (
    "jpegproof.correctors.protocol.Corrector",
    "jpegproof.jpeg.codec.DecodedJpeg",
    "jpegproof.tasks.protocol.Task",
    "jpegproof.tasks.detector.Detector",
    "jpegproof.tasks.segmenter.Segmenter",
    "jpegproof.tasks.fake_detector.FakeDetector",
    "jpegproof.deploy.pipeline.Pipeline",
)


def python_page() -> str:
    """Markdown with mkdocstrings' directives, which read the docstrings when the site is built."""
    names = [f"{jpegproof._HOMES[name]}.{name}" for name in jpegproof.__all__ if name in jpegproof._HOMES]
    sections = [
        "# Python",
        "Every verb of the command line is a function of the same name, with the same defaults.",
        "## The package",
        *(f"::: {name}" for name in names),
        "## Protocols and results",
        *(f"::: {name}" for name in PROTOCOLS),
    ]
    return "\n\n".join(sections) + "\n"
