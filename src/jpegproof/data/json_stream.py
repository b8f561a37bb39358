"""A large JSON file a stretch at a time: the entries of its lists one by one, as `json.loads` makes them.

The decoder is Python's own, so that every value and every complaint is that of `json.loads`; streaming parsers know
neither NaN nor whole numbers beyond 64 bits, and name no column.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Any

#: So many characters are read at once; an entry that is longer is read whole.
_STRETCH = 1 << 20
#: A value that is cut off by the end of a stretch is complained of no farther from it, unless it is a text.
_NEAR_THE_END = 16
_DECODER = JSONDecoder()
_SPACES = re.compile(r"[ \t\n\r]*")
_MARKS = {  # UTF-32's first, as UTF-16's is its beginning
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    codecs.BOM_UTF8: "utf-8",
}


class NoJsonError(Exception):
    """Where a file stops being JSON, in `json.loads`'s words; lines and columns count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list: its number in it from 0, what it says, and its bytes with their place in the file."""

    place: int
    value: Any
    begin: int
    stored: bytes


def lists_by_key(path: Path) -> Iterator[tuple[str, Iterator[Entry] | None]]:
    """The keys of a file's JSON object in order, each with the entries of its list; None where it holds no list.

    A key that is there twice comes twice. Entries that the caller leaves are read past when the next key is asked for.
    A file that holds something else than an object has no keys.

    Raises:
        OSError: the file cannot be read.
        NoJsonError: it is no JSON from some place on; what comes before is given first.
        UnicodeDecodeError: its bytes are no text in UTF-8, UTF-16 or UTF-32.
        RecursionError: something in it is nested too deeply.
    """
    with path.open("rb") as file:
        encoding, begin = _encoding(file.read(4))
        file.seek(begin)
        yield from _keys(_Window(TextIOWrapper(file, encoding, "surrogatepass", newline=""), begin))


def text_encoding(path: Path) -> str:
    """The encoding that a JSON file's entries are in; what is no text in it is a surrogate (``surrogatepass``).

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return _encoding(file.read(4))[0]


def _encoding(head: bytes) -> tuple[str, int]:
    """A JSON file's encoding, told from its first four bytes, and how many of them are its mark."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding, len(mark)
    return json.detect_encoding(head), 0


def _keys(window: _Window) -> Iterator[tuple[str, Iterator[Entry] | None]]:
    if window.peek() != "{":
        window.value()
    else:
        window.skip()
        if window.peek() == "}":
            window.skip()
        else:
            yield from _pairs(window)
    if window.peek():
        raise window.mistake("Extra data")


def _pairs(window: _Window) -> Iterator[tuple[str, Iterator[Entry] | None]]:
    while True:
        if window.peek() != '"':
            raise window.mistake("Expecting property name enclosed in double quotes")
        key, _, _ = window.value()
        if window.peek() != ":":
            raise window.mistake("Expecting ':' delimiter")
        window.skip()
        if window.peek() == "[":
            entries = _entries(window)
            yield key, entries
            for _ in entries:
                pass
        else:
            window.value()
            yield key, None
        if window.peek() not in ("}", ","):
            raise window.mistake("Expecting ',' delimiter")
        if window.skip() == "}":
            return


def _entries(window: _Window) -> Iterator[Entry]:
    window.skip()
    if window.peek() == "]":
        window.skip()
        return
    place = 0
    while True:
        window.peek()
        yield Entry(place, *window.value())
        place += 1
        if window.peek() not in ("]", ","):
            raise window.mistake("Expecting ',' delimiter")
        if window.skip() == "]":
            return


class _Window:
    """The stretch of a text that is being read, and where in the file it is.

    Args:
        file: the text, from its first character on.
        begin: the byte in the file where that stands.
    """

    def __init__(self, file: TextIOWrapper, begin: int) -> None:
        self._file, self._text, self._at, self._is_last = file, "", 0, False
        self._lines, self._columns = 0, 0  # before the window: whole lines, and characters of its own first line
        self._known, self._byte = 0, begin  # a character in the window, and the byte in the file where it stands

    def peek(self) -> str:
        """The next character that is no space; nothing at the end. The window then begins with it."""
        while True:
            spaces = _SPACES.match(self._text, self._at)
            assert spaces is not None
            self._at = spaces.end()
            if self._at < len(self._text) or self._is_last:
                return self._text[self._at : self._at + 1]
            self._read_on()

    def skip(self) -> str:
        """Goes past the next character, and returns it."""
        self._at += 1
        return self._text[self._at - 1]

    def value(self) -> tuple[Any, int, bytes]:
        """Goes past the value that begins here: what it says, its first byte's place in the file, its bytes."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except JSONDecodeError as error:
                is_cut = error.pos + _NEAR_THE_END > len(self._text) or error.msg.startswith("Unterminated string")
                if self._is_last or not is_cut:
                    raise self.mistake(error.msg, error.pos) from None
            else:
                # A number may go on in the next stretch.
                if self._is_last or isinstance(value, dict | list | str) or end + _NEAR_THE_END <= len(self._text):
                    break
            self._read_on()
        begin, stored = self._place(self._at), self._bytes(self._at, end)
        self._at = self._known = end
        self._byte += len(stored)
        return value, begin, stored

    def mistake(self, message: str, at: int | None = None) -> NoJsonError:
        """The error for a character of the window; without one, for the next."""
        at = self._at if at is None else at
        line_begin = self._text.rfind("\n", 0, at) + 1
        columns = self._columns if line_begin == 0 else 0
        return NoJsonError(message, self._lines + self._text.count("\n", 0, at) + 1, columns + at - line_begin + 1)

    def _read_on(self) -> None:
        """Drops what has been read, and reads another stretch, as long as what is left if that is long."""
        self._place(self._at)
        line_begin = self._text.rfind("\n", 0, self._at) + 1
        self._columns = self._at - line_begin + (self._columns if line_begin == 0 else 0)
        self._lines += self._text.count("\n", 0, self._at)
        left = self._text[self._at :]
        more = self._file.read(max(_STRETCH, len(left)))
        self._text, self._at, self._known, self._is_last = left + more, 0, 0, not more

    def _place(self, at: int) -> int:
        """The byte in the file where a character of the window stands, one not before the last that was asked for."""
        self._byte += len(self._bytes(self._known, at))
        self._known = at
        return self._byte

    def _bytes(self, begin: int, end: int) -> bytes:
        return self._text[begin:end].encode(self._file.encoding, "surrogatepass")
