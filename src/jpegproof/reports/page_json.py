"""JSON inside a page: the one place where data are made harmless for a script element."""

from __future__ import annotations

import json
from typing import Any

_ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}


def script_json(content: Any) -> str:
    """JSON that stands in a ``script`` element as it is: no text of it can end the element or begin a comment.

    All that is not ASCII is escaped too, and with it U+2028 and U+2029, which end lines in older JavaScript, and marks
    that turn text around.

    Args:
        content: dictionaries, lists, texts, finite numbers, booleans and None.

    Raises:
        ValueError: a number is infinite or not a number, which JSON cannot hold.
    """
    # Outside of texts JSON has none of these characters, so that all of the document can be escaped at once.
    return json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":")).translate(_ESCAPED)
