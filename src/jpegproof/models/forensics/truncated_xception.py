"""The first blocks of Xception as a classifier of patches."""

from __future__ import annotations

from timm.models.xception import Block
from torch import Tensor, nn

#: Of each block: channels in and out, how many separable convolutions, stride, whether it begins with a ReLU.
_BLOCKS = (
    (64, 128, 2, 2, False),
    (128, 256, 2, 2, True),
    (256, 728, 2, 2, True),
    (728, 728, 3, 1, True),
    (728, 728, 3, 1, True),
)


class TruncatedXception(nn.Module):
    """Xception up to one of its first five blocks, and a 1x1 convolution that says of each place what it is of.

    Args:
        blocks: how many are kept, 1 to 5.

    Attributes:
        fake_class: the place of fake among the two classes.

    Source: keys and layout of chail/patch-forensics; timm's blocks compute the same under the same keys.
    """

    fake_class = 0

    def __init__(self, blocks: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3, stride=2, bias=False)
        self.bn1 = nn.BatchNorm2d(32)
        self.conv2 = nn.Conv2d(32, 64, 3, bias=False)
        self.bn2 = nn.BatchNorm2d(64)
        kept = _BLOCKS[:blocks]
        for number, (channels, wider, repeats, stride, begins_with_relu) in enumerate(kept, 1):
            self.add_module(f"block{number}", Block(channels, wider, repeats, stride, begins_with_relu))
        self.convout = nn.Conv2d(kept[-1][1], 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to logits (N, 2, h, w) of fake and real, of places 4 (one block), 8 or 16 pixels apart."""
        x = self.bn1(self.conv1(x)).relu()
        x = self.bn2(self.conv2(x)).relu()
        for name, part in self.named_children():
            if name.startswith("block"):
                x = part(x)
        return self.convout(x)
