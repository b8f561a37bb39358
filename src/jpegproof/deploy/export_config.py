"""What an exported folder says of itself: ``config.json``. Plain data; reading it runs nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jpegproof.correctors.protocol import Precision
from jpegproof.exceptions import StoreError, WeightsError
from jpegproof.weights import file_digest

CONFIG_FILE = "config.json"
CORRECTOR_FILE = "corrector.safetensors"
MODEL_FILE = "model.safetensors"

#: Raised when older readers would misunderstand a folder.
FORMAT_VERSION = 1

#: An upload that claims more pixels is refused by its header. Telephones make pictures of up to 50 million.
MAX_UPLOAD_PIXELS = 64_000_000

#: A file of the folder itself: no path leads out of it.
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$", max_length=100)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]

#: What a graph computes: corrected pixels, a model's answer from its prepared input, or the answer from pixels.
Role = Literal["corrector", "network", "pipeline"]
GraphFormat = Literal["onnx", "torch_export"]
GraphPrecision = Literal["float32", "float16", "int8"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StoredFile(_Part):
    """A file of the folder, and the digest of its bytes."""

    file: FileName
    digest: Digest


class CorrectorPart(_Part):
    """The corrector: jpegproof's own with its weights, or none."""

    kind: Literal["jpegproof", "identity"]
    weights: StoredFile | None = None
    precision: Precision = "float32"


class GatePart(_Part):
    """The limits of a gate, as `Gate` has them."""

    limits: tuple[tuple[float, float], ...]
    hidden: float


class ModelPart(_Part):
    """The model.

    Attributes:
        source: the name that `find_model` builds it by; None where only the caller can build it.
        arguments: further ones of the name.
        weights: its state dict; None where the source is None.
        task: what it is asked.
        preparation: as it describes itself; None where it is of no kind that is known by description.
        classes: what its numbers mean, from 0; None where nobody said.
    """

    source: str | None
    arguments: dict[str, Any] = {}
    weights: StoredFile | None = None
    task: str
    preparation: dict[str, Any] | None
    classes: tuple[str, ...] | None = None


class GraphPart(StoredFile):
    """A graph of the folder."""

    role: Role
    format: GraphFormat
    precision: GraphPrecision = "float32"


class ExportConfig(_Part):
    """The whole of ``config.json``.

    Attributes:
        format: says whose file it is.
        version: of the format.
        written_by: versions of jpegproof and of what it computed with.
        corrector: what is in front of the model.
        gate: decides which pictures are corrected; None corrects all.
        model: None where the folder holds a corrector alone.
        graphs: for other programs, and for onnxruntime.
        budget: multiply-adds that correction may take per pixel of the model's input; see `corrected_input`.
        max_pixels: an upload that claims more is refused.
        checks: what was found when the folder was written, for people.
    """

    format: Literal["jpegproof export"] = "jpegproof export"
    version: Literal[1] = FORMAT_VERSION
    written_by: dict[str, str]
    corrector: CorrectorPart
    gate: GatePart | None = None
    model: ModelPart | None = None
    graphs: tuple[GraphPart, ...] = ()
    budget: Annotated[float, Field(gt=0)]
    max_pixels: Annotated[int, Field(gt=0)] = MAX_UPLOAD_PIXELS
    checks: dict[str, Any] = {}

    def graph(self, role: Role, form: GraphFormat) -> GraphPart | None:
        """The graph of a role in a format; None where the folder has none."""
        return next((graph for graph in self.graphs if (graph.role, graph.format) == (role, form)), None)


def write_config(folder: Path, config: ExportConfig) -> None:
    """Writes ``config.json``."""
    (folder / CONFIG_FILE).write_text(json.dumps(config.model_dump(mode="json"), indent=1) + "\n")


def read_config(folder: Path) -> ExportConfig:
    """Reads ``config.json``.

    Raises:
        StoreError: there is none, or it is not one of jpegproof's.
    """
    path = folder / CONFIG_FILE
    try:
        said = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(
            f"{path}: cannot be read as an export's configuration: {reason}; name a folder of jpegproof export"
        ) from error
    if isinstance(said, dict) and isinstance(said.get("version"), int) and said["version"] > FORMAT_VERSION:
        raise StoreError(f"{path}: was written by a newer jpegproof ({said.get('written_by')}); install that one")
    try:
        return ExportConfig.model_validate(said)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in problem["loc"])
        raise StoreError(f"{path}, {place or 'as a whole'}: {problem['msg']}; export the model again") from error


def stored(folder: Path, name: str) -> StoredFile:
    """A file of the folder as ``config.json`` lists it."""
    return StoredFile(file=name, digest=file_digest(folder / name))


def checked_path(folder: Path, listed: StoredFile) -> Path:
    """Where a listed file is.

    Raises:
        WeightsError: it is missing, or its bytes are not those that were exported.
    """
    path = folder / listed.file
    if file_digest(path) != listed.digest:
        raise WeightsError(f"{path}: is not the file that was exported (its digest differs); export the model again")
    return path
