"""The verb ``audit``: what a folder of pictures holds, and what a study would do with each file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from jpegproof.data.every_file import every_file
from jpegproof.data.files import folder_at
from jpegproof.exceptions import StoreError
from jpegproof.jpeg.audit import Audit as Audit
from jpegproof.jpeg.audit import AuditedFile
from jpegproof.jpeg.audit_table import write_audit
from jpegproof.jpeg.examine import PictureFacts, examine
from jpegproof.jpeg.hazards import Treatment
from jpegproof.verbs.names import short


class AuditProgress(Protocol):
    """What a caller may want to hear while files are examined."""

    def begin(self, total: int, finished: int) -> None:
        """How many files there are; none is finished before."""
        ...

    def advance(self) -> None:
        """One more file is examined."""
        ...


def audit(folder: str | Path, *, csv: str | Path | None = None, progress: AuditProgress | None = None) -> Audit:
    """Examines every file below a folder: qualities, samplings, sizes, hazards, and what a study would do with it.

    Files are read and decoded one after the other. Nothing is written into the folder.

    Args:
        folder: of pictures, at any depth.
        csv: a file, outside the folder, for a row about every file.
        progress: hears how it goes.

    Raises:
        DataError: there is no such folder, or a part of it cannot be read.
        StoreError: the CSV file lies in the folder or cannot be written.
    """
    root = folder_at(folder)
    target = None if csv is None else Path(csv).expanduser()
    if target is not None and _lies_in(target, root):
        raise StoreError(f"{target}: lies in the audited folder, into which nothing is written; name a file outside it")
    found = every_file(root)
    if progress:
        progress.begin(len(found), 0)
    files = []
    for path, left_out in found:
        facts = PictureFacts(treatment=Treatment.LEFT_OUT, reason=left_out) if left_out else examine(path)
        files.append(AuditedFile(*_names(path.relative_to(root)), facts))
        if progress:
            progress.advance()
    if target is not None:
        write_audit(target, files)
    return Audit(str(folder), tuple(files))


def default_csv(folder: str | Path) -> Path | None:
    """Where the command line writes the rows unless told otherwise; None where that would be in the folder itself.

    Raises:
        DataError: there is no such folder.
    """
    root = folder_at(folder)
    path = Path("out") / f"audit-{short(root.resolve().name)}.csv"
    return None if _lies_in(path, root) else path


def _lies_in(path: Path, folder: Path) -> bool:
    """Whether a file is or would be below a folder, wherever links lead."""
    return path.resolve().is_relative_to(folder.resolve())


def _names(path: Path) -> tuple[str, str]:
    name = os.fsencode(path.as_posix())
    return name.decode("utf-8", errors="backslashreplace"), "./" + quote(name)
