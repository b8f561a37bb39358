"""What all parts of a study file have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^\w[\w .+()-]*$")]
Pixels = Annotated[int, Field(ge=1, le=100_000)]
Quality = Annotated[int, Field(ge=1, le=100)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Part(BaseModel):
    """A part of a study file: no field that is not known, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
