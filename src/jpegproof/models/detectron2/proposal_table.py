"""Proposals by the name of the picture that they are about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from numpy.typing import NDArray

from jpegproof.exceptions import ModelError
from jpegproof.models.detectron2.boxes import clipped, has_area
from jpegproof.models.detectron2.rpn import Proposals
from jpegproof.tasks.geometry import Geometry

#: Proposals of a picture that are looked at.
MOST = 1000


@dataclass(frozen=True, slots=True, eq=False)
class PictureProposals:
    """What somebody proposes for a picture, in no particular order.

    Attributes:
        boxes: (P, 4) float32 xyxy in pixels of the picture as stored.
        logits: (P,) float32: how sure it is that there is an object.
    """

    boxes: NDArray[np.float32]
    logits: NDArray[np.float32]


class ProposalTable:
    """Proposals of many pictures.

    Args:
        path: the file that they are from, for messages.
        places: where each picture's proposals are found, by its name or id.
        at: answers with those of a place.
    """

    def __init__(self, path: Path, places: Mapping[str, int], at: Callable[[int], PictureProposals]) -> None:
        self.path = path
        self._places = places
        self._at = at

    def __len__(self) -> int:
        return len(self._places)

    @property
    def names(self) -> Iterable[str]:
        """Of the pictures, as in the file."""
        return self._places.keys()

    def of(self, name: str) -> PictureProposals:
        """Those of a picture.

        Args:
            name: as in the file; or the picture's file name, with or without folder and suffix, where the file has
                that, or the number that COCO's file names end in.

        Raises:
            ModelError: the table does not know the picture.
        """
        stem = PurePosixPath(name).stem
        number = stem.rpartition("_")[2]  # COCO_val2014_000000000139
        spellings = [name, PurePosixPath(name).name, stem, *([str(int(number))] if number.isdecimal() else [])]
        for spelling in spellings:
            if spelling in self._places:
                return self._at(self._places[spelling])
        raise ModelError(
            f"{self.path}: has no proposals for the picture {name!r} (there are {len(self)}, of "
            f"{', '.join(list(self._places)[:3])}, ...); make them with jpegproof.models.detectron2.make_proposals"
        )


def joined(tables: Sequence[ProposalTable]) -> ProposalTable:
    """One table of several, such as those of a data set's two splits.

    Raises:
        ModelError: two of them hold proposals for one picture.
    """
    if len(tables) == 1:
        return tables[0]
    owners: dict[str, ProposalTable] = {}
    for table in tables:
        for name in table.names:
            if name in owners:
                raise ModelError(
                    f"{table.path}: has proposals for {name!r}, and so has {owners[name].path}; leave one out"
                )
            owners[name] = table
    names = list(owners)
    return ProposalTable(
        tables[-1].path,
        {name: place for place, name in enumerate(names)},
        lambda place: owners[names[place]].of(names[place]),
    )


def supplied(proposals: PictureProposals, geometry: Geometry, size: tuple[int, int]) -> Proposals:
    """Proposals as the second stage takes them: in input pixels, inside the picture, the best first, at most `MOST`.

    Args:
        proposals: of the source picture.
        geometry: how it became the input.
        size: (H, W) of the input.
    """
    order = np.argsort(proposals.logits)[::-1].copy()
    boxes, logits = (torch.from_numpy(values[order]) for values in (proposals.boxes, proposals.logits))
    boxes = clipped(geometry.to_input(boxes), size)
    kept = has_area(boxes)
    return Proposals(boxes[kept][:MOST], logits[kept][:MOST])
