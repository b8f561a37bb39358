"""How much a detector believes in an object at each place, from tensors whose meaning only their names tell."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

#: The name under which a detector says its belief itself, as probabilities (places,).
OWN = "belief"

#: What tensors of class logits are called, each class for itself (sigmoid), without one for the background.
LOGITS = ("logits", "class_logits", "cls_logits")


def believed(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Tells apart what is compared from how much its places count.

    Args:
        tensors: one picture's, by name; places come first: (places, ...).

    Returns:
        The tensors to compare, and for those with as many places as the belief their belief, (places, 1, ...): what is
        called `OWN`, else the greatest probability of a tensor whose name is in `LOGITS`. Without either every place
        counts alike.
    """
    compared = {name: tensor for name, tensor in tensors.items() if name != OWN}
    belief = tensors.get(OWN)
    if belief is None:
        for name in LOGITS:
            if name in tensors and tensors[name].ndim == 2:
                belief = tensors[name].sigmoid().amax(dim=1)
                break
    if belief is None:
        return compared, {}
    belief = belief.detach().flatten()
    return compared, {
        name: belief.view(-1, *[1] * (tensor.ndim - 1))
        for name, tensor in compared.items()
        if tensor.ndim > 0 and len(tensor) == len(belief)
    }
