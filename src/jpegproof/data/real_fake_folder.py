"""Folders of real and of fake pictures, in the layouts of the published forensic data sets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from jpegproof.data.files import PictureFiles, folder_at, is_picture_name, no_pictures, pictures_below, walked
from jpegproof.data.forensic_pictures import FAKE, FORENSICS, REAL, REAL_FAKE
from jpegproof.data.format_note import format_notes
from jpegproof.exceptions import DataError, nearest
from jpegproof.tasks.protocol import ClassNames

_UNMISTAKABLE = ("0_real", "1_fake")
USUAL = (("0_real", "real"), ("1_fake", "fake"))
"""Names of folders of real pictures, and of fake ones."""


class RealFakeFolder(PictureFiles):
    """Pictures below folders whose names say whether they are real or fake, at any depth.

    ``0_real`` and ``1_fake``, beside each other or below folders of classes (Wang et al.), and ``real`` and ``fake``
    (Chai et al.); other names can be declared. Case does not matter. What lies below no such folder is left out.

    Args:
        path: the folder that holds them.
        real: names of the folders of real pictures, in place of the usual ones; ``photos/test`` is a folder ``test``
            in a folder ``photos``.
        fake: names of the folders of fake ones, likewise.

    Raises:
        DataError: no picture, none of one kind, one that is below folders of both, or a declared name that is no
            folder's.

    Source: S.-Y. Wang et al., CNN-generated images are surprisingly easy to spot... for now, CVPR 2020 (repository
    PeterWang512/CNNDetection); L. Chai et al., What makes fake images detectable?, ECCV 2020 (repository
    chail/patch-forensics).
    """

    task = FORENSICS
    class_names: ClassNames | None = REAL_FAKE

    def __init__(self, path: Path | str, real: Sequence[str] = (), fake: Sequence[str] = ()) -> None:
        root = folder_at(path)
        every = pictures_below(root)
        if not every:
            raise no_pictures(root)
        folders = {folder for picture in every for folder in _folders_above(root, picture)}
        names = [_folded(given or usual) for given, usual in zip((real, fake), USUAL, strict=True)]
        if both := names[REAL] & names[FAKE]:
            raise DataError(f"{root}: {min(both)!r} cannot name folders of real and of fake pictures; leave one out")
        _refuse_unknown(root, [*real, *fake], folders)
        kinds = [_kind(root, picture, names) for picture in every]
        for kind in (REAL, FAKE):
            if kind not in kinds:
                raise DataError(_one_kind_missing(root, kind, folders))
        chosen = [(picture, kind) for picture, kind in zip(every, kinds, strict=True) if kind is not None]
        super().__init__(root, [picture for picture, _ in chosen])
        self._targets = [kind for _, kind in chosen]
        self._left_out = len(every) - len(chosen)

    @property
    def own_notes(self) -> tuple[str, ...]:
        """How many pictures were left out, if any."""
        if not self._left_out:
            return ()
        return (f"{self._left_out:,} pictures lie below no folder of real or fake ones and were left out.",)

    @property
    def notes(self) -> tuple[str, ...]:
        """Also whether the files alone tell real from fake, for which their headers are read."""
        return (*self.own_notes, *self._format_notes)

    def target(self, index: int) -> int:
        """`REAL` or `FAKE`."""
        return self._targets[index]

    @cached_property
    def _format_notes(self) -> tuple[str, ...]:
        return format_notes(self)


def looks_real_fake(root: Path) -> bool:
    """Whether there are pictures below folders called as in the published layouts.

    ``real`` and ``fake`` count only together, as either alone may be a class like any other.
    """
    files, _ = walked(root, set())
    folders = {path.parent for path in files if is_picture_name(path.name)}
    names = _folded(part for folder in folders for part in folder.relative_to(root).parts)
    return not names.isdisjoint(_UNMISTAKABLE) or {"real", "fake"} <= names


def _kind(root: Path, picture: Path, names: Sequence[set[str]]) -> int | None:
    parts = _folded(_folders_above(root, picture))
    kinds = [kind for kind in (REAL, FAKE) if parts & names[kind]]
    if len(kinds) > 1:
        raise DataError(f"{picture}: lies below a folder of real pictures and one of fake ones; take it out of one")
    return kinds[0] if kinds else None


def _folders_above(root: Path, picture: Path) -> set[str]:
    """Each folder that a picture lies below, by its own name and with those above it: photos, test, photos/test."""
    parts = picture.relative_to(root).parts[:-1]
    return {"/".join(parts[begin : end + 1]) for end in range(len(parts)) for begin in range(end + 1)}


def _folded(names: Iterable[str]) -> set[str]:
    return {name.casefold() for name in names}


def _refuse_unknown(root: Path, declared: Sequence[str], folders: set[str]) -> None:
    known = _folded(folders)
    for name in declared:
        if name.casefold() not in known:
            raise DataError(
                f"{root}: holds no folder {name!r} with pictures.{nearest(name, folders)} A folder is named by its own "
                "name, or with those above it, as in photos/test"
            )


def _one_kind_missing(root: Path, kind: int, folders: set[str]) -> str:
    missing = REAL_FAKE[kind]
    own = sorted(folder for folder in folders if "/" not in folder)
    shown = ", ".join(own[:8]) + (", ..." if len(own) > 8 else "")
    return (
        f"{root}: holds no {missing} pictures; they lie below folders called {' or '.join(USUAL[kind])}, or what "
        f"{missing} names (folders with pictures here: {shown or 'none'})"
    )
