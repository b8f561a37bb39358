"""What a folder of pictures holds, counted from the facts of each file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from jpegproof.jpeg.examine import PictureFacts
from jpegproof.jpeg.hazards import HAZARDS, Hazard, Treatment

# Qualities of one line of the histogram end here: finer where people save.
_BIN_ENDS = (9, 19, 29, 39, 49, 59, 69, 74, 79, 84, 89, 94, 100)


@dataclass(frozen=True, slots=True)
class AuditedFile:
    """One file of an audit.

    Attributes:
        name: the path below the folder; a name that is not UTF-8 is shown with backslash escapes.
        path: the same, exact: ``./`` and the bytes of the path, percent-encoded as in a URL.
        facts: what it is.
    """

    name: str
    path: str
    facts: PictureFacts


@dataclass(frozen=True, slots=True)
class HazardCount:
    """A hazard, how many files have it, and the names of the first of them."""

    hazard: Hazard
    count: int
    examples: tuple[str, ...]


#: The smallest, middle and largest of some numbers.
Spread = tuple[float, float, float]


@dataclass(frozen=True)
class Audit:
    """What a folder holds: every file once, and counts of them.

    Attributes:
        folder: its name as given.
        files: every file, sorted by path.
    """

    folder: str
    files: tuple[AuditedFile, ...]

    @cached_property
    def treatments(self) -> Counter[str]:
        """How many files a study would use, use as libjpeg would, skip, leave out."""
        return Counter(str(file.facts.treatment) for file in self.files)

    @cached_property
    def formats(self) -> Counter[str]:
        """How many files there are of each format of picture, by content; of files that are not left out."""
        return Counter(facts.format for facts in self._examined if facts.format)

    @cached_property
    def qualities(self) -> list[tuple[str, int, int]]:
        """(qualities, files with libjpeg's own tables, files with other tables nearest to these), low to high."""
        own, others = Counter[int](), Counter[int]()
        for facts in self._examined:
            if facts.quality is not None:
                (own if facts.fit_error == 0 else others)[facts.quality] += 1
        starts = [1, *(end + 1 for end in _BIN_ENDS)]
        bins = [range(start, end + 1) for start, end in zip(starts, _BIN_ENDS, strict=False)]
        return [(f"{bin_[0]}-{bin_[-1]}", sum(own[q] for q in bin_), sum(others[q] for q in bin_)) for bin_ in bins]

    @cached_property
    def subsamplings(self) -> Counter[str]:
        """How many usable JPEGs there are of each sampling."""
        return Counter(facts.subsampling for facts in self._examined if facts.subsampling)

    @cached_property
    def scan_orders(self) -> Counter[str]:
        """How many JPEGs are ``progressive``, how many ``sequential``."""
        names = {True: "progressive", False: "sequential"}
        return Counter(names[facts.progressive] for facts in self._examined if facts.progressive is not None)

    @cached_property
    def megapixels(self) -> Spread | None:
        """Sizes of the usable pictures; None where there are none."""
        return _spread([facts.width * facts.height / 1e6 for facts in self._usable if facts.width and facts.height])

    @cached_property
    def kilobytes(self) -> Spread | None:
        """Sizes of the usable files; None where there are none."""
        return _spread([facts.size_in_bytes / 1e3 for facts in self._usable if facts.size_in_bytes])

    @cached_property
    def hazards(self) -> list[HazardCount]:
        """Every hazard that is there, in the order of `HAZARDS`, with up to three examples."""
        counts: Counter[str] = Counter()
        examples: dict[str, list[str]] = {}
        for file in self.files:
            for name in file.facts.hazards:
                counts[name] += 1
                examples.setdefault(name, [])
                if len(examples[name]) < 3:
                    examples[name].append(file.name)
        return [HazardCount(HAZARDS[name], counts[name], tuple(examples[name])) for name in HAZARDS if counts[name]]

    @cached_property
    def reasons(self) -> Counter[str]:
        """Why files are left out, and how many for each reason."""
        return Counter(file.facts.reason for file in self.files if file.facts.treatment is Treatment.LEFT_OUT)

    @property
    def _examined(self) -> list[PictureFacts]:
        return [file.facts for file in self.files if file.facts.treatment is not Treatment.LEFT_OUT]

    @property
    def _usable(self) -> list[PictureFacts]:
        return [facts for facts in self._examined if facts.treatment is not Treatment.SKIP]


def _spread(numbers: list[float]) -> Spread | None:
    return (min(numbers), median(numbers), max(numbers)) if numbers else None
