"""WebDataset: pictures in tar files, with their classes beside them, read where they lie."""

from __future__ import annotations

from bisect import bisect_right
from hashlib import blake2b
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jpegproof.data.files import folder_at, is_picture_name, shown_name, walked
from jpegproof.data.tar_index import LABEL_FIELDS, PICTURE_FIELDS, tar_index, unreadable_tar
from jpegproof.data.tar_labels import labels_of
from jpegproof.exceptions import DataError
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.file_facts import FileFacts, file_facts
from jpegproof.jpeg.intake import UnusablePictureError, open_picture


class WebDatasetPictures:
    """The pictures of all tars below a folder, in the order of the tars' names and of their places in the tars.

    Nothing is unpacked. An index of each tar is made once and remembered (`jpegproof.data.tar_index`). The class of a
    picture is what ``.cls``, ``.json`` or ``.txt`` says beside it, whichever most pictures have: a number, or a name.
    Names are numbered as the folders of an `ImageFolder` are. Of a ``.txt`` a name is a class only where `classes` or
    ImageNet's wnids have it, since captions are stored so too. A picture without a class where most have one cannot be
    used, nor can what is damaged, cut off, or a link.

    Args:
        path: the folder.
        classes: the whole list of classes in label order; None takes the names present, sorted.

    Raises:
        DataError: there is no tar, none can be read, or no picture is in them.
    """

    def __init__(self, path: Path | str, classes: tuple[str, ...] | None = None) -> None:
        root = folder_at(path)
        self.tars = tars_below(root)
        if not self.tars:
            raise DataError(f"{root}: holds no tar files; a WebDataset is one or more files NAME.tar of pictures")
        tables = [_index_of(tar) for tar in self.tars]
        self.root = root
        self._shown_tars = [shown_name(tar.relative_to(root).as_posix()) for tar in self.tars]
        self._begins = list(accumulate((len(table) for table in tables), initial=0))
        self._table = pa.concat_tables([table.replace_schema_metadata(None) for table in tables])
        if self._table.column("digest").null_count == len(self._table):
            raise DataError(_no_pictures(root, self._table))
        found = labels_of(self._table, classes)
        self.task = "classification" if found is not None else ""
        self.class_names: tuple[str, ...] | None = found.class_names if found is not None else classes
        self.notes: tuple[str, ...] = ()
        self._labels: NDArray[np.int32] | None = found.numbers if found is not None else None
        self._label_field = found.field if found is not None else ""

    def __len__(self) -> int:
        return len(self._table)

    def name(self, index: int) -> str:
        """The tar's path below the root, and the picture's in the tar."""
        return f"{self._shown_tars[self._tar_of(index)]}/{self._of('name', index)}"

    def target(self, index: int) -> int | None:
        """The class number; None where the set has no classes, or nothing says this picture's."""
        number = -1 if self._labels is None else int(self._labels[index])
        return number if number >= 0 else None

    def size_in_bytes(self, index: int) -> int:
        """The picture's size in its tar; 0 of what cannot be read."""
        return 0 if self._of("fault", index) else self._of("size", index)

    def identity(self, index: int) -> str:
        """A digest of the picture's bytes, the same as when it lies in a folder."""
        digest = self._of("digest", index)
        return digest.hex() if digest is not None else f"unreadable: {self._of('fault', index)}"

    def content(self, index: int) -> bytes:
        """The picture's file.

        Raises:
            UnusablePictureError: it is damaged, or its tar has changed since this was opened.
        """
        fault = self._of("fault", index)
        if fault:
            raise UnusablePictureError(fault)
        tar, size = self.tars[self._tar_of(index)], self._of("size", index)
        try:
            with tar.open("rb", buffering=0) as file:
                file.seek(self._of("offset", index))
                content = file.read(size)
        except OSError as error:
            raise UnusablePictureError(f"cannot be read: {error.strerror or error}", "unreadable") from error
        if blake2b(content, digest_size=16).digest() != self._of("digest", index):
            raise UnusablePictureError(f"{tar.name} has changed since the study began; run it again", "unreadable")
        return content

    def facts(self, index: int) -> FileFacts | None:
        """What the file says of itself; None where it cannot be told what it is."""
        try:
            return file_facts(self.content(index))
        except UnusablePictureError:
            return None

    def pixels(self, index: int) -> Pixels:
        """The decoded file.

        Raises:
            UnusablePictureError: it is damaged, or nothing says its class where the others have one.
        """
        if self._labels is not None and self._labels[index] < 0 and not self._of("fault", index):
            raise UnusablePictureError(f"no class of the set's is told in a .{self._label_field} beside it")
        return open_picture(self.content(index))

    def _tar_of(self, index: int) -> int:
        return bisect_right(self._begins, index) - 1

    def _of(self, column: str, index: int) -> Any:
        return self._table.column(column)[index].as_py()


def tars_below(root: Path) -> tuple[Path, ...]:
    """Every tar below a folder, sorted by path; hidden files and folders are left out."""
    files, _ = walked(root, set())
    return tuple(sorted(path for path in files if is_tar_name(path.name)))


def looks_like_webdataset(root: Path) -> bool:
    """Whether a folder holds tars and no pictures beside them.

    Raises:
        DataError: its tars lie in folders of it, as those of several splits do.
    """
    names = [path.name for path in root.iterdir() if path.is_file()]
    if any(map(is_tar_name, names)) or any(map(is_picture_name, names)):
        return any(map(is_tar_name, names)) and not any(map(is_picture_name, names))
    folders = sorted({tar.relative_to(root).parts[0] for tar in tars_below(root)})
    if folders:
        raise DataError(
            f"{root}: its tars lie in folders ({', '.join(folders)}); name one of them, such as {root / folders[-1]} "
            "(or --layout webdataset to take all)"
        )
    return False


def is_tar_name(name: str) -> bool:
    """Whether a file of this name counts as a tar."""
    return not name.startswith(".") and Path(name).suffix.lower() == ".tar"


def _index_of(tar: Path) -> pa.Table:
    try:
        return tar_index(tar)
    except OSError as error:
        return unreadable_tar(f"cannot be read: {error.strerror or error}")


def _no_pictures(root: Path, table: pa.Table) -> str:
    fault = next((fault for fault in table.column("fault").to_pylist() if fault), "")
    return (
        f"{root}: its tars hold no picture that can be read"
        + (f"; the first that should be one: {fault}" if fault else "")
        + f". Files ending in .{', .'.join(PICTURE_FIELDS)} count, with .{', .'.join(LABEL_FIELDS)} beside them for "
        "the class; compressed tars must be unpacked to plain ones"
    )
