"""The members of a tar file in order, each with its place in the file; damage ends one member, not the reading.

Python's own reader says nothing of a header that is damaged in the middle of a tar: for it the tar ends there. Its
parser of single headers is used here.

Source: POSIX.1-2017, pax and ustar Interchange Format; GNU tar manual, Basic Tar Format (long names).
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

BLOCK = 512
_ZEROS = bytes(BLOCK)

#: Longer names, and more records about one member, are in no honest tar.
_MOST_ABOUT_ONE = 1 << 20

_FILES = frozenset([tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE])
_ABOUT_THE_NEXT = frozenset(
    [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.XGLTYPE]
)
_KINDS = {
    tarfile.LNKTYPE: "a link",
    tarfile.SYMTYPE: "a link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}
_EMPTY = frozenset([*_KINDS, tarfile.DIRTYPE]) - {tarfile.GNUTYPE_SPARSE}


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a tar.

    Attributes:
        name: its path in the tar; empty where a damaged header does not say it.
        offset: where its content begins in the tar; of a damaged one, where the damage begins.
        size: of its content in bytes.
        fault: why it cannot be read, in words for the skip record; empty where it can.
    """

    name: str
    offset: int
    size: int
    fault: str = ""


def tar_members(file: BinaryIO, length: int) -> Iterator[Member]:
    """Reads the headers of a tar one after the other; what lies between is skipped, never unpacked.

    Args:
        file: an open tar, not compressed.
        length: its bytes.

    Yields:
        Every member that is a file, or should have been one; folders are left out.
    """
    at = 0
    name: str | None = None
    size: int | None = None
    sparse = False
    while at + BLOCK <= length:
        file.seek(at)
        block = file.read(BLOCK)
        if block == _ZEROS:
            return  # the end, whatever follows
        header = _header(block)
        if header is None:
            after = _next_header(file, at + BLOCK, length)
            yield Member("", at, after - at, f"its tar is damaged at byte {at:,}")
            if after == length:
                return
            at, name, size, sparse = after, None, None, False
            continue
        content = at + BLOCK
        if header.type in _ABOUT_THE_NEXT:
            if header.size > _MOST_ABOUT_ONE or content + header.size > length:
                yield Member("", at, header.size, f"its tar is damaged at byte {at:,}")
                at = _next_header(file, content, length)
                if at == length:
                    return
                continue
            about = file.read(header.size)
            if header.type == tarfile.GNUTYPE_LONGNAME:
                name = _text(about.rstrip(b"\0"))
            elif header.type in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE):
                records = _pax_records(about)
                name = _text(records[b"path"]) if b"path" in records else name
                size = int(records[b"size"]) if records.get(b"size", b"").isdigit() else size
                sparse = any(key.startswith(b"GNU.sparse") for key in records)
            at = content + _in_blocks(header.size)
            continue
        own = header.size if size is None else size
        shown = header.name if name is None else name
        kind = "a sparse file" if sparse else _KINDS.get(header.type, "")
        name, size, sparse = None, None, False
        if kind:
            yield Member(shown, content, 0, f"is {kind} in its tar, not a plain one")
        elif header.type in _FILES and not shown.endswith("/"):
            missing = content + own - length
            fault = f"its tar ends {missing:,} bytes before it does" if missing > 0 else ""
            yield Member(shown, content, own, fault)
        at = content + (0 if header.type in _EMPTY else _in_blocks(own))
    if at == length:  # cut off between two members, which nothing else would tell
        yield Member("", at, 0, f"its tar ends at byte {length:,} without its end mark, so more may be missing")
    if at < length and length - at < BLOCK:
        yield Member("", at, length - at, f"its tar is cut off after byte {length:,}")


def _header(block: bytes) -> tarfile.TarInfo | None:
    """What a block says of a member; None where it is no header."""
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return None
    return header if header.size >= 0 else None


def _next_header(file: BinaryIO, at: int, length: int) -> int:
    """Where the next block is that is a header, or zeros; the end of the file where there is none."""
    file.seek(at)
    while len(block := file.read(BLOCK)) == BLOCK:
        # Old tars without this mark cannot be told from content.
        if block[257:262] == b"ustar" and _header(block) is not None:
            return at
        at += BLOCK
    return length


def _pax_records(content: bytes) -> dict[bytes, bytes]:
    """Records ``LENGTH KEY=VALUE``; those before the first that is damaged."""
    records: dict[bytes, bytes] = {}
    while content:
        digits, space, _ = content.partition(b" ")
        if not space or not digits.isdigit() or not len(digits) < int(digits) <= len(content):
            break
        record, content = content[len(digits) + 1 : int(digits) - 1], content[int(digits) :]
        key, _, value = record.partition(b"=")
        records[key] = value
    return records


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _in_blocks(size: int) -> int:
    return -(-size // BLOCK) * BLOCK
