"""A plain folder of pictures without labels."""

from __future__ import annotations

from pathlib import Path

from jpegproof.data.files import PictureFiles, folder_at, no_pictures, pictures_below


class UnlabelledFolder(PictureFiles):
    """Every picture below a folder, without labels: enough for agreement and for label-free cures."""

    task = ""
    notes: tuple[str, ...] = ()
    class_names: tuple[str, ...] | None = None

    def __init__(self, path: Path | str) -> None:
        root = folder_at(path)
        paths = pictures_below(root)
        if not paths:
            raise no_pictures(root)
        super().__init__(root, paths)

    def target(self, index: int) -> None:
        """Always None: there are no labels."""
        del index
