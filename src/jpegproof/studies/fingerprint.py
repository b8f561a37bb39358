"""Names for what has been computed: equal exactly where everything it depends on is equal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

#: Raised whenever the way from a picture to a stored prediction changes, so that old files are not taken for new.
PROTOCOL_VERSION = 2


def fingerprint(facts: Mapping[str, Any]) -> str:
    """A 32-digit hexadecimal name for plain data; the order of mappings does not matter, nor tuple against list.

    Raises:
        TypeError: a value is not plain data.
    """
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return blake2b(text.encode(), digest_size=16).hexdigest()
