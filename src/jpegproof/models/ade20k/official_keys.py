"""State dicts under the official code's keys, of modules whose parts another library names otherwise."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn


def keep_official_keys(module: nn.Module, official: Callable[[str], str]) -> None:
    """Lets a module save and load its state under other keys, wherever in a network it stands.

    So an official file is checked and loaded as it is, messages name the keys that stand in it, and what is saved here
    fits the official code.

    Args:
        module: as its library built it.
        official: from a key of its own to the official one; no two become the same.
    """
    module.register_state_dict_post_hook(partial(_saved, official))
    module.register_load_state_dict_pre_hook(partial(_loaded, official))


def _saved(
    official: Callable[[str], str], module: nn.Module, state: dict[str, Any], prefix: str, metadata: Any
) -> None:
    del module, metadata
    # All are taken out before the first is put back: a key of the one kind may be of another layer in the other.
    own = {key: state.pop(key) for key in list(state) if key.startswith(prefix)}
    state.update({prefix + official(key.removeprefix(prefix)): value for key, value in own.items()})


def _loaded(
    official: Callable[[str], str], module: nn.Module, state: dict[str, Any], prefix: str, *_: Any, **__: Any
) -> None:
    own_names = {prefix + official(name): prefix + name for name in _names(module)}
    given = {key: state.pop(key) for key in list(state) if key.startswith(prefix)}
    state.update({own_names.get(key, key): value for key, value in given.items()})


def _names(module: nn.Module) -> list[str]:
    """Of all parameters and of the buffers that are saved; every buffer here is."""
    return [name for name, _ in (*module.named_parameters(), *module.named_buffers())]
