"""How the names of a study are shown to people."""

from __future__ import annotations

import re
import unicodedata

from jpegproof.analysis.rows import Result

REFERENCE = "reference"
"""The ``first_mitigation`` of a comparison with the uncompressed originals."""

MITIGATION_LABELS = {
    "none": "None",
    "control": "Control",
    "supervised_fine_tuning": "Supervised Fine-Tuning",
    "statistics_only": "Statistics Only",
    "self_distilled": "Self-Distilled",
    "off_the_shelf": "Off-the-Shelf Artifact Correction",
    "task_targeted": "Task-Targeted Artifact Correction",
    "transfer": "Transfer",
    "multihead": "Multihead",
    "both": "Both",
    "gated": "Gated",
}
"""Display names, in the order in which a table lists its rows."""

CODEC_LABELS = {"jpeg": "JPEG", "webp": "WebP", "avif": "AVIF"}
"""Display names of codecs."""

_TURNS_TEXT_AROUND = set("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: str) -> str:
    """A user's text as one printable line.

    Runs of white space become one space. Control characters, lone surrogates and unassigned code points become U+FFFD,
    since XML (and with it SVG) cannot hold them; marks that turn the reading direction go, since they can make a name
    read as another one.
    """
    shown = "".join(
        "\ufffd" if unicodedata.category(character) in {"Cc", "Cs", "Cn"} else character
        for character in re.sub(r"\s+", " ", text)
        if character not in _TURNS_TEXT_AROUND
    )
    return shown.strip()


def mitigation_label(mitigation: str) -> str:
    """The display name of a mitigation; one that is not known gets spaces for underscores and title case."""
    if mitigation in MITIGATION_LABELS:
        return MITIGATION_LABELS[mitigation]
    return plain(mitigation.replace("_", " ")).title() or "Unnamed"


def edge_label(mitigation: str, corrector: str, shared: bool) -> str:
    """The display name of an edge.

    Args:
        mitigation: as in ``Result.mitigation``.
        corrector: as in ``Result.corrector``.
        shared: whether another edge of the same model has the same mitigation.
    """
    label = mitigation_label(mitigation)
    named = plain(corrector)
    return f"{label} ({named})" if named and (shared or corrector != "identity") else label


def codec_label(codec: str) -> str:
    """The display name of a codec."""
    return CODEC_LABELS.get(codec, plain(codec))


def setting_label(codec: str, subsampling: str, chain: str, stage: str) -> str:
    """A compression setting in words; empty where no picture was compressed.

    Args:
        codec: as in ``Result.codec``, and so on for the others.
        subsampling: chroma subsampling.
        chain: what happened to the picture before.
        stage: ``source``, ``input`` or a name that is not known.
    """
    places = {"source": "compressed at its source resolution", "input": "compressed at the model's input size"}
    coded = codec_label(codec) if codec in ("", "jpeg") else f"{codec_label(codec)} at the bytes of JPEG"
    name = " ".join(part for part in (coded, plain(subsampling)) if part)
    parts = [name, f"after {plain(chain)}" if chain else "", places.get(stage, plain(stage))]
    return ", ".join(part for part in parts if part)


def edge_rank(result: Result) -> int:
    """Where an edge stands in a table: the known mitigations first, in the order of ``MITIGATION_LABELS``."""
    known = list(MITIGATION_LABELS)
    return known.index(result.mitigation) if result.mitigation in known else len(known)
