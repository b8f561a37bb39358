"""What a training wants: the protocol that the loop knows, one file per objective beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor

from jpegproof.correctors.protocol import Corrector
from jpegproof.exceptions import JpegproofError, ModelError
from jpegproof.jpeg.codec import DecodedJpeg
from jpegproof.training.examples import Example


class Objective(Protocol):
    """A loss over examples, and the network that is to make it small."""

    @property
    def learner(self) -> torch.nn.Module:
        """The network whose weights change."""
        ...

    def train(self) -> None:
        """Puts the networks into the modes in which they learn; called before the first step."""
        ...

    def loss(self, examples: Sequence[Example]) -> Tensor:
        """The mean loss of a batch, with gradients to the learner's parameters."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """Plain data for a fingerprint, without the weights at the start."""
        ...


class TrainableCorrector(Corrector, Protocol):
    """A corrector whose network can learn."""

    @property
    def network(self) -> torch.nn.Module:
        """Holds the weights."""
        ...

    def restore(self, images: Sequence[DecodedJpeg]) -> list[Tensor]:
        """Like calling it, but with gradients and not clamped (clamping kills gradients)."""
        ...


@contextmanager
def failing_as_model_error(what: str) -> Iterator[None]:
    """Other people's networks fail in whatever way they like; the user is told where."""
    try:
        yield
    except JpegproofError:
        raise
    except (RuntimeError, ValueError, TypeError, MemoryError, ArithmeticError, LookupError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise ModelError(f"{what}: {type(error).__name__}: {reason}") from error
