"""One explained picture as numbers, by edge and quality."""

from __future__ import annotations

from collections.abc import Mapping

from jpegproof.analysis.explanations.gathered import Column
from jpegproof.analysis.explanations.measures import compare_gradients, compare_maps
from jpegproof.probes.explanations.explained import Explained, ExplainedPicture


def measured(picture: ExplainedPicture) -> dict[Column, Mapping[str, float]]:
    """Every version's measures beside the uncured network's explanation of the original; none where there is none."""
    return {
        (version.edge, version.compression.quality): measures_of(version, picture.original)
        for version in picture.versions
    }


def measures_of(version: Explained, original: Explained) -> dict[str, float]:
    """A version's measures by name; none where it, or the original, is not explained."""
    found, clean = version.explanation, original.explanation
    if found is None or clean is None:
        return {}
    return {**compare_maps(found.cam, clean.cam), **compare_gradients(found.gradient, clean.gradient)}
