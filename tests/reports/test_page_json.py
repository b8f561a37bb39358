"""JSON in a script element can neither end it nor change with the reader."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jpegproof.reports.page_json import script_json

CONTENT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(CONTENT)
def test_what_is_read_back_is_what_was_written(content):
    assert json.loads(script_json(content)) == content


@given(st.text())
def test_nothing_in_it_can_end_a_script_or_begin_a_comment(text):
    written = script_json([text])
    assert not set(written) & set("<>&\u2028\u2029")
    assert written.isascii()


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!--", "]]>", "a\u2028b", "\u202eabc", "${1}"])
def test_hostile_texts_are_texts(text):
    assert json.loads(script_json({text: text})) == {text: text}
    assert "</" not in script_json({text: text})
    assert "<!" not in script_json({text: text})


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_json_has_no_number_for_is_refused(number):
    with pytest.raises(ValueError):
        script_json([number])
