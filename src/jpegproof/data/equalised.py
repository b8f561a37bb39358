"""Real and fake pictures brought to one size and through one JPEG, so that no file's format tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from jpegproof.data.forensic_pictures import FAKE, FORENSICS, REAL, REAL_FAKE, ForensicPictures
from jpegproof.data.format_note import format_notes
from jpegproof.data.scenes import scene_identity, together
from jpegproof.exceptions import DataError
from jpegproof.jpeg.codec import Pixels, decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.file_facts import FileFacts
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.tasks.protocol import ClassNames

FINEST = 95
"""No set is compressed more finely than this, however fine its own JPEGs are."""

SMALLEST = 32
"""No set is cut to a side shorter than this, in pixels."""

_GRID = 16  # a block of halved chroma covers as many pixels


@dataclass(frozen=True, slots=True)
class Terms:
    """What every picture of a set is brought to.

    Attributes:
        size: (H, W) in pixels.
        quality: of the one JPEG, 4:2:0; None where nothing is compressed.
    """

    size: tuple[int, int]
    quality: int | None


class Equalised:
    """The same pictures after the same treatment: cut to one size at their centre, saved as one kind of JPEG, decoded.

    The size is the least width and the least height of all pictures. The cut begins at a multiple of 16 pixels, as near
    to the centre as that allows: the blocks of a JPEG that a picture once was then fall on those of the new one, which
    covers their traces best. Off that grid they would show beside the new blocks, in that half of the set which once
    was JPEG. The quality is the lowest among the set's JPEGs, at most 95: what was saved at it already hardly changes,
    and to what was not the same is done. Where all files are lossless, nothing is compressed.

    Traces of an earlier save at another quality, of an earlier resize, and what pictures show, all remain.

    Args:
        pictures: real and fake ones.
        size: (H, W) to cut to, in place of the least.
        quality: 1..100, in place of the lowest; also where all files are lossless.

    Raises:
        DataError: on first use, where no file can be read, or the pictures are too small.
    """

    task = FORENSICS
    class_names: ClassNames | None = REAL_FAKE

    def __init__(
        self, pictures: ForensicPictures, size: tuple[int, int] | None = None, quality: int | None = None
    ) -> None:
        self._pictures, self._size, self._quality = pictures, size, quality

    @cached_property
    def terms(self) -> Terms:
        """What every picture is brought to, from the headers of all files."""
        found = [facts for facts, _ in self._known]
        if not found:
            raise DataError("equalise: none of the pictures says what it is in a header, so nothing can be made equal")
        size = self._size or (min(facts.height for facts in found), min(facts.width for facts in found))
        small = [facts for facts in found if facts.height < size[0] or facts.width < size[1]]
        if small:
            raise DataError(
                f"equalise: {len(small):,} of {len(found):,} pictures are smaller than {size[1]}x{size[0]}, such as "
                f"one of {small[0].width}x{small[0].height}; give a smaller size (height, width), or take them out"
            )
        if min(size) < SMALLEST:
            raise DataError(
                f"equalise: all pictures would be cut to {size[1]}x{size[0]}, as the smallest is; take pictures with "
                f"sides below {SMALLEST} out"
            )
        return Terms(size, self._quality or _usual_quality(found))

    @property
    def own_notes(self) -> tuple[str, ...]:
        """Those of the pictures, what was done to them, and what that leaves."""
        height, width = self.terms.size
        saved = f", saved as JPEG of quality {self.terms.quality} (4:2:0)" if self.terms.quality else ""
        done = f"Equalised: every picture is cut to {width}x{height}{saved} before anything is measured."
        return (*self._pictures.own_notes, done, *self._traces())

    @property
    def notes(self) -> tuple[str, ...]:
        """Also whether what is left of the files' facts still tells real from fake."""
        return (*self.own_notes, *self._format_notes)

    @property
    def together(self) -> int:
        """As before."""
        return together(self._pictures)

    def __len__(self) -> int:
        return len(self._pictures)

    def name(self, index: int) -> str:
        """As before."""
        return self._pictures.name(index)

    def target(self, index: int) -> int:
        """As before."""
        return self._pictures.target(index)

    def size_in_bytes(self, index: int) -> int:
        """As before."""
        return self._pictures.size_in_bytes(index)

    def identity(self, index: int) -> str:
        """The picture's own, and what is done to it."""
        terms = self.terms
        return f"{self._pictures.identity(index)} equalised {terms.size[0]}x{terms.size[1]} {terms.quality}"

    def scene_identity(self, index: int) -> str:
        """That of the picture before: it is the same scene."""
        return scene_identity(self._pictures, index)

    def facts(self, index: int) -> FileFacts | None:
        """What a file of the equalised picture would say of itself."""
        facts = self._pictures.facts(index)
        if facts is None:
            return None
        (height, width), quality = self.terms.size, self.terms.quality
        return replace(
            facts,
            format="equalised",
            width=width,
            height=height,
            colours="grey" if facts.colours == "grey" else "colour",
            lossless=quality is None,
            quality=quality,
            tables="",
            subsampling="" if quality is None else "4:2:0",
            progressive=None,
            exif=False,
        )

    def pixels(self, index: int) -> Pixels:
        """The equalised picture.

        Raises:
            UnusablePictureError: it cannot be decoded, or is smaller than its header says.
        """
        terms = self.terms
        pixels = _cut(self._pictures.pixels(index), terms.size)
        return pixels if terms.quality is None else decode(encode(pixels, Compression(quality=terms.quality))).pixels

    @cached_property
    def _known(self) -> list[tuple[FileFacts, int]]:
        """Facts and class of every picture whose file says what it is."""
        places = range(len(self._pictures))
        return [(facts, self._pictures.target(k)) for k in places if (facts := self._pictures.facts(k)) is not None]

    @cached_property
    def _format_notes(self) -> tuple[str, ...]:
        return format_notes(self)

    def _traces(self) -> tuple[str, ...]:
        """What to say of earlier saves, which no further one wipes out."""
        lossy = [(facts, kind) for facts, kind in self._known if not facts.lossless]
        if not lossy:
            return ()
        real, fake = (_earlier([facts for facts, kind in lossy if kind == wanted]) for wanted in (REAL, FAKE))
        return (f"Compressed before: of the real pictures {real}, of the fake ones {fake}; traces of that may remain.",)


def _usual_quality(found: Sequence[FileFacts]) -> int | None:
    if all(facts.lossless for facts in found):
        return None
    return min([FINEST, *(facts.quality for facts in found if facts.quality is not None)])


def _earlier(lossy: Sequence[FileFacts]) -> str:
    if not lossy:
        return "none"
    qualities = [facts.quality for facts in lossy if facts.quality is not None]
    return f"{len(lossy):,}" + (f" (JPEG, quality {min(qualities)} to {max(qualities)})" if qualities else "")


def _cut(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    if pixels.shape[0] < size[0] or pixels.shape[1] < size[1]:
        raise UnusablePictureError(f"is {pixels.shape[1]}x{pixels.shape[0]}, smaller than its header says")
    top, left = (_beginning(whole, kept) for whole, kept in zip(pixels.shape[:2], size, strict=True))
    return pixels[top : top + size[0], left : left + size[1]].copy()


def _beginning(whole: int, kept: int) -> int:
    place = _GRID * round((whole - kept) / 2 / _GRID)
    return place if place + kept <= whole else place - _GRID
