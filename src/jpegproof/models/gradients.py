"""Whether training can go through a network at all, or change it, told before any begins."""

from __future__ import annotations

from torch import nn

from jpegproof.exceptions import ModelError


def refuse_without_gradients(network: nn.Module, name: str, purpose: str) -> None:
    """Raises ModelError where a part of a network computes outside of torch, as it says by ``differentiable = False``.

    Args:
        network: to be trained through.
        name: of the model, for the message.
        purpose: what needs gradients.
    """
    if any(getattr(part, "differentiable", True) is False for part in network.modules()):
        raise ModelError(
            f"{purpose} needs gradients, and model {name!r} computes none: onnxruntime only measures. Give the network "
            "as a Python file, torchscript:FILE or hf:FOLDER; to try correctors in front of it as it is, use measure "
            "with --corrector"
        )


def refuse_without_weights(network: nn.Module, name: str, purpose: str) -> None:
    """Raises ModelError where a network that is to learn has nothing to learn with, such as a frozen script."""
    if next(network.parameters(), None) is None:
        raise ModelError(
            f"{purpose} changes weights, and model {name!r} has none (a frozen script has made constants of them); "
            "task_targeted trains a corrector before it instead"
        )
