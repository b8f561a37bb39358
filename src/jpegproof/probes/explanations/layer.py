"""Which layer Grad-CAM looks at: found in any network by what its layers answer, or named by the user."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from jpegproof.exceptions import ModelError, UnknownNameError, nearest
from jpegproof.probes.explanations.layout import Layout, layout_of

#: The parts of an answer that are asked for: differentiable numbers, each about another place.
Parts = Sequence[Tensor]

_NAME_ONE = "name one of the network's layers with --layer"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a layer answered in its only call."""

    name: str
    answer: Tensor
    layout: Layout


def find_layer(network: nn.Module, ask: Callable[[], Parts], picture: tuple[int, int], classes: int | None) -> str:
    """The name of the layer whose map is explained: the last convolutional map, in a network of any kind.

    It is a layer that is called once and answers with a map of the picture (or with tokens of its places), on which
    all of the answer depends, that is not of a size fixed beforehand, and whose channels are not the scores of the
    classes themselves. Of these it is the coarsest, and of equally coarse ones the last. In a classifier that is the
    last map before the mean over the picture; in a pyramid the last one that the finer levels build on; in a
    transformer the last one of which anything but the class token is used.

    Args:
        network: in evaluation.
        ask: asks the network about one picture, and answers with parts of the answer that carry gradients.
        picture: (H, W) of the network's input.
        classes: as how many channels the scores of classes are recognised; None where they are not told by that.

    Raises:
        ModelError: there is no such layer.
    """
    with _watched(network, picture) as seen, _FixedSizes() as fixed, torch.enable_grad():
        parts = ask()
        candidates = [
            one
            for one in seen()
            if one.answer.requires_grad
            and one.layout.size not in fixed.sizes
            and one.layout.to_map(one.answer).shape[1] != classes
        ]
        last_first = candidates[::-1]
        for one in sorted(last_first, key=lambda one: one.layout.places):
            if all(_depends(part, one) for part in parts):
                return one.name
    raise ModelError(
        f"{type(network).__name__} has no layer that answers once with a map of the picture on which its whole answer "
        f"depends, so that there is nothing for Grad-CAM to look at; if you know better, {_NAME_ONE}"
    )


def layer_of_name(network: nn.Module, name: str) -> nn.Module:
    """The layer of a name, as in ``network.named_modules()``.

    Raises:
        UnknownNameError: there is none.
    """
    known = {key: module for key, module in network.named_modules() if key}
    if name not in known:
        parts = ", ".join(key for key in known if "." not in key)
        raise UnknownNameError(
            f"{type(network).__name__} has no layer {name!r}.{nearest(name, known)} Its parts: {parts or 'none'}"
        )
    return known[name]


@contextmanager
def _watched(network: nn.Module, picture: tuple[int, int]) -> Iterator[Callable[[], list[_Seen]]]:
    """Within it the network is asked once; what is yielded answers with the layers that were called once."""
    calls: dict[str, list[Tensor | None]] = {}  # in the order of the calls' ends

    def caught(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: Any, answer: Any) -> None:
            del module, inputs
            # A container that answers with what its last part has answered takes that one's place in the order.
            calls.setdefault(name, []).append(answer if isinstance(answer, Tensor) else None)

        return hook

    hooks = [module.register_forward_hook(caught(name)) for name, module in network.named_modules() if name]

    def seen() -> list[_Seen]:
        found = []
        for name, answers in calls.items():
            layout = layout_of(answers[0].shape, picture) if len(answers) == 1 and answers[0] is not None else None
            if layout is not None and answers[0] is not None:
                found.append(_Seen(name, answers[0], layout))
        return found

    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


class _FixedSizes(TorchFunctionMode):
    """Notes the sizes to which maps are pooled whatever the picture's size is: such a map is a summary, not a map.

    Attributes:
        sizes: (h, w) of each.
    """

    _POOLS = (torch.nn.functional.adaptive_avg_pool2d, torch.nn.functional.adaptive_max_pool2d)

    def __init__(self) -> None:
        super().__init__()
        self.sizes: set[tuple[int, int]] = set()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        answer = func(*args, **(kwargs or {}))
        if func in self._POOLS and isinstance(answer, Tensor):
            self.sizes.add((answer.shape[-2], answer.shape[-1]))
        return answer


def _depends(part: Tensor, one: _Seen) -> bool:
    """Whether the places of a layer's answer matter to a part of the network's."""
    (gradient,) = torch.autograd.grad(part, one.answer, retain_graph=True, allow_unused=True)
    return gradient is not None and bool((one.layout.to_map(gradient) != 0).any())
