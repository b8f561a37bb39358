"""A few pictures of a data set, held in memory, to be timed with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from PIL import Image

from jpegproof.exceptions import DataError
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.studies.workshop import Workshop
from jpegproof.tasks.label_map import LabelMap
from jpegproof.tasks.protocol import ClassNames, Target


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A data set in memory, small enough to be sent to another process.

    Attributes:
        data: the name of the data set that it is of.
        pictures: (H, W, 3) uint8 RGB each.
        targets: what is true of each; None without labels.
        task: whose targets these are; empty without labels.
        class_names: what labels mean; None where that is not known.
        notes: none.
    """

    data: str
    pictures: tuple[Pixels, ...]
    targets: tuple[Target, ...]
    task: str
    class_names: ClassNames | None
    notes: tuple[str, ...] = ()

    @property
    def picture_size(self) -> str:
        """Width x height in pixels, of the median picture where they differ."""
        height, width = (int(median(picture.shape[axis] for picture in self.pictures)) for axis in (0, 1))
        return f"{width}x{height}"

    def enlarged(self, width: int, height: int) -> Sample:
        """The same pictures resized by Pillow, without their targets, which speak of the old ones."""
        pictures = tuple(
            np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC))
            for picture in self.pictures
        )
        return replace(self, pictures=pictures, targets=(None,) * len(pictures), task="", class_names=None)

    def labelled(self, target: Target, task: str) -> Sample:
        """The same pictures, of all of which the same is said to be true."""
        return replace(self, targets=(target,) * len(self.pictures), task=task, class_names=None)

    def __len__(self) -> int:
        return len(self.pictures)

    def name(self, index: int) -> str:
        """See `PictureSet`."""
        return f"picture {index}"

    def target(self, index: int) -> Target:
        """See `PictureSet`."""
        return self.targets[index]

    def size_in_bytes(self, index: int) -> int:
        """See `PictureSet`."""
        return self.pictures[index].nbytes

    def identity(self, index: int) -> str:
        """See `PictureSet`."""
        return self.name(index)

    def pixels(self, index: int) -> Pixels:
        """See `PictureSet`."""
        return self.pictures[index]


def take_sample(workshop: Workshop, data: str, count: int) -> Sample:
    """So many usable pictures, evenly spaced over what a study uses of a data set.

    Args:
        workshop: knows the data set.
        data: its name.
        count: how many pictures; fewer where the data set has no more.

    Raises:
        DataError: none can be used.
    """
    held, chosen = workshop.pictures(data), workshop.chosen(data)
    pictures, targets = list[Pixels](), list[Target]()
    for number in _spaced(chosen, count):
        try:
            pictures.append(held.pixels(number))
            target = held.target(number)
            targets.append(target.held() if isinstance(target, LabelMap) else target)
        except UnusablePictureError:
            continue
        if len(pictures) == count:
            break
    if not pictures:
        raise DataError(f"data set {data!r}: none of its {len(chosen)} pictures can be used, so nothing can be timed")
    return Sample(data, tuple(pictures), tuple(targets), held.task, held.class_names)


def _spaced(chosen: Sequence[int], count: int) -> list[int]:
    """Evenly spaced ones first; the others after them, in case that some cannot be used."""
    first = [chosen[place * len(chosen) // count] for place in range(count)] if len(chosen) > count else list(chosen)
    return list(dict.fromkeys([*first, *chosen]))
