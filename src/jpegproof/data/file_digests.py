"""Whether files have changed, by their bytes: a digest of each, asked for at most once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jpegproof.data.remembered_digests import file_digest


class FileDigests:
    """The digests of a list of files.

    Args:
        paths: the files; they need not be there.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._digests = np.zeros((len(paths), 16), dtype=np.uint8)
        self._known = np.zeros(len(paths), dtype=bool)

    def __getitem__(self, index: int) -> str:
        """A digest of a file's bytes: a moved or touched file keeps it, a changed one does not. Else why not."""
        if not self._known[index]:
            try:
                self._digests[index] = np.frombuffer(file_digest(self._paths[index]), dtype=np.uint8)
            except OSError as error:
                return f"unreadable: {error.strerror}"
            self._known[index] = True
        return self._digests[index].tobytes().hex()
