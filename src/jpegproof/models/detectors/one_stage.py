"""torchvision's RetinaNet, seen through the protocol of a detector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from jpegproof.models.detectors.adapter import Adapter, feature_maps
from jpegproof.models.detectors.modes import modes
from jpegproof.models.detectors.targets import loss_targets
from jpegproof.tasks.detector import Boxes, Dense


class OneStage(Adapter):
    """A RetinaNet of torchvision's.

    Its dense tensors of a picture, with A anchors on all levels and C classes: ``class_logits`` (A, C), each class for
    itself, and ``box_offsets`` (A, 4) in the network's own units. There are no proposals.

    Args:
        network: a ``torchvision.models.detection.RetinaNet``.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network)
        self._parts: Any = network  # pyright cannot know what it holds

    def forward(self, images: Sequence[Tensor]) -> list[Boxes]:
        """See `Detector`; picture by picture, since the padding of a batch lets its pictures matter to each other."""
        parts = self._parts
        with modes([parts, parts.transform], training=False):
            return [parts([image])[0] for image in images]

    def dense(self, images: Sequence[Tensor], like: Sequence[Dense] | None = None) -> list[Dense]:
        """See `Detector`; the anchors are the same for every picture of a size, so `like` is not needed."""
        del like
        return [self._dense(image) for image in images]

    def losses(self, images: Sequence[Tensor], targets: Sequence[Boxes]) -> Mapping[str, Tensor]:
        """See `Detector`.

        Raises:
            ModelError: labels are not what the detector learns from.
        """
        parts = self._parts
        wanted = loss_targets(targets, range(parts.head.classification_head.num_classes), masks=False)
        # RetinaNet looks at its own mode alone; what it holds, batch norm above all, stays as it is.
        with modes([parts], training=True), modes([parts.transform], training=False):
            return dict(parts(list(images), wanted))

    def _dense(self, image: Tensor) -> Dense:
        parts = self._parts
        with modes([parts.transform], training=False):
            inputs, _ = parts.transform([image])
        answers = parts.head(list(feature_maps(parts.backbone(inputs.tensors)).values()))
        class_logits = answers["cls_logits"][0].float()
        belief = class_logits.detach().sigmoid().amax(dim=1, keepdim=True)
        tensors = {"class_logits": class_logits, "box_offsets": answers["bbox_regression"][0].float()}
        return Dense(tensors, None, {"class_logits": belief, "box_offsets": belief})
