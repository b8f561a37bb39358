"""What a study file may say. The published JSON schema is made from these classes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from jpegproof.studies.chain_spec import Chain, DrawnChain, Tables, as_range, in_order
from jpegproof.studies.part import Finite, Name, Part, Pixels, Positive, Quality
from jpegproof.studies.qualities import parse_qualities
from jpegproof.training.recipe import Balance
from jpegproof.training.stopping import StopRule

Mitigation = Literal[
    "none",
    "control",
    "statistics_only",
    "supervised_fine_tuning",
    "self_distilled",
    "off_the_shelf",
    "task_targeted",
    "transfer",
    "multihead",
    "gated",
    "both",
]
MITIGATIONS: tuple[str, ...] = get_args(Mitigation)
#: The rows that put a corrector before the model, and those that put a model trained anew in its place.
WITH_CORRECTOR = frozenset(["off_the_shelf", "task_targeted", "transfer", "multihead", "gated", "both"])
WITH_TUNED = frozenset(["control", "statistics_only", "supervised_fine_tuning", "self_distilled", "both"])

Objective = Literal[
    "restore_pixels", "task_targeted", "self_distilled", "supervised_fine_tuning", "control", "statistics_only"
]
#: The objectives whose learner is a corrector; of the others the model learns.
CORRECTOR_LEARNS = frozenset(["restore_pixels", "task_targeted"])
#: The objectives that read labels.
READS_LABELS = frozenset(["supervised_fine_tuning", "control"])
#: The fields of a data set that are paths.
DATA_PATHS = ("path", "classes", "annotations", "labels")


_FOLDS = (
    "Cross-fitting: a training on this set is done once for each fold, on the other folds, and each picture is "
    "measured with what has not seen it."
)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, int | str) else value


class EqualiseSpec(Part):
    """To what real and fake pictures are made equal, where that is not to be told from their files."""

    size: tuple[Pixels, Pixels] | None = Field(
        None, description="(height, width) cut from the centre, in pixels; the least of the set unless given."
    )
    quality: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="Of the JPEG; the lowest among the set's JPEGs unless given, and at most 95."
    )


class SplitSpec(Part):
    """Which part of a data set this is: the same folder stands under several names, each with a part of its own."""

    part: Literal["learning", "stopping", "judging"] = Field(
        description="learning: what is trained on; stopping: what says when to stop (stop_on); judging: what is "
        "measured."
    )
    share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.3,
        description="Of the pictures that is not learned from: a third of it for stopping, two thirds for judging, 64 "
        "and 400 pictures at most.",
    )
    seed: int = Field(0, ge=0, description="Another one holds others back.")


_SPLIT = (
    "Use one of three parts only. Which picture falls into which is decided by its content alone; copies stay together."
)


class DataSpec(Part):
    """A data set: a folder of pictures."""

    path: Path = Field(description="The folder; relative to the study's root.")
    layout: Literal["auto", "imagenet", "image_folder", "folder", "coco", "ade20k", "label_maps", "real_fake"] = Field(
        "auto", description="How the folder is laid out; auto tells from its contents."
    )
    classes: Path | None = Field(
        None,
        description="A text file of class names in label order, one a line: of class folders (image_folder), or of the "
        "values in label maps.",
    )
    annotations: Path | None = Field(
        None,
        description="For coco: the annotations file, where the folder holds several or none; for ade20k: a list of "
        "pictures (.odgt).",
    )
    labels: Path | None = Field(
        None, description="For label_maps: the folder of the label maps, called as the pictures are; needs classes."
    )
    void: Annotated[list[int | str], BeforeValidator(_listed, json_schema_input_type=int | str | list[int | str])] = (
        Field(
            default_factory=list,
            description="In label maps: classes or values that say that nothing is known of a pixel.",
        )
    )
    real: Annotated[list[str], BeforeValidator(_listed, json_schema_input_type=str | list[str])] = Field(
        default_factory=list,
        description="For real_fake: names of the folders of real pictures, where they are not 0_real or real.",
    )
    fake: Annotated[list[str], BeforeValidator(_listed, json_schema_input_type=str | list[str])] = Field(
        default_factory=list,
        description="For real_fake: names of the folders of fake pictures, where they are not 1_fake or fake.",
    )
    reconstructed: bool = Field(
        False,
        description="Each picture is followed by its reconstruction by the shipped autoencoder: its fake.",
    )
    equalise: bool | EqualiseSpec = Field(
        False,
        description="Of real and fake pictures: cut all to one size and save all as one kind of JPEG first, so that "
        "the files tell nothing.",
    )
    limit: int | None = Field(None, ge=1, description="Use only so many pictures, evenly spaced over the set.")
    folds: int | None = Field(None, ge=2, le=20, description=_FOLDS)
    blocks: int | None = Field(
        None,
        ge=2,
        description="Pictures that follow each other, as in a video: intervals resample blocks of so many, in the "
        "set's order, instead of single pictures. Pairs of a picture and its reconstruction are blocks of 2.",
    )
    split: SplitSpec | None = Field(None, description=_SPLIT)


class WorldSpec(Part):
    """The embedded world: generated pictures that need no download."""

    world: Literal["train", "val", "test"] = Field(description="Which of the world's splits.")
    size: int = Field(2000, ge=1, description="How many pictures.")
    task: Literal["classification", "detection", "semantic_segmentation", "forensics"] = Field(
        "classification",
        description="One class a picture, or larger pictures of several objects: with boxes and masks, with the class "
        "of each pixel, or each followed by its reconstruction, which is its fake.",
    )
    folds: int | None = Field(None, ge=2, le=20, description=_FOLDS)
    split: SplitSpec | None = Field(None, description=_SPLIT)


class PreparationSpec(Part):
    """How pictures become a model's input, where that differs from what the model comes with."""

    resize: Pixels | tuple[Pixels, Pixels] | None = Field(
        None, description="Shorter side, or (height, width), in pixels."
    )
    crop: tuple[Pixels, Pixels] | None = Field(None, description="(height, width) cut from the centre, in pixels.")
    interpolation: Literal["bilinear", "bicubic", "nearest", "lanczos"] = Field("bilinear", description="Pillow's.")
    mean: tuple[Finite, Finite, Finite] | None = Field(None, description="Per channel, in [0, 1].")
    std: tuple[Positive, Positive, Positive] | None = Field(None, description="Per channel, in [0, 1]; above 0.")


class ModelSpec(Part):
    """A model: where its network comes from."""

    source: str = Field(
        alias="from",
        description="torchvision:NAME, timm:NAME, hf:NAME or hf:FOLDER, detectron2:NAME, ade20k:NAME, smp:NAME, "
        "forensics:NAME, jpegproof:NAME, torchscript:FILE, export:FILE, onnx:FILE, path/file.py:function or "
        "package.module:function.",
    )
    weights: str | None = Field(
        None, description="A local file (relative to the root), the library's name of weights, or random."
    )
    data: Name | None = Field(None, description="The data set to measure on; needed where there are several.")
    preparation: PreparationSpec | None = Field(None, description="Where it differs from what the model comes with.")
    arguments: dict[str, Any] = Field(default_factory=dict, description="For an entry point's function.")
    batch_size: int | None = Field(None, ge=1, description="Pictures at once; the task's usual number unless given.")
    task: (
        Literal["classification", "detection", "instance_segmentation", "semantic_segmentation", "forensics", "tensors"]
        | None
    ) = Field(
        None,
        description="Of an entry point that answers with a bare network, or of a file: what it does; classification if "
        "not said. tensors: anything else, compared without knowing what it means.",
    )
    features: list[str] = Field(
        default_factory=list,
        description="Of such a detector without dense: names of layers whose outputs label-free training compares.",
    )
    measured: bool = Field(True, description="false: the model only serves trainings and has no rows.")


class CorrectorSpec(Part):
    """A corrector: a network that repairs the picture before the model sees it."""

    source: Literal["spandrel", "jpegproof", "qgac"] = Field(
        alias="from",
        description="jpegproof: the default corrector, or one that fit has trained; spandrel: whatever it recognises; "
        "qgac: published quantisation guided correction.",
    )
    weights: Path | None = Field(
        None, description="The file; relative to the study's root. jpegproof's own come with the package."
    )
    size: Literal["default", "small"] | None = Field(
        None, description="jpegproof without weights: which of those that come with the package; default unless given."
    )
    channels: Literal["rgb", "luma", "each"] | None = Field(
        None, description="spandrel: what a one-channel network is run on: luma (default) or each of red, green, blue."
    )
    precision: Literal["float32", "bfloat16"] = Field("float32", description="bfloat16 is faster and less exact.")
    variant: Literal["qgac_crab", "qgac"] | None = Field(
        None, description="qgac: which network; recognised by the names of its weights unless given."
    )
    repaired: bool | None = Field(
        None, description="qgac: true for weights that were trained with chroma doubled in pixels; published ones not."
    )
    coefficients: Literal["file", "pixels"] | None = Field(
        None, description="qgac: read from the JPEG (file, needs jpeglib), or recovered from its pixels and tables."
    )

    @property
    def options(self) -> dict[str, Any]:
        """What `find_corrector` is told besides kind and weights: what the kind knows and the study says."""
        kinds = {"jpegproof": ("size",), "spandrel": ("channels",), "qgac": ("variant", "repaired", "coefficients")}
        said = {name: getattr(self, name) for name in kinds.get(self.source, ())}
        return {"precision": self.precision, **{name: value for name, value in said.items() if value is not None}}


def _one_alone(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


class TrainingSpec(Part):
    """A training: what comes out is a corrector or a model, made once and named by all that it depends on."""

    objective: Objective = Field(description="What it is trained for.")
    data: Name | list[Name] = Field(description="The data sets whose pictures it learns from.")
    model: Annotated[
        Name | Annotated[list[Name], Field(min_length=1)] | None,
        BeforeValidator(_one_alone, json_schema_input_type=str | list[str]),
    ] = Field(
        None,
        description="The model: frozen for task_targeted, the one that learns elsewhere; not for restore_pixels. "
        "Several for one corrector that serves them all (task_targeted).",
    )
    balance: Balance | None = Field(
        None,
        description="With several models, what each one's loss is divided by before they are averaged: gradient (the "
        "usual), the length of its gradient at the start; damage, its mean on JPEGs without a cure; none, nothing.",
    )
    start: Name | None = Field(
        None, description="Where a corrector begins: a corrector of this study, or a training of one; else untrained."
    )
    width: Annotated[int, Field(ge=8, le=1024)] | None = Field(
        None, description="Of a corrector that begins untrained: channels on the grid of blocks; 112 unless given."
    )
    depth: Annotated[int, Field(ge=1, le=64)] | None = Field(
        None, description="Of a corrector that begins untrained: residual blocks; 9 unless given."
    )
    corrector: Name | None = Field(
        None, description="Stands before the learning model, frozen: a corrector of this study, or a training of one."
    )
    steps: int = Field(ge=1, le=10_000_000, description="Updates of the weights.")
    batch: int = Field(8, ge=1, le=4096, description="Pictures a step.")
    learning_rate: Positive = Field(1e-4, description="At its peak; AdamW, warmed up, then falling by a cosine.")
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(0.0, description="AdamW's.")
    qualities: Annotated[
        tuple[Quality, Quality],
        BeforeValidator(as_range, json_schema_input_type=str | tuple[int, int]),
        AfterValidator(in_order),
    ] = Field((10, 90), description="Lowest and highest; each picture gets one at random: '10:90' or [10, 90].")
    low_qualities: Annotated[float, Field(ge=1, le=8)] = Field(
        1.0, description="Above 1 the lower qualities come oftener: at 2 half of them from the lowest quarter."
    )
    subsampling: list[Literal["4:2:0", "4:2:2", "4:4:4"]] = Field(
        default_factory=lambda: ["4:2:0"], min_length=1, description="Of chroma; each picture gets one at random."
    )
    chains: list[Name | DrawnChain] = Field(
        default_factory=list,
        description="Delivery chains that its pictures come along: names of the study's, whose every save counts, or "
        "steps with ranges, of which each picture's are drawn anew.",
    )
    single_saves: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.5, description="With chains: the share of the pictures that are saved once, at one of the qualities."
    )
    crop: Annotated[int, Field(ge=16, le=4096, multiple_of=16)] | None = Field(
        None, description="restore_pixels: side of the random squares that it learns from, a multiple of 16."
    )
    augment: Literal["none", "mirror", "dihedral"] = Field("mirror", description="Before compressing.")
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="Of convolutions; auto: bfloat16 where the machine has it. float16 is for GPUs without it."
    )
    seed: int = Field(0, ge=0, description="Of everything random in it.")
    stop_on: Name | None = Field(
        None,
        description="A data set that it does not learn from and that says when to stop: the state with the least loss "
        "on it is handed over, and a training that does not get better on it any more ends early.",
    )
    patience: int = Field(
        StopRule().patience,
        ge=1,
        description="With stop_on: so many looks in a row without getting better, and the rate falls to nothing over a "
        "fifth of the steps. There are at most 20 looks.",
    )

    @property
    def model_names(self) -> list[str]:
        """The models that it learns from, as a list: none, one, or those of a multihead training."""
        if self.model is None:
            return []
        return [self.model] if isinstance(self.model, str) else list(self.model)

    @property
    def learning_model(self) -> str:
        """The one model that learns; empty where a corrector learns through none or several."""
        return self.model if isinstance(self.model, str) else ""

    @property
    def untrained_size(self) -> dict[str, int]:
        """How a corrector that begins untrained is built, where the study says so."""
        given = {"width": self.width, "depth": self.depth}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def data_names(self) -> list[str]:
        """The data sets, as a list."""
        return [self.data] if isinstance(self.data, str) else list(self.data)


class MitigationSpec(Part):
    """One row of the table: a corrector in front of some of the models."""

    mitigation: Mitigation = Field(description="The row's name in results.")
    corrector: Name | None = Field(None, description="A corrector of this study, or a training of one.")
    tuned: Name | None = Field(None, description="A training of the model, whose outcome takes the model's place.")
    models: list[Name] | None = Field(
        None,
        description="Models of this study. Unless given: of a training through models of this study (task_targeted, "
        "multihead) or of one (tuned) these, of transfer the others, else all.",
    )


class CompressionSpec(Part):
    """How the pictures are compressed."""

    qualities: Annotated[list[int], BeforeValidator(parse_qualities, json_schema_input_type=str | int | list[int])] = (
        Field(
            default_factory=lambda: list(range(10, 91, 10)),
            description="libjpeg qualities: 10:90:10, 10,50 or a list.",
        )
    )
    codecs: Annotated[
        list[Literal["jpeg", "webp", "avif"]], BeforeValidator(_listed, json_schema_input_type=str | list[str])
    ] = Field(
        default_factory=lambda: ["jpeg"],
        description="jpeg, and beside it webp or avif: at each quality these are given the bytes of the JPEG, picture "
        "by picture.",
    )
    subsampling: Literal["4:2:0", "4:2:2", "4:4:4"] = Field("4:2:0", description="Of the chroma planes.")
    progressive: bool = Field(False, description="Progressive scans instead of a baseline file.")
    tables: Tables | None = Field(
        None, description="Own quantisation tables instead of qualities: one or two lists of 64 steps, row by row."
    )
    chains: dict[Name, Chain] = Field(
        default_factory=dict,
        description="Delivery chains by name: steps in order, each save of which is measured.",
    )
    stage: Literal["source", "input"] = Field(
        "source",
        description="source: the picture as stored, before resizing; input: after the model's resize and crop.",
    )

    @model_validator(mode="after")
    def _beside_jpeg(self) -> Self:
        if "jpeg" not in self.codecs or len(set(self.codecs)) < len(self.codecs):
            raise ValueError(f"codecs lists jpeg, whose bytes the others are given, and each once; not {self.codecs}")
        if self.tables is not None and len(self.codecs) > 1:
            raise ValueError("other codecs are given the bytes of JPEG's qualities; leave tables or codecs out")
        return self


def _one_mitigation(value: Any) -> Any:
    return {"mitigation": value} if isinstance(value, str) else value


class StudySpec(Part):
    """A study: which models, on which pictures, under which compression, with which cures."""

    name: Name = Field(description="For the report's title and the results folder.")
    seed: int = Field(0, ge=0, description="Of the bootstrap and of random weights.")
    root: Path = Field(Path(), description="Where relative paths begin; relative to the study file itself.")
    data: dict[Name, DataSpec | WorldSpec] = Field(min_length=1, description="The data sets, by name.")
    models: dict[Name, ModelSpec] = Field(description="The models, by name.")
    correctors: dict[Name, CorrectorSpec] = Field(default_factory=dict, description="The correctors, by name.")
    trainings: dict[Name, TrainingSpec] = Field(default_factory=dict, description="What is trained first, by name.")
    compression: CompressionSpec = Field(default_factory=lambda: CompressionSpec.model_validate({}))
    mitigations: list[
        Annotated[MitigationSpec, BeforeValidator(_one_mitigation, json_schema_input_type=Mitigation | MitigationSpec)]
    ] = Field(
        default_factory=lambda: [MitigationSpec(mitigation="none", corrector=None, tuned=None, models=None)],
        min_length=1,
        description="The rows: a name alone (none), or a name with a corrector, a training, and, if not all, models.",
    )

    @property
    def measured(self) -> list[str]:
        """The names of the models that have rows."""
        return [name for name, model in self.models.items() if model.measured]

    def models_of(self, row: MitigationSpec) -> list[str]:
        """The names of the models that a row of the tables is measured on."""
        if row.models:
            return list(row.models)
        if row.tuned is not None:
            return [self.trainings[row.tuned].learning_model]
        training = self.trainings.get(row.corrector or "")
        through = training.model_names if training is not None else []
        own = [name for name in self.measured if name in through]
        if row.mitigation == "transfer":
            return [name for name in self.measured if name not in own]
        return own if own and row.mitigation in ("task_targeted", "multihead") else self.measured

    def data_of(self, model: str) -> str:
        """The name of the data set that a model is measured on."""
        return self.models[model].data or next(iter(self.data))
