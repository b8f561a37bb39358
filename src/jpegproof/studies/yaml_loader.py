"""YAML as people expect it: a colon between digits makes no number of base 60."""

from __future__ import annotations

import re
from typing import Any

import yaml

_INTEGER = "tag:yaml.org,2002:int"
_FLOAT = "tag:yaml.org,2002:float"


class PlainLoader(yaml.SafeLoader):
    """SafeLoader, but ``10:90`` and ``4:2:0`` are text (YAML 1.2), not numbers of base 60 (YAML 1.1)."""


# Copied before it is changed: the table belongs to all loaders.
PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in (_INTEGER, _FLOAT)]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
PlainLoader.add_implicit_resolver(
    _INTEGER, re.compile(r"^[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|(?:0|[1-9][0-9_]*))$"), list("-+0123456789")
)
PlainLoader.add_implicit_resolver(
    _FLOAT,
    re.compile(
        r"^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+"
        r"|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
    list("-+0123456789."),
)


class PlainDumper(yaml.SafeDumper):
    """Writes what `PlainLoader` reads back: texts are quoted where it would take them for numbers."""


PlainDumper.yaml_implicit_resolvers = PlainLoader.yaml_implicit_resolvers


def dump_plain(content: Any) -> str:
    """YAML text, in the order of the mappings."""
    return yaml.dump(content, Dumper=PlainDumper, sort_keys=False, allow_unicode=True, width=110)
