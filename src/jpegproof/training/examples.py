"""What a training learns from: pictures compressed at random, each step's batch known from its number alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from jpegproof.data.picture_set import PictureSet
from jpegproof.exceptions import DataError
from jpegproof.jpeg.codec import MAX_SIDE, DecodedJpeg, Pixels, decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.jpeg.header import after_shrinking
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.models.preparation import Preparation
from jpegproof.tasks.protocol import Spatial, Target
from jpegproof.training.deliveries import deliver, room_for, square_of
from jpegproof.training.draws import Draw, draw_batch
from jpegproof.training.recipe import Recipe

#: Decoded pictures are kept up to this many bytes, so that no file is decoded at each of its turns.
CACHE_BYTES = 1_000_000_000

_ORDER = 0

#: Least and most that a square is shrunk by.
_SHRUNK = (1.25, 4.0)


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One picture and one JPEG of it.

    Attributes:
        original: (H, W, 3) uint8, not compressed.
        jpeg: the same after compression.
        source: (H, W) in pixels of the picture as stored, turned: what the target speaks of.
        target: what the data set says is true of it, turned and mirrored with it; None where no label is wanted.
        name: the picture's name in its data set; None where it was turned, mirrored or cut.
    """

    original: Pixels
    jpeg: DecodedJpeg
    source: tuple[int, int]
    target: Target
    name: str | None


class Examples:
    """An endless supply of batches.

    The batch of a step depends on the recipe, the pictures and the step's number alone: whoever goes on at step k sees
    what an undisturbed training would have seen. Every picture comes once before any comes again.

    Args:
        sets: data sets, with the numbers of the pictures that may be used.
        recipe: batch, qualities, crops, seed.
        preparations: of the models that learn or are trained through; a picture that one of them cannot take is left
            out, and at the stage ``input`` the first frames pictures before they are compressed. Empty without models.
        labelled: whether the examples carry targets.
        cache_bytes: decoded pictures are kept up to so many.

    Raises:
        DataError: there are no pictures.
    """

    def __init__(
        self,
        sets: Sequence[tuple[PictureSet, Sequence[int]]],
        recipe: Recipe,
        preparations: Sequence[Preparation] = (),
        labelled: bool = True,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._pictures = [(pictures, number) for pictures, numbers in sets for number in numbers]
        if not self._pictures:
            raise DataError("there is no picture to train on")
        self._recipe = recipe
        self._preparations = preparations
        self._labelled = labelled
        self._cache: OrderedDict[int, tuple[Pixels, tuple[int, int]] | None] = OrderedDict()
        self._cached_bytes = 0
        self._most_bytes = cache_bytes
        self._orders: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self._pictures)

    def batch(self, step: int, first: int = 0, last: int | None = None) -> list[Example]:
        """The examples of a step; a picture that cannot be decoded gives its place to the next one.

        Args:
            step: counted from 0.
            first: place of the first one that is wanted; the others are not read.
            last: place after the last one; the batch's end unless given.

        Raises:
            DataError: no picture can be used.
        """
        recipe = self._recipe
        size, draws = draw_batch(recipe, step)
        places = range(first, recipe.batch if last is None else last)
        return [self._example(step * recipe.batch + place, size, draws[place]) for place in places]

    def describe(self, step: int) -> list[dict[str, Any]]:
        """What the batch of a step is made of: plain data, one entry per picture, in order.

        Raises:
            DataError: no picture can be used.
        """
        recipe = self._recipe
        size, draws = draw_batch(recipe, step)
        told = []
        for place, draw in enumerate(draws):
            pictures, number = self._pictures[self._usable(step * recipe.batch + place)[0]]
            squares = {} if size is None else {"square": list(size)}
            told.append({"picture": pictures.name(number), **draw.describe(), **squares})
        return told

    def _example(self, turn: int, size: tuple[int, int] | None, draw: Draw) -> Example:
        """One example; of `size` (H, W) where squares are cut."""
        recipe = self._recipe
        place, pixels, source = self._usable(turn)
        pictures, number = self._pictures[place]
        turns, shrink = draw.turns, draw.shrink
        pixels = _turned(pixels, turns)
        target = _turned_target(pictures.target(number), turns) if self._labelled else None
        whole = size is None and not turns.any()
        factor = 1.0
        if size is not None and shrink[0] < recipe.shrunk:
            # No more than the picture is large enough for.
            most = min(_SHRUNK[1], min(pixels.shape[:2]) / max(size))
            factor = _SHRUNK[0] * (most / _SHRUNK[0]) ** shrink[1] if most > _SHRUNK[0] else 1.0
        source = (source[1], source[0]) if turns[2] else source
        delivered = _delivered(pixels, size, draw)
        if delivered is not None:
            original, jpeg = delivered
            moved = original.shape != pixels.shape
            source = (original.shape[0], original.shape[1]) if moved and size is None else source
            return Example(original, jpeg, source, target, pictures.name(number) if whole and not moved else None)
        if size is not None:
            pixels = _cut(pixels, (int(size[0] * factor), int(size[1] * factor)), draw.corner)
        original = np.ascontiguousarray(pixels)
        jpeg = decode(encode(original, Compression("jpeg", draw.quality, draw.subsampling)))
        if factor > 1 and size is not None:
            original, jpeg = _shrunk(original, jpeg, size)
        return Example(original, jpeg, source, target, pictures.name(number) if whole else None)

    def _usable(self, turn: int) -> tuple[int, Pixels, tuple[int, int]]:
        """The place, the pixels, and the (H, W) of the picture as stored."""
        for later in range(2 * len(self._pictures)):  # far enough to go through a whole epoch
            epoch, position = divmod(turn + later, len(self._pictures))
            place = int(self._order(epoch)[position])
            found = self._pixels(place)
            if found is not None:
                return place, *found
        smaller = "" if self._recipe.crop is None else f", or all are smaller than the squares of {self._recipe.crop}"
        raise DataError(f"none of the {len(self._pictures)} pictures to train on can be used: none decodes{smaller}")

    def _order(self, epoch: int) -> np.ndarray:
        if epoch not in self._orders:
            random = np.random.Generator(np.random.PCG64([self._recipe.seed, _ORDER, epoch]))
            self._orders = {
                **{known: order for known, order in self._orders.items() if abs(known - epoch) <= 1},
                epoch: random.permutation(len(self._pictures)),
            }
        return self._orders[epoch]

    def _pixels(self, place: int) -> tuple[Pixels, tuple[int, int]] | None:
        """The picture and its size as stored, or None where it cannot be used; kept in memory while there is room."""
        if place in self._cache:
            self._cache.move_to_end(place)
            return self._cache[place]
        pictures, number = self._pictures[place]
        source = (0, 0)
        try:
            pixels = pictures.pixels(number)
            source = pixels.shape[0], pixels.shape[1]
            framed = [preparation.frame(pixels)[0] for preparation in self._preparations]
            pixels = framed[0] if framed and self._recipe.stage == "input" else pixels
            if max(pixels.shape[:2]) > MAX_SIDE:
                pixels = None
        except (UnusablePictureError, MemoryError):
            pixels = None
        if pixels is not None and self._recipe.crop is not None and min(pixels.shape[:2]) < self._recipe.crop:
            pixels = None
        self._cache[place] = None if pixels is None else (pixels, source)
        self._cached_bytes += 0 if pixels is None else pixels.nbytes
        while self._cached_bytes > self._most_bytes and len(self._cache) > 1:
            _, old = self._cache.popitem(last=False)
            self._cached_bytes -= 0 if old is None else old[0].nbytes
        return None if pixels is None else (pixels, source)


def batches_ahead(
    examples: Examples, steps: Iterable[int], first: int = 0, last: int | None = None
) -> Generator[tuple[int, list[Example]], None, None]:
    """Some steps with their batches, or parts of these: the next one made while this one is worked on.

    Args:
        examples: make them.
        steps: which, in order.
        first: as in `Examples.batch`.
        last: as in `Examples.batch`.
    """
    coming = iter(steps)
    with ThreadPoolExecutor(1) as pool:

        def begin() -> tuple[int, Future[list[Example]]] | None:
            step = next(coming, None)
            return None if step is None else (step, pool.submit(examples.batch, step, first, last))

        ahead = begin()
        while ahead is not None:
            step, batch = ahead[0], ahead[1].result()
            ahead = begin()
            yield step, batch


def _delivered(pixels: Pixels, size: tuple[int, int] | None, draw: Draw) -> tuple[Pixels, DecodedJpeg] | None:
    """The picture and its JPEG at the end of a delivery chain; None where it is to be saved once."""
    if draw.chain is None or draw.chain_corner is None:
        return None
    try:
        if size is None:
            return deliver(pixels, draw.chain)
        around = room_for(size, draw.chain)
        if min(pixels.shape[0] - around[0], pixels.shape[1] - around[1]) < 0:
            return None
        return square_of(*deliver(_cut(pixels, around, draw.chain_corner), draw.chain), size)
    except ValueError:  # a crop that leaves nothing of so small a picture
        return None


def _turned(pixels: Pixels, turns: np.ndarray) -> Pixels:
    pixels = pixels[:, ::-1] if turns[0] else pixels
    pixels = pixels[::-1] if turns[1] else pixels
    return pixels.transpose(1, 0, 2) if turns[2] else pixels


def _turned_target(target: Target, turns: np.ndarray) -> Target:
    if not isinstance(target, Spatial):  # a class stays what it is
        return target
    target = target.mirrored() if turns[0] else target
    target = target.upended() if turns[1] else target
    return target.transposed() if turns[2] else target


def _shrunk(original: Pixels, jpeg: DecodedJpeg, size: tuple[int, int]) -> tuple[Pixels, DecodedJpeg]:
    """Both made smaller after the compression, as a preparation does it."""
    height, width = size
    smaller = [
        np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))
        for pixels in (original, jpeg.pixels)
    ]
    return smaller[0], DecodedJpeg(smaller[1], after_shrinking(jpeg.header, original.shape[0] / height, size))


def _cut(pixels: Pixels, size: tuple[int, int], corner: np.ndarray) -> Pixels:
    top = int(corner[0] * (pixels.shape[0] - size[0] + 1))
    left = int(corner[1] * (pixels.shape[1] - size[1] + 1))
    return pixels[top : top + size[0], left : left + size[1]]
