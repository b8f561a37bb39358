"""Pictures with label maps: two folders whose files have the same names, and a list of classes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from jpegproof.data.file_digests import FileDigests
from jpegproof.data.files import PictureFiles, folder_at, no_pictures, pictures_below, walked
from jpegproof.data.label_code import LabelCode
from jpegproof.data.label_file import LABEL_SUFFIXES, read_label_file
from jpegproof.data.many_paths import ManyPaths
from jpegproof.exceptions import DataError
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.tasks.label_map import ClassNumbers, LabelMap
from jpegproof.tasks.protocol import ClassNames

_KEPT = 64  # more than the pictures of a shard, for which each edge asks anew


class LabelMapPictures(PictureFiles):
    """Pictures, each with a file that says the class of every pixel.

    A picture whose label file is missing, damaged, of another size, or holds a value that means nothing cannot be used,
    like a damaged picture.

    Args:
        root: the folder that pictures are named from.
        pictures: the files.
        labels: each picture's label file, which need not be there.
        code: what the values of label files mean.
    """

    task = "semantic_segmentation"
    notes: tuple[str, ...] = ()

    def __init__(self, root: Path, pictures: Sequence[Path], labels: Sequence[Path], code: LabelCode) -> None:
        super().__init__(root, pictures)
        self.labels = ManyPaths(root, labels)
        self._label_digests = FileDigests(self.labels)
        self.class_names: ClassNames | None = code.class_names
        self._code = code
        self._read = lru_cache(maxsize=_KEPT)(self._classes)

    def target(self, index: int) -> LabelMap:
        """The class of each pixel, read when it is asked for."""
        return LabelMap(f"{self._label_digests[index]} {self._code.describe()}", lambda: self._read(index))

    def pixels(self, index: int) -> Pixels:
        """The decoded file.

        Raises:
            UnusablePictureError: it or its label file is missing or damaged, or the two do not fit each other.
        """
        pixels = super().pixels(index)
        height, width = self._read(index).shape
        if pixels.shape[:2] != (height, width):
            raise UnusablePictureError(
                f"is {pixels.shape[1]} x {pixels.shape[0]} pixels, but its label map {self.labels[index].name} is "
                f"{width} x {height}; both must show the same picture"
            )
        return pixels

    def _classes(self, index: int) -> ClassNumbers:
        return self._code.classes_of(read_label_file(self.labels[index]))


def label_map_folders(path: Path | str, labels: Path | str, code: LabelCode) -> LabelMapPictures:
    """A folder of pictures and one of label files, such as CamVid's ``train`` and ``trainannot``.

    Files belong together whose paths below the two folders are the same but for the ending.

    Raises:
        DataError: a folder is missing or empty, no picture has a label file, or it cannot be told which is whose.
    """
    root, below = folder_at(path), folder_at(labels)
    if root.resolve() == below.resolve():
        raise DataError(
            f"{root}: is named for pictures and for label maps; move the label maps to a folder of their own"
        )
    inside = {file for file in pictures_below(root) if below.resolve() not in file.resolve().parents}
    pictures = sorted(inside)
    if not pictures:
        raise no_pictures(root)
    found: dict[str, Path] = {}
    for file in sorted(walked(below, set())[0]):
        if file.suffix.lower() in LABEL_SUFFIXES and not file.name.startswith("."):
            stem = _stem(file, below)
            if stem in found:
                raise DataError(f"{below}: {found[stem].name} and {file.name} are label maps of one name; keep one")
            found[stem] = file
    owners: dict[str, Path] = {}
    for picture in pictures:
        stem = _stem(picture, root)
        if stem in owners:
            raise DataError(
                f"{root}: {owners[stem].name} and {picture.name} would have the same label map; rename one of them"
            )
        owners[stem] = picture
    if not set(owners) & set(found):
        raise DataError(
            f"{root}: none of its {len(pictures):,} pictures has a label map in {below}; a label map has its picture's "
            f"name, here {next(iter(owners))}.png, and ends in {', '.join(sorted(LABEL_SUFFIXES))}"
        )
    return LabelMapPictures(root, pictures, [found.get(stem, below / f"{stem}.png") for stem in owners], code)


def _stem(file: Path, folder: Path) -> str:
    return file.relative_to(folder).with_suffix("").as_posix()
