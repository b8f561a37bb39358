"""How a picture is compressed: plain data that names one column of a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from operator import index
from typing import Any, Literal, get_args

import numpy as np

from jpegproof.jpeg.steps import Crop, Resize
from jpegproof.jpeg.tables import estimate_quality

Subsampling = Literal["4:4:4", "4:2:2", "4:2:0"]
SUBSAMPLINGS: tuple[str, ...] = get_args(Subsampling)
Codec = Literal["", "jpeg", "webp", "avif"]
#: How the other codecs' encoders are set, but for the quality: Pillow's own choices, said aloud, since files depend on
#: them. WebP halves chroma whatever is said.
OTHER_ENCODERS: dict[str, dict[str, Any]] = {"webp": {"method": 4}, "avif": {"speed": 6}}
CODECS: tuple[str, ...] = tuple(codec for codec in get_args(Codec) if codec)


@dataclass(frozen=True, slots=True)
class Compression:
    """One way to compress a picture, or none at all (`ORIGINAL`).

    Attributes:
        codec: ``jpeg``; ``webp`` or ``avif`` at the bytes that the JPEG of the same quality would have; or empty for
            the uncompressed original.
        quality: libjpeg quality 1..100; None for the original and where `tables` say it all.
        subsampling: of the chroma planes.
        progressive: progressive instead of baseline scan order (the pixels are the same, the bytes are not).
        tables: own quantisation tables instead of the standard's: one (luma) or two (luma, chroma) of 64 steps each,
            row-major, 1..255.
        before: what happened to the picture before, in this order: earlier saves, resizes, crops.
        chain: the delivery chain's name of which this is a save; says nothing of the bytes.

    Raises:
        ValueError: a field is out of its range.
    """

    codec: Codec = "jpeg"
    quality: int | None = None
    subsampling: Subsampling = "4:2:0"
    progressive: bool = False
    tables: tuple[tuple[int, ...], ...] | None = None
    before: tuple[Compression | Resize | Crop, ...] = ()
    chain: str = ""

    def __post_init__(self) -> None:
        if not self.codec:
            return
        if self.codec not in CODECS:
            raise ValueError(f"codec {self.codec!r} is not known; use one of {', '.join(CODECS)}")
        if self.codec != "jpeg" and (self.tables is not None or self.before or self.chain):
            raise ValueError(f"{self.codec} goes with the quality of a single JPEG whose bytes it matches")
        if (self.quality is None) == (self.tables is None):
            raise ValueError("a JPEG compression takes a quality or its own tables, one of the two")
        if self.quality is not None and _whole(self.quality, 100) is None:
            raise ValueError(f"{self.quality!r} is not a libjpeg quality; use a whole number from 1 to 100")
        if self.subsampling not in SUBSAMPLINGS:
            raise ValueError(f"subsampling {self.subsampling!r} is not known; use one of {', '.join(SUBSAMPLINGS)}")
        # numpy's whole numbers and lists are taken too, but what is kept is plain, so that it can be a fingerprint.
        if self.quality is not None:
            object.__setattr__(self, "quality", index(self.quality))
        if self.tables is not None:
            check_tables(self.tables)
            object.__setattr__(self, "tables", tuple(tuple(map(index, table)) for table in self.tables))

    @property
    def is_original(self) -> bool:
        """Whether this is the uncompressed original."""
        return not self.codec

    @property
    def nominal_quality(self) -> int | None:
        """The quality; of own tables the standard one they are nearest to; None for the original."""
        if self.tables is None:
            return self.quality
        luma, chroma = self.tables[0], self.tables[-1]
        return estimate_quality(np.array(luma).reshape(8, 8), np.array(chroma).reshape(8, 8)).quality

    @property
    def label(self) -> str:
        """A short name for people, such as ``quality 10``."""
        if self.is_original:
            return "original"
        if self.chain:
            return self.delivery
        if self.codec != "jpeg":
            return f"{self.codec} at the bytes of quality {self.quality}"
        return f"quality {self.quality}" if self.tables is None else f"own tables (near quality {self.nominal_quality})"

    def describe(self) -> dict[str, Any]:
        """Everything the compressed bytes depend on, as plain data for a fingerprint."""
        if self.is_original:
            return {"codec": ""}
        facts = asdict(self)
        del facts["chain"], facts["before"]
        if self.codec != "jpeg":
            facts["encoder"] = OTHER_ENCODERS[self.codec]
        # Left out where nothing happened before, as it was when nothing could.
        return {**facts, "before": [_described(step) for step in self.before]} if self.before else facts

    @property
    def delivery(self) -> str:
        """Which save of which chain this is, such as ``messenger, save 2``; empty where it is of none."""
        return (
            f"{self.chain}, save {1 + sum(isinstance(step, Compression) for step in self.before)}" if self.chain else ""
        )

    @property
    def moves(self) -> bool:
        """Whether a place in the compressed picture is another place than in the original."""
        return any(not isinstance(step, Compression) for step in self.before)


ORIGINAL = Compression(codec="")


def _described(step: Compression | Resize | Crop) -> dict[str, Any]:
    return step.describe() if isinstance(step, Compression) else {"step": type(step).__name__, **asdict(step)}


def _whole(value: Any, highest: int) -> int | None:
    """The value as a plain whole number from 1 to `highest`, or None where it is none."""
    try:
        number = index(value)
    except TypeError:
        return None
    return number if 1 <= number <= highest else None


def check_tables(tables: Sequence[Sequence[int]]) -> None:
    """Raises ValueError where quantisation tables are not one or two times 64 steps of a baseline JPEG."""
    if len(tables) not in (1, 2):
        raise ValueError(f"{len(tables)} quantisation tables given; use one (luma) or two (luma, chroma)")
    for position, table in enumerate(tables):
        if len(table) != 64 or any(_whole(step, 255) is None for step in table):
            raise ValueError(f"quantisation table {position} must be 64 whole numbers from 1 to 255, row by row")
