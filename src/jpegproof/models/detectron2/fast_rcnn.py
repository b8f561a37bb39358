"""Fast R-CNN, a `Detector` that is told where to look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from jpegproof.exceptions import ModelError
from jpegproof.models.detectron2.answers import answers
from jpegproof.models.detectron2.categories import COCO_CATEGORIES, Categories
from jpegproof.models.detectron2.picture_batch import picture_batch
from jpegproof.models.detectron2.proposal_table import ProposalTable, supplied
from jpegproof.models.detectron2.pyramid import Pyramid
from jpegproof.models.detectron2.roi_heads import DENSE_PROPOSALS, RoiHeads
from jpegproof.models.detectron2.truth import truth_of
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.detector import Boxes, Dense


class FastRcnn(nn.Module):
    """Fast R-CNN R50-FPN: the second stage alone, on proposals that somebody else has made.

    Images and answers are as with `FasterRcnn`. Each image needs its proposals: (P, 4) in input pixels, best first;
    `proposals_of` looks them up for a batch whose pictures have names.

    Args:
        categories: the category id of each class; COCO's 80 unless given.
        table: proposals by picture name, in pixels of the source; None where the caller brings its own.

    Source: Girshick, "Fast R-CNN", 2015; facebookresearch/detectron2, COCO-Detection/fast_rcnn_R_50_FPN.
    """

    def __init__(self, categories: Sequence[int] = COCO_CATEGORIES, table: ProposalTable | None = None) -> None:
        super().__init__()
        self.categories = Categories(categories)
        self.table = table
        self.backbone = Pyramid(finest=2)
        self.roi_heads = RoiHeads(len(self.categories), masks=False)

    def proposals_of(self, batch: Batch) -> list[Tensor]:
        """The supplied proposals of a batch's pictures, in pixels of their inputs, at most 1,000 each.

        Raises:
            ModelError: there is no table, it does not know a picture, or an input is not the whole picture as stored.
        """
        if self.table is None:
            raise ModelError(
                "Fast R-CNN looks at supplied proposals and was built without any; give it a file: "
                "arguments: {proposals: FILE}"
            )
        found = []
        for image, geometry, name in zip(batch.inputs, batch.geometries, batch.names, strict=True):
            if name is None:
                raise ModelError(
                    "supplied proposals are about whole pictures as stored, and a training turns, mirrors or cuts "
                    "them; train with augment: none and no crop"
                )
            size = image.shape[-2], image.shape[-1]
            found.append(supplied(self.table.of(name), geometry, size).boxes.to(image.device))
        return found

    def forward(self, images: Sequence[Tensor], proposals: Sequence[Tensor] | None = None) -> list[Boxes]:
        """The detections in each image; see the class.

        Raises:
            ModelError: proposals are missing.
        """
        batch = picture_batch(images)
        found, _ = self.roi_heads.detect(self.backbone(batch.pixels), _needed(proposals), batch.sizes)
        return answers(found, None, self.categories)

    def dense(
        self,
        images: Sequence[Tensor],
        like: Sequence[Dense] | None = None,
        proposals: Sequence[Tensor] | None = None,
    ) -> list[Dense]:
        """As `FasterRcnn.dense`, without objectness: at the proposals of `like`, or the best of the supplied ones.

        Raises:
            ModelError: there is neither `like` nor a proposal.
        """
        answered = []
        for number, image in enumerate(images):
            reference = None if like is None else like[number]
            shared = None if reference is None else reference.proposals
            chosen = _needed(proposals)[number][:DENSE_PROPOSALS] if shared is None else shared
            batch = picture_batch([image])
            maps = self.backbone(batch.pixels)
            tensors, belief = self.roi_heads.dense(maps, chosen, batch.sizes[0], reference)
            answered.append(Dense(tensors, chosen, belief))
        return answered

    def losses(
        self, images: Sequence[Tensor], targets: Sequence[Boxes], proposals: Sequence[Tensor] | None = None
    ) -> Mapping[str, Tensor]:
        """Detectron2's losses, ``loss_cls`` and ``loss_box_reg``; see `FasterRcnn.losses`.

        Raises:
            ModelError: a label is of no class of the network, or proposals are missing.
        """
        truths = [truth_of(target, self.categories) for target in targets]
        batch = picture_batch(images)
        return self.roi_heads.losses(self.backbone(batch.pixels), _needed(proposals), truths)


def _needed(proposals: Sequence[Tensor] | None) -> Sequence[Tensor]:
    if proposals is None:
        raise ModelError("Fast R-CNN looks at supplied proposals; pass proposals=[(P, 4) boxes of each image, ...]")
    return proposals
