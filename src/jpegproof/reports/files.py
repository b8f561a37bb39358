"""Puts the files of a report in their place."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path

from jpegproof.exceptions import StoreError


def replace_file(path: Path, content: bytes) -> None:
    """Puts a whole file in place of an old one: a reader sees the one or the other, never a half."""
    # Hidden, and unlike any other writer's; short, since the name itself may be as long as a file system allows.
    beside = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        why = "there is a folder of that name" if path.is_dir() else error.strerror
        raise StoreError(f"{path}: cannot be written ({why}); choose a folder that you may write to.") from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
