"""What a metric's numbers mean to a reader: their name, their unit and which way is better."""

from __future__ import annotations

from dataclasses import dataclass

from jpegproof.reports.names import plain


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as the report speaks of it.

    Attributes:
        label: its display name.
        unit: ``%`` for percentages; otherwise the unit's name, or empty.
        higher_is_better: ``None`` where it is not known; then nothing is marked as best.
        statement: how a model's score is said, with ``{value}`` and ``{pictures}`` to fill in.
        decimals: digits behind the point; None where they follow from the numbers.
    """

    label: str
    unit: str
    higher_is_better: bool | None
    statement: str
    decimals: int | None = None

    @property
    def is_percentage(self) -> bool:
        return self.unit == "%"

    @property
    def axis(self) -> str:
        """What numbers of the metric are, with their unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def loss_axis(self) -> str:
        """What a reference minus a value of the metric is, with its unit."""
        unit = "points" if self.is_percentage else self.unit
        # Only where more is better is a difference from the reference a loss.
        what = f"Loss of {self.inline_label}" if self.higher_is_better else f"{self.label}, reference minus value"
        return f"{what} ({unit})" if unit else what

    @property
    def inline_label(self) -> str:
        """The label within a sentence."""
        # The name of a metric such as IoU keeps its letters.
        named = any(letter.isupper() for letter in self.label.partition(" ")[0][1:])
        if named or self.higher_is_better is None:
            return self.label
        return self.label[:1].lower() + self.label[1:]


def _average_precisions(before: str, of: str) -> dict[str, Metric]:
    """COCO's metrics, of the boxes or of the masks."""
    names = {
        "mAP": "mean average precision",
        "AP50": "average precision at IoU 0.5",
        "AP75": "average precision at IoU 0.75",
        "mAP_small": "mean average precision of small objects",
        "mAP_medium": "mean average precision of medium objects",
        "mAP_large": "mean average precision of large objects",
    }
    said = {name: f"{of}{plain_name}" for name, plain_name in names.items()}
    return {
        before + name: Metric(
            label[0].upper() + label[1:], "%", True, f"reaches a {label.lower()} of {{value}} on {{pictures}}"
        )
        for name, label in said.items()
    }


#: How near explanations are to those on the originals.
_EXPLANATIONS = {
    "cam_rank_correlation": Metric(
        "Rank correlation of the map with the clean one", "", True, "has maps whose rank correlation is {value}", 2
    ),
    "cam_top_tenth_overlap": Metric(
        "Overlap of the maps' top tenths", "%", True, "has maps whose top tenths overlap by {value}"
    ),
    "cam_centre_shift": Metric(
        "Shift of the map's centre, of the diagonal", "%", False, "has maps whose centres shift by {value}"
    ),
    "cam_spread_change": Metric(
        "Change of the share that the map covers", "points", None, "has maps that cover {value} more"
    ),
    "gradient_rank_correlation": Metric(
        "Rank correlation of the gradient with the clean one",
        "",
        True,
        "has gradients whose rank correlation is {value}",
        2,
    ),
    "gradient_snr": Metric(
        "Signal-to-noise ratio of the gradient", "dB", True, "has gradients of a signal-to-noise ratio of {value}"
    ),
}
_RIGHT = "is right on {value} of {pictures}"
_METRICS = {
    **_EXPLANATIONS,
    "top1": Metric("Top-1 accuracy", "%", True, _RIGHT),
    "top5": Metric("Top-5 accuracy", "%", True, "has the right answer among its first five on {value} of {pictures}"),
    "accuracy": Metric("Accuracy", "%", True, _RIGHT),
    "real_accuracy": Metric("Accuracy on real pictures", "%", True, "is right on {value} of {pictures}, all real"),
    "fake_accuracy": Metric("Accuracy on fake pictures", "%", True, "is right on {value} of {pictures}, all fake"),
    "AP_fake": Metric(
        "Average precision of finding fakes", "%", True, "reaches an average precision of {value} on {pictures}"
    ),
    "AP_real": Metric(
        "Average precision of finding real pictures", "%", True, "reaches an average precision of {value} on {pictures}"
    ),
    "patch_accuracy": Metric("Patch accuracy", "%", True, "is right on {value} of the patches of {pictures}"),
    "patch_AP_real": Metric(
        "Average precision of finding real patches",
        "%",
        True,
        "reaches an average precision of {value} on the patches of {pictures}",
    ),
    "patch_agreement": Metric(
        "Patches as on the originals",
        "%",
        True,
        "gives {value} of the patches of {pictures} the verdict that it gives them on the originals",
    ),
    **_average_precisions("", ""),
    **_average_precisions("mask_", "Mask "),
    "mIoU": Metric("Mean IoU", "%", True, "reaches a mean intersection over union of {value} on {pictures}"),
    "IoU": Metric("IoU", "%", True, "reaches an intersection over union of {value} on {pictures}"),
    "pixel_accuracy": Metric("Pixel accuracy", "%", True, "is right on {value} of the pixels of {pictures}"),
    "pixel_agreement": Metric(
        "Pixels as on the originals",
        "%",
        True,
        "gives {value} of the pixels of {pictures} the class that it gives them on the originals",
    ),
    "agreement": Metric(
        "Agreement with the originals",
        "%",
        True,
        "agrees with its own answers on the originals to {value} over {pictures}",
    ),
    "mask_agreement": Metric(
        "Agreement of the masks with the originals",
        "%",
        True,
        "agrees in its masks with its own answers on the originals to {value} over {pictures}",
    ),
    "true_label_log_probability": Metric(
        "Log-probability of the true label",
        "nats",
        True,
        "gives the true label a log-probability of {value} on {pictures}",
    ),
    "dAP_boxes": Metric(
        "Loss of AP to each kind of error, boxes", "points", False, "loses {value} of AP on {pictures}"
    ),
    "dAP_masks": Metric(
        "Loss of AP to each kind of error, masks", "points", False, "loses {value} of AP on {pictures}"
    ),
    **{
        before + name: Metric(f"{of}F1{against}", "%", True, "reaches an F1 score of {value} on {pictures}")
        for before, of in (("", ""), ("mask_", "Mask "))
        for name, against in (("F1", ""), ("F1_agreement", " as on the original"))
    },
    "truth_score": Metric("Score of the truth", "%", True, "gives the truth {value} on {pictures}"),
    "score_agreement": Metric(
        "Score as on the original", "%", True, "keeps {value} of its score on the originals, {pictures}"
    ),
    "relative_distance": Metric(
        "Distance to the output on the original, of that between different pictures",
        "%",
        False,
        "is {value} of the way to another picture's output from its own on the originals, {pictures}",
    ),
    "distance": Metric(
        "Distance to the output on the original",
        "",
        False,
        "is {value} away from its output on the originals, {pictures}",
    ),
}
#: The metrics that are 100 on the originals, without being measured there.
AGREEMENTS = frozenset(["agreement", "mask_agreement", "pixel_agreement", "patch_agreement"])
_HEADLINES = ("top1", "accuracy", "patch_accuracy", "mAP", "mIoU")


def find_metric(name: str) -> Metric:
    """What is known of a metric; one that is not known keeps its name and has no better end."""
    return _METRICS.get(name) or Metric(plain(name), "", None, "scores {value} on {pictures}")


def headline_metric(names: list[str]) -> str | None:
    """The metric that a summary speaks of: one that needs labels where there are any, or else agreement.

    Args:
        names: the metrics that there are.

    Returns:
        One of ``names``; ``None`` where more of none of them is known to be better, so that there is no loss to tell.
    """
    for name in (*_HEADLINES, "agreement"):
        if name in names:
            return name
    return next((name for name in names if find_metric(name).higher_is_better), None)
