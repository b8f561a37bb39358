"""What chosen layers of a network answer with while it works."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from jpegproof.exceptions import ModelError, UnknownNameError, nearest
from jpegproof.tasks.named_tensors import named_tensors


class Features:
    """The outputs of layers, caught by hooks.

    Args:
        network: holds the layers.
        names: of the layers, as in ``network.named_modules()``.

    Raises:
        UnknownNameError: there is no layer of a name.
    """

    def __init__(self, network: nn.Module, names: Sequence[str]) -> None:
        known = dict(network.named_modules())
        for name in names:
            if not name or name not in known:
                raise UnknownNameError(
                    f"features: {type(network).__name__} has no layer {name!r}.{nearest(name, filter(None, known))} "
                    f"Its parts: {', '.join(key for key in known if key and '.' not in key)}."
                )
        self._layers: Mapping[str, nn.Module] = {name: known[name] for name in names}

    @contextmanager
    def caught(self) -> Iterator[dict[str, Tensor]]:
        """Within it the network is asked once; afterwards the tensors are there by layer, call and place.

        Raises:
            ModelError: a layer was not used.
        """
        calls: dict[str, list[Any]] = {name: [] for name in self._layers}
        tensors: dict[str, Tensor] = {}
        hooks = [
            layer.register_forward_hook(lambda *call, name=name: calls[name].append(call[2]))
            for name, layer in self._layers.items()
        ]
        try:
            yield tensors
        finally:
            for hook in hooks:
                hook.remove()
        for name, answers in calls.items():
            if not answers:
                raise ModelError(f"features: the detector did not use its layer {name!r}; name another one")
            # A layer shared by the levels of a pyramid is called once for each.
            whole = answers[0] if len(answers) == 1 else answers
            tensors.update(named_tensors(whole, name))
