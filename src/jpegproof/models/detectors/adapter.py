"""What all adapters to the protocols of detectors and segmenters share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn


class Adapter(nn.Module):
    """A network seen through a protocol: as a `Detector`, or as a `Segmenter`.

    Its weights are saved and loaded under the network's own names, so that a file which `fit` writes fits the network
    without jpegproof too.

    Args:
        network: as its library or its owner built it.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.training = network.training

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """See ``torch.nn.Module``; without the adapter's own prefix."""
        return self.network.state_dict(*args, **kwargs)

    def load_state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """See ``torch.nn.Module``; without the adapter's own prefix."""
        return self.network.load_state_dict(*args, **kwargs)


def feature_maps(features: Tensor | Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """A backbone's maps by name; one that has a single map may answer with it alone, which torchvision calls ``0``."""
    return {"0": features} if isinstance(features, Tensor) else features
