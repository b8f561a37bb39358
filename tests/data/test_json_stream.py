"""A file that is read stretch by stretch says what `json.loads` says of it, and is refused where that refuses it."""

from __future__ import annotations

import json
from collections.abc import Callable
from json import JSONDecodeError
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jpegproof.data import json_stream
from jpegproof.data.json_stream import NoJsonError, lists_by_key, text_encoding

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**30, -0.0, 1e-320, float("nan"), float("inf")])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
CONTENTS = st.dictionaries(st.sampled_from("abcdef") | st.text(), st.lists(VALUES, max_size=5) | VALUES, max_size=5)
STRETCHES = st.sampled_from([1, 2, 7, 30, 1 << 20])


def streamed(path: Path) -> dict[str, Any]:
    """The lists by key, the last of each counting; each entry's bytes say the same as it does."""
    raw, encoding = path.read_bytes(), text_encoding(path)
    answers: dict[str, Any] = {}
    for key, entries in lists_by_key(path):
        values = None if entries is None else []
        for number, entry in enumerate(entries or ()):
            assert entry.place == number
            assert raw[entry.begin : entry.begin + len(entry.stored)] == entry.stored
            assert repr(json.loads(entry.stored.decode(encoding, "surrogatepass"))) == repr(entry.value)
            assert values is not None
            values.append(entry.value)
        answers[key] = values
    return answers


def whole(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_bytes())
    if not isinstance(content, dict):
        return {}
    return {key: value if isinstance(value, list) else None for key, value in content.items()}


def outcome(read: Callable[[Path], Any], path: Path) -> str:
    try:
        return repr(read(path))
    except JSONDecodeError as error:
        return f"{error.msg} {error.lineno} {error.colno}"
    except NoJsonError as error:
        return f"{error.message} {error.line} {error.column}"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("json") / "content.json"


@given(CONTENTS, STRETCHES, st.sampled_from(ENCODINGS), st.booleans(), st.sampled_from([None, 1]))
def test_every_value_is_that_of_the_whole_file(
    path: Path, content: Any, stretch: int, encoding: str, is_ascii: bool, indent: int | None
):
    path.write_bytes(json.dumps(content, ensure_ascii=is_ascii, indent=indent).encode(encoding, "surrogatepass"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "_STRETCH", stretch)
        assert repr(streamed(path)) == repr(whole(path))


@given(CONTENTS, STRETCHES, st.data())
def test_a_damaged_file_is_refused_at_the_same_line_and_column(path: Path, content: Any, stretch: int, data: Any):
    text = json.dumps(content, ensure_ascii=False, indent=data.draw(st.sampled_from([None, 1])))
    at = data.draw(st.integers(0, len(text)))
    put = data.draw(st.sampled_from(["", *'{}[]":\\0e-.x\n\x01é', '\\u12"', "nul", "-Infinit", "1e"]))
    damaged = text[:at] + put + text[data.draw(st.sampled_from([at, at + 1, len(text)])) :]
    path.write_bytes(damaged.encode("utf-8", "surrogatepass"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "_STRETCH", stretch)
        assert outcome(streamed, path) == outcome(whole, path)


def test_entries_that_are_left_are_read_past(path: Path):
    path.write_text('{"a": [1, 2, 3], "b": {"a": [4]}, "a": [5]}')
    assert [key for key, _ in lists_by_key(path)] == ["a", "b", "a"]


def test_a_mistake_far_behind_is_found_without_holding_what_is_before(path: Path, monkeypatch: pytest.MonkeyPatch):
    path.write_text('{"a": [\n' + ", ".join(["[1, 2, 3]"] * 1000) + '],\n "b" 3}')
    monkeypatch.setattr(json_stream, "_STRETCH", 100)
    longest: list[int] = []
    read_on = json_stream._Window._read_on

    def watched(window: Any) -> None:
        read_on(window)
        longest.append(len(window._text))

    monkeypatch.setattr(json_stream._Window, "_read_on", watched)
    with pytest.raises(NoJsonError, match="Expecting ':' delimiter") as caught:
        list(lists_by_key(path))
    assert (caught.value.line, caught.value.column) == (3, 6)
    assert max(longest) <= 200


def test_an_entry_longer_than_a_stretch_is_read_whole(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(json_stream, "_STRETCH", 10)
    path.write_text(json.dumps({"a": ["x" * 5000, list(range(3000))]}))
    assert streamed(path) == whole(path)
