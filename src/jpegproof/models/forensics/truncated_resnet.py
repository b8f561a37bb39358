"""The beginning of ResNet-18 as a classifier of patches."""

from __future__ import annotations

from torch import Tensor, nn
from torchvision.models import resnet18


class TruncatedResNet(nn.Module):
    """torchvision's ResNet-18 up to its first layer, and a 1x1 convolution that says of each place what it is of.

    Attributes:
        fake_class: the place of fake among the two classes.

    Source: keys and layout of chail/patch-forensics.
    """

    fake_class = 0

    def __init__(self) -> None:
        super().__init__()
        whole = resnet18(weights=None)
        self.conv1, self.bn1, self.maxpool, self.layer1 = whole.conv1, whole.bn1, whole.maxpool, whole.layer1
        self.convout = nn.Conv2d(64, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to logits (N, 2, h, w) of fake and real, of places 4 pixels apart."""
        return self.convout(self.layer1(self.maxpool(self.bn1(self.conv1(x)).relu())))
