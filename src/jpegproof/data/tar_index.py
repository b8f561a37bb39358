"""What is in a WebDataset tar: its samples and where their pictures lie, found once and remembered.

Members that follow each other and have one name up to the first dot of its last part are a sample; what follows the dot
says what each of them is (``0001.jpg``, ``0001.cls``).

Source: the WebDataset library's documentation, webdataset.github.io.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from jpegproof.data.cache_folder import cache_folder, is_settled, place_of, stamp_of
from jpegproof.data.files import shown_name
from jpegproof.data.tar_members import Member, tar_members
from jpegproof.jpeg.intake import MAX_BYTES

#: What a sample's picture may be called; where it has several, the first of these.
PICTURE_FIELDS = ("jpg", "jpeg", "png", "ppm", "webp", "pgm", "bmp", "tif", "tiff", "jfif", "jpe")
#: What may say its class; where several do, the first of these.
LABEL_FIELDS = ("cls", "json", "txt")
#: Where a class stands in a JSON object; the first of these that it has.
_JSON_KEYS = ("label", "cls", "class")

#: Raised whenever indexes would come out otherwise.
_VERSION = 2
#: A longer file of a class is not read; a longer class is no class's name but a text.
_MOST_LABEL_BYTES, _LONGEST_LABEL = 1 << 20, 200
#: So many samples are held at once.
_AT_ONCE = 4096
_CHUNK = 1 << 20

_SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("offset", pa.int64()),
        ("size", pa.int64()),
        ("digest", pa.binary(16)),
        ("fault", pa.string()),
        *((field, pa.string()) for field in LABEL_FIELDS),
    ]
)


def tar_index(tar: Path) -> pa.Table:
    """The samples of a tar that have a picture, in its order; a table that lies on the disk rather than in memory.

    Args:
        tar: the file. Where it has changed since its index was remembered, it is read anew.

    Returns:
        One row a picture: ``name`` in the tar, ``offset`` and ``size`` in bytes, ``digest`` of its content (empty where
        it cannot be read), ``fault`` (why it cannot be read, or null), and what ``cls``, ``json`` and ``txt`` say of
        its class (text or null). A damaged place in the tar is a row with a fault.

    Raises:
        OSError: the file cannot be read.
    """
    stamp = stamp_of(tar.stat())
    folder = cache_folder()
    if folder is None:
        return _in_memory(tar)
    place = place_of(tar, folder, "webdataset")
    remembered = _opened(place, stamp)
    if remembered is not None:
        return remembered
    settled = is_settled(stamp)
    part = place.with_name(f".{place.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        place.parent.mkdir(exist_ok=True)
        with pa.OSFile(str(part), "wb") as sink:
            _write(tar, sink, stamp if settled else None)
        part.replace(place)
    except OSError:  # the disk of the cache is full, or it may not be written
        with suppress(OSError):
            part.unlink()
        return _in_memory(tar)
    return _opened(place, stamp if settled else None) or _in_memory(tar)


def unreadable_tar(fault: str) -> pa.Table:
    """In place of the index of a tar that cannot be read: one picture with the reason."""
    return pa.Table.from_pylist([{"name": "(all of it)", "offset": 0, "size": 0, "fault": fault}], schema=_SCHEMA)


def _opened(place: Path, stamp: tuple[int, ...] | None) -> pa.Table | None:
    try:
        table = pa.ipc.open_file(pa.memory_map(str(place))).read_all()
        told = (table.schema.metadata or {}).get(b"jpegproof")
        return table if told == _told(stamp) else None
    except (OSError, pa.ArrowException):
        return None


def _in_memory(tar: Path) -> pa.Table:
    sink = pa.BufferOutputStream()
    _write(tar, sink, None)
    return pa.ipc.open_file(sink.getvalue()).read_all()


def _told(stamp: tuple[int, ...] | None) -> bytes:
    return json.dumps([_VERSION, stamp]).encode()


def _write(tar: Path, sink: Any, stamp: tuple[int, ...] | None) -> None:
    schema = _SCHEMA.with_metadata({b"jpegproof": _told(stamp)})
    with pa.ipc.new_file(sink, schema) as writer, tar.open("rb") as file:
        rows: list[dict[str, Any]] = []
        for row in _rows(file, tar.stat().st_size):
            rows.append(row)
            if len(rows) == _AT_ONCE:
                writer.write(pa.RecordBatch.from_pylist(rows, schema=schema))
                rows = []
        writer.write(pa.RecordBatch.from_pylist(rows, schema=schema))


def _rows(file: BinaryIO, length: int) -> Iterator[dict[str, Any]]:
    """What the index says of each picture."""
    seen: set[bytes] = set()
    for sample in _samples(file, length):
        field = next((field for field in PICTURE_FIELDS if field in sample), None)
        if field is None and "" in sample:
            field = ""
        if field is None:
            continue
        picture = sample[field]
        row: dict[str, Any] = {"name": _shown(picture), "offset": picture.offset, "size": picture.size}
        row["fault"] = (_compressed(file) if not picture.name and picture.offset == 0 else "") or picture.fault or None
        if picture.size > MAX_BYTES and not picture.fault:
            row["fault"] = f"takes {picture.size:,} bytes, more than {MAX_BYTES:,}"
        row["digest"] = b"" if row["fault"] else _digest(file, picture)
        row["digest"] = row["digest"] or None
        row |= {kind: _label(file, kind, sample[kind]) for kind in LABEL_FIELDS if kind in sample}
        key = blake2b(row["name"].encode(), digest_size=8).digest()
        if key in seen:
            row["name"] += f" (again at byte {picture.offset})"  # names are unique in a data set
        seen.add(key)
        yield row


def _compressed(file: BinaryIO) -> str:
    """What to say of a tar that is compressed, in which nothing can be found by its place; else nothing."""
    file.seek(0)
    start = file.read(6)
    is_packed = start.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd"))
    return "its tar is compressed; make a plain one of it" if is_packed else ""


def _samples(file: BinaryIO, length: int) -> Iterator[dict[str, Member]]:
    """Members by field, sample by sample; a damaged place is a sample of its own, whose field has no name."""
    key = ""
    sample: dict[str, Member] = {}
    for member in tar_members(file, length):
        if not member.name:
            if sample:
                yield sample
            key, sample = "", {}
            yield {"": member}
            continue
        own_key, field = _key_and_field(member.name)
        if not field:
            continue
        if own_key != key or field in sample:
            if sample:
                yield sample
            key, sample = own_key, {}
        sample[field] = member
    if sample:
        yield sample


def _key_and_field(name: str) -> tuple[str, str]:
    """A member's sample and what it is there; nothing of what is no part of a sample."""
    folder, slash, last = name.rpartition("/")
    stem, _, field = last.partition(".")
    if not stem or (stem.startswith("__") and stem.endswith("__")):
        return "", ""
    return folder + slash + stem, field.lower()


def _shown(member: Member) -> str:
    """A member's name as text; one that is not UTF-8 with backslash escapes."""
    name = member.name or f"(damaged at byte {member.offset})"
    return shown_name(name)


def _digest(file: BinaryIO, member: Member) -> bytes:
    """As `PictureFiles.identity` makes it: a picture keeps its identity when it is unpacked."""
    digest = blake2b(digest_size=16)
    file.seek(member.offset)
    left = member.size
    while left > 0 and (chunk := file.read(min(left, _CHUNK))):
        digest.update(chunk)
        left -= len(chunk)
    return digest.digest()


def _label(file: BinaryIO, kind: str, member: Member) -> str | None:
    """What a member says of the class: a number or a name; None where it says none."""
    if member.fault or member.size > _MOST_LABEL_BYTES:
        return None
    file.seek(member.offset)
    text = file.read(member.size).decode("utf-8", errors="replace").strip()
    if kind == "json":
        text = _json_label(text)
    return text if text and len(text) <= _LONGEST_LABEL and "\n" not in text else None


def _json_label(text: str) -> str:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if isinstance(content, dict):
        content = next((content[key] for key in _JSON_KEYS if key in content), None)
    is_label = isinstance(content, int | str) and not isinstance(content, bool)
    return str(content).strip() if is_label else ""
