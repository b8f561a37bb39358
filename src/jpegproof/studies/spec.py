"""What a study file may say. The published JSON schema is made from these classes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from jpegproof.jpeg.compression import check_tables
from jpegproof.studies.qualities import parse_qualities

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^\w[\w .+-]*$")]
Pixels = Annotated[int, Field(ge=1, le=100_000)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Mitigation = Literal["none", "off_the_shelf"]
MITIGATIONS: tuple[str, ...] = ("none", "off_the_shelf")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class DataSpec(_Part):
    """A data set: a folder of pictures."""

    path: Path = Field(description="The folder; relative to the study's root.")
    layout: Literal["auto", "imagenet", "image_folder", "folder"] = Field(
        "auto", description="How the folder is laid out; auto tells from its contents."
    )
    classes: Path | None = Field(
        None, description="For image_folder: a text file of class folder names in label order, one a line."
    )
    limit: int | None = Field(None, ge=1, description="Use only so many pictures, evenly spaced over the set.")


class WorldSpec(_Part):
    """The embedded world: generated pictures that need no download."""

    world: Literal["train", "val", "test"] = Field(description="Which of the world's splits.")
    size: int = Field(2000, ge=1, description="How many pictures.")


class PreparationSpec(_Part):
    """How pictures become a model's input, where that differs from what the model comes with."""

    resize: Pixels | tuple[Pixels, Pixels] | None = Field(
        None, description="Shorter side, or (height, width), in pixels."
    )
    crop: tuple[Pixels, Pixels] | None = Field(None, description="(height, width) cut from the centre, in pixels.")
    interpolation: Literal["bilinear", "bicubic", "nearest", "lanczos"] = Field("bilinear", description="Pillow's.")
    mean: tuple[Finite, Finite, Finite] | None = Field(None, description="Per channel, in [0, 1].")
    std: tuple[Positive, Positive, Positive] | None = Field(None, description="Per channel, in [0, 1]; above 0.")


class ModelSpec(_Part):
    """A model: where its network comes from."""

    source: str = Field(
        alias="from",
        description="torchvision:NAME, timm:NAME, jpegproof:NAME, path/file.py:function or package.module:function.",
    )
    weights: str | None = Field(
        None, description="A local file (relative to the root), the library's name of weights, or random."
    )
    data: Name | None = Field(None, description="The data set to measure on; needed where there are several.")
    preparation: PreparationSpec | None = Field(None, description="Where it differs from what the model comes with.")
    arguments: dict[str, Any] = Field(default_factory=dict, description="For an entry point's function.")
    batch_size: int | None = Field(None, ge=1, description="Pictures at once; the task's usual number unless given.")


class CorrectorSpec(_Part):
    """A corrector: a network that repairs the picture before the model sees it."""

    source: Literal["spandrel"] = Field(alias="from", description="spandrel: whatever it recognises in a local file.")
    weights: Path = Field(description="The file; relative to the study's root.")
    channels: Literal["rgb", "luma", "each"] | None = Field(
        None, description="What a one-channel network is run on: luma (default) or each of red, green, blue."
    )
    precision: Literal["float32", "bfloat16"] = Field("float32", description="bfloat16 is faster and less exact.")


class MitigationSpec(_Part):
    """One row of the table: a corrector in front of some of the models."""

    mitigation: Mitigation = Field(description="The row's name in results.")
    corrector: Name | None = Field(None, description="A corrector of this study; not for none.")
    models: list[Name] | None = Field(None, description="Models of this study; all unless given.")


def _checked_tables(tables: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    check_tables(tables)
    return tables


class CompressionSpec(_Part):
    """How the pictures are compressed."""

    qualities: Annotated[list[int], BeforeValidator(parse_qualities, json_schema_input_type=str | int | list[int])] = (
        Field(
            default_factory=lambda: list(range(10, 91, 10)),
            description="libjpeg qualities: 10:90:10, 10,50 or a list.",
        )
    )
    subsampling: Literal["4:2:0", "4:2:2", "4:4:4"] = Field("4:2:0", description="Of the chroma planes.")
    progressive: bool = Field(False, description="Progressive scans instead of a baseline file.")
    tables: Annotated[list[tuple[int, ...]], AfterValidator(_checked_tables)] | None = Field(
        None, description="Own quantisation tables instead of qualities: one or two lists of 64 steps, row by row."
    )
    stage: Literal["source", "input"] = Field(
        "source",
        description="source: the picture as stored, before resizing; input: after the model's resize and crop.",
    )


def _one_mitigation(value: Any) -> Any:
    return {"mitigation": value} if isinstance(value, str) else value


class StudySpec(_Part):
    """A study: which models, on which pictures, under which compression, with which cures."""

    name: Name = Field(description="For the report's title and the results folder.")
    seed: int = Field(0, ge=0, description="Of the bootstrap and of random weights.")
    root: Path = Field(Path(), description="Where relative paths begin; relative to the study file itself.")
    data: dict[Name, DataSpec | WorldSpec] = Field(min_length=1, description="The data sets, by name.")
    models: dict[Name, ModelSpec] = Field(min_length=1, description="The models, by name.")
    correctors: dict[Name, CorrectorSpec] = Field(default_factory=dict, description="The correctors, by name.")
    compression: CompressionSpec = Field(default_factory=lambda: CompressionSpec.model_validate({}))
    mitigations: list[
        Annotated[MitigationSpec, BeforeValidator(_one_mitigation, json_schema_input_type=Mitigation | MitigationSpec)]
    ] = Field(
        default_factory=lambda: [MitigationSpec(mitigation="none", corrector=None, models=None)],
        min_length=1,
        description="The rows: a name alone (none), or a name with a corrector and, if not all, models.",
    )

    def data_of(self, model: str) -> str:
        """The name of the data set that a model is measured on."""
        return self.models[model].data or next(iter(self.data))
