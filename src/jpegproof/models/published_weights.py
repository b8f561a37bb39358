"""Where published weights are that nothing downloads by itself; nothing heavy is imported here."""

from __future__ import annotations

_ZOO = "https://dl.fbaipublicfiles.com/detectron2"
_CSAIL = "http://sceneparsing.csail.mit.edu/model/pytorch"

#: By a model's name in studies: addresses, or the repository that says where. The numbers at the end of CSAIL's are
#: epochs, of which each network has its own.
PUBLISHED: dict[str, str] = {
    "detectron2:fast_rcnn_R_50_FPN": f"{_ZOO}/COCO-Detection/fast_rcnn_R_50_FPN_1x/137635226/model_final_e5f7ce.pkl",
    "detectron2:faster_rcnn_R_50_FPN": (
        f"{_ZOO}/COCO-Detection/faster_rcnn_R_50_FPN_1x/137257794/model_final_b275ba.pkl"
    ),
    "detectron2:retinanet_R_50_FPN": f"{_ZOO}/COCO-Detection/retinanet_R_50_FPN_1x/137593951/model_final_b796dc.pkl",
    "detectron2:mask_rcnn_R_50_FPN": (
        f"{_ZOO}/COCO-InstanceSegmentation/mask_rcnn_R_50_FPN_1x/137260431/model_final_a54504.pkl"
    ),
    **{
        f"ade20k:{name}": f"{_CSAIL}/ade20k-{name}/encoder_epoch_{epoch}.pth and decoder_epoch_{epoch}.pth beside it"
        for name, epoch in {
            "hrnetv2-c1": 30,
            "mobilenetv2dilated-c1_deepsup": 20,
            "resnet18dilated-ppm_deepsup": 20,
            "resnet50dilated-ppm_deepsup": 20,
            "resnet101dilated-ppm_deepsup": 25,
            "resnet50-upernet": 30,
            "resnet101-upernet": 50,
        }.items()
    },
    "forensics:cnndetection": (
        "blur_jpg_prob0.5.pth, by weights/download_weights.sh of https://github.com/PeterWang512/CNNDetection"
    ),
    **{
        f"forensics:{name}": "bestval_net_D.pth of a checkpoint named in https://github.com/chail/patch-forensics"
        for name in (*(f"xception_block{blocks}" for blocks in range(1, 6)), "resnet18_layer1")
    },
}

#: Of Fast R-CNN's proposals.
PROPOSALS = (
    f"{_ZOO}/COCO-Detection/rpn_R_50_FPN_1x/137258492/coco_2017_val_box_proposals_ee0dad.pkl and "
    "coco_2017_train_box_proposals_21bc3a.pkl beside it"
)

#: The same of a corrector, by its kind.
PUBLISHED_CORRECTORS = {
    "qgac": "the authors' checkpoint of QGAC-CRAB, from https://gitlab.com/Queuecumber/quantization-guided-ac"
}


def where_published(source: str) -> str:
    """A sentence that says what to download for a model, or an empty string where nothing is known."""
    return f" Published: {PUBLISHED[source]}." if source in PUBLISHED else ""
