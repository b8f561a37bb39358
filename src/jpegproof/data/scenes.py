"""Pictures that show one scene, such as a real one and its reconstruction: what is true of one leaks to the others."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from jpegproof.data.picture_set import PictureSet


@runtime_checkable
class SharedScenes(Protocol):
    """What a data set says besides where several of its pictures show one scene."""

    @property
    def together(self) -> int:
        """How many pictures that follow each other, from the first on, show one scene."""
        ...

    def scene_identity(self, index: int) -> str:
        """The identity of the picture that the scene's others are made from; the same for all of them."""
        ...


def together(pictures: PictureSet) -> int:
    """How many pictures that follow each other show one scene; 1 where each shows its own."""
    return pictures.together if isinstance(pictures, SharedScenes) else 1


def scene_name(pictures: PictureSet, index: int) -> str:
    """A name that a scene's pictures share; the picture's own where each shows its own."""
    return pictures.name(index - index % together(pictures))


def scene_identity(pictures: PictureSet, index: int) -> str:
    """An identity that a scene's pictures share, also with the picture they are made from, in another data set."""
    return pictures.scene_identity(index) if isinstance(pictures, SharedScenes) else pictures.identity(index)
