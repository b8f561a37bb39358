"""What the files of a data set are before a study saves anything: formats, and qualities of JPEGs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from jpegproof.data.picture_set import PictureSet

#: No more files than these, evenly spaced, are looked at; of each only the headers.
LOOKED_AT = 4000


@dataclass(frozen=True, slots=True)
class OriginalFiles:
    """The files of a data set, counted.

    Attributes:
        formats: how many are of each format, by Pillow's name; empty where pictures are in no files.
        qualities: how many JPEGs were saved last at each quality: that whose standard tables the file's are nearest to.
    """

    formats: Mapping[str, int] = field(default_factory=dict)
    qualities: Mapping[int, int] = field(default_factory=dict)

    @property
    def pictures(self) -> int:
        """How many were looked at and could be told."""
        return sum(self.formats.values())

    @property
    def jpegs(self) -> int:
        """How many of these are JPEGs."""
        return sum(self.qualities.values())

    def at_most(self, quality: int) -> int:
        """How many JPEGs were saved at a quality or a lower one."""
        return sum(count for own, count in self.qualities.items() if own <= quality)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Back from ``dataclasses.asdict`` by way of JSON, whose keys are texts."""
        qualities = {int(quality): int(count) for quality, count in content.get("qualities", {}).items()}
        return cls({str(name): int(count) for name, count in content.get("formats", {}).items()}, qualities)


def original_files(pictures: PictureSet, chosen: Sequence[int]) -> OriginalFiles:
    """Counts the files of a data set.

    Args:
        pictures: the set; one whose pictures are in no files has no ``facts``.
        chosen: the numbers of the pictures that the study uses.
    """
    facts_of = getattr(pictures, "facts", None)
    if facts_of is None:
        return OriginalFiles()
    wanted = min(LOOKED_AT, len(chosen))
    found = [facts_of(chosen[place * len(chosen) // wanted]) for place in range(wanted)]
    known = [facts for facts in found if facts is not None]
    formats = Counter(facts.format for facts in known)
    qualities = Counter(facts.quality for facts in known if facts.quality is not None)
    return OriginalFiles(dict(sorted(formats.items())), dict(sorted(qualities.items())))
