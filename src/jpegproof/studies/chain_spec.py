"""What a study file may say of delivery chains: those that are measured, and those that trainings draw from."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from jpegproof.jpeg.compression import check_tables
from jpegproof.studies.part import Part, Pixels, Quality

Sampling = Literal["4:2:0", "4:2:2", "4:4:4"]
Scale = Annotated[float, Field(gt=0, le=16)]
Shift = Annotated[int, Field(ge=0, le=100_000)]

_Number = TypeVar("_Number", int, float)


def _checked_tables(tables: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    check_tables(tables)
    return tables


#: One or two quantisation tables.
Tables = Annotated[list[tuple[int, ...]], AfterValidator(_checked_tables)]


def as_range(value: Any) -> Any:
    """Both ends of what a study file gives as ``10:90``, as a list, or as one number."""
    if isinstance(value, str) and value.count(":") == 1:
        return [_number(part) for part in value.split(":")]
    return value


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text  # the schema says what is wrong with it


def _ends(value: Any) -> Any:
    return [value, value] if isinstance(value, int | float) else as_range(value)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def in_order(ends: tuple[_Number, _Number]) -> tuple[_Number, _Number]:
    """The two ends themselves.

    Raises:
        ValueError: the first one is the larger.
    """
    if ends[0] > ends[1]:
        raise ValueError(f"begins at {ends[0]} and ends below it, at {ends[1]}; write the lowest first")
    return ends


_KINDS = ("save", "tables", "resize", "fit", "crop")


class _OneThing(Part):
    """A step of a chain, which does one thing."""

    @property
    def saves(self) -> bool:
        """Whether it is a save."""
        return getattr(self, "save", None) is not None or getattr(self, "tables", None) is not None

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        given = [name for name in _KINDS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"a step does one thing, {', '.join(_KINDS[:-1])} or {_KINDS[-1]}; this one has "
                f"{given or 'none of them'}"
            )
        usual = type(self).model_fields["subsampling"].get_default(call_default_factory=True)
        # The usual one was written into results folders for every step, and is read back from there.
        if not self.saves and getattr(self, "subsampling", usual) != usual:
            raise ValueError("subsampling goes with save or tables")
        return self

    @model_serializer(mode="wrap")
    def _told(self, tell: SerializerFunctionWrapHandler) -> dict[str, Any]:
        told = tell(self)
        return told if self.saves else {name: value for name, value in told.items() if name != "subsampling"}


class StepSpec(_OneThing):
    """One step of a delivery chain that is measured: exactly one of a save, a resize, a fit and a crop."""

    save: Quality | None = Field(None, description="As JPEG, at this libjpeg quality.")
    tables: Tables | None = Field(
        None, description="A save with own quantisation tables: one or two lists of 64 steps, row by row."
    )
    subsampling: Sampling = Field("4:2:0", description="Of the save's chroma planes.")
    resize: Scale | None = Field(None, description="Both sides times this.")
    fit: Pixels | None = Field(None, description="The longer side down to so many pixels, where it is longer.")
    crop: Pixels | None = Field(None, description="So many rows and columns off, above and at the left.")


class DrawnStepSpec(_OneThing):
    """One step of a delivery chain that a training draws anew for each picture: a number, or a range of them."""

    save: (
        Annotated[
            tuple[Quality, Quality],
            BeforeValidator(_ends, json_schema_input_type=int | str | tuple[int, int]),
            AfterValidator(in_order),
        ]
        | None
    ) = Field(None, description="As JPEG, at one of these libjpeg qualities.")
    tables: Tables | None = Field(None, description="A save with own quantisation tables.")
    subsampling: Annotated[
        list[Sampling],
        BeforeValidator(
            lambda value: [value] if isinstance(value, str) else value, json_schema_input_type=str | list[str]
        ),
    ] = Field(default_factory=lambda: ["4:2:0"], min_length=1, description="Of the save's chroma planes; one of these.")
    resize: (
        Annotated[
            tuple[Scale, Scale],
            BeforeValidator(_ends, json_schema_input_type=float | str | tuple[float, float]),
            AfterValidator(in_order),
        ]
        | None
    ) = Field(None, description="Both sides times one of these.")
    fit: (
        Annotated[
            tuple[Pixels, Pixels],
            BeforeValidator(_ends, json_schema_input_type=int | str | tuple[int, int]),
            AfterValidator(in_order),
        ]
        | None
    ) = Field(None, description="The longer side down to one of these, where it is longer.")
    crop: (
        Annotated[
            tuple[Shift, Shift],
            BeforeValidator(_ends, json_schema_input_type=int | str | tuple[int, int]),
            AfterValidator(in_order),
        ]
        | None
    ) = Field(None, description="So many rows and columns off, above and at the left; 0 for none.")


_Step = TypeVar("_Step", StepSpec, DrawnStepSpec)


def _ending_in_a_save(steps: list[_Step]) -> list[_Step]:
    if not steps or not steps[-1].saves:
        raise ValueError("a chain ends with a save, since what is delivered is a JPEG")
    return steps


Chain = Annotated[list[StepSpec], AfterValidator(_ending_in_a_save)]
DrawnChain = Annotated[list[DrawnStepSpec], AfterValidator(_ending_in_a_save)]
