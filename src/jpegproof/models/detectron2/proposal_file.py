"""Files of proposals: Detectron2's pickles are read, our own Parquet is read and written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jpegproof.exceptions import WeightsError
from jpegproof.models.detectron2.pickled_arrays import as_array, read_pickled_arrays
from jpegproof.models.detectron2.proposal_table import PictureProposals, ProposalTable

_SCHEMA = pa.schema(
    [("name", pa.string()), ("boxes", pa.list_(pa.float32())), ("logits", pa.list_(pa.float32()))],
    metadata={"jpegproof": "proposals 1: boxes are x1, y1, x2, y2 in pixels of the picture as stored"},
)
#: Pictures that are written at a time.
_ROWS = 64

#: Detectron2's numbers of ways to write a box, of those that have no angle.
_XYXY, _XYWH = 0, 1


def read_proposals(path: Path) -> ProposalTable:
    """Reads a file of proposals.

    Args:
        path: ``.pkl`` as Detectron2 reads it (``ids``, ``boxes``, ``objectness_logits``, ``bbox_mode``; of the first
            Detectron ``indexes`` and ``scores``), without running code from it; or ``.parquet`` of `write_proposals`.

    Raises:
        WeightsError: the file is missing, of another kind, damaged, or would run code.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: there is no such file of proposals; check the path")
    if path.suffix.lower() == ".pkl":
        return _read_pickle(path)
    if path.suffix.lower() == ".parquet":
        return _read_parquet(path)
    raise WeightsError(f"{path}: is no kind of proposals file that is read here; use .pkl (Detectron2's) or .parquet")


def write_proposals(path: Path, pictures: Iterable[tuple[str, PictureProposals]]) -> None:
    """Writes proposals by picture name, a few pictures at a time, so that memory does not grow with them."""
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as writer:
        rows: list[dict[str, Any]] = []
        for name, proposals in pictures:
            rows.append({"name": name, "boxes": proposals.boxes.reshape(-1), "logits": proposals.logits})
            if len(rows) == _ROWS:
                writer.write_table(pa.Table.from_pylist(rows, _SCHEMA))
                rows = []
        if rows:
            writer.write_table(pa.Table.from_pylist(rows, _SCHEMA))


def _read_parquet(path: Path) -> ProposalTable:
    try:
        table = pq.read_table(path, schema=_SCHEMA)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise WeightsError(f"{path}: is not a readable file of proposals: {reason}") from error

    def at(place: int) -> PictureProposals:
        boxes, logits = (np.asarray(table[name][place].values, np.float32) for name in ("boxes", "logits"))
        return _checked(boxes.reshape(-1, 4) if boxes.size % 4 == 0 else boxes, logits, path, place)

    return ProposalTable(path, {name: place for place, name in enumerate(table["name"].to_pylist())}, at)


def _read_pickle(path: Path) -> ProposalTable:
    content = read_pickled_arrays(path)
    content = content if isinstance(content, Mapping) else {}
    ids, boxes, logits = (
        content.get(name, content.get(older))
        for name, older in (("ids", "indexes"), ("boxes", None), ("objectness_logits", "scores"))
    )
    if ids is None or boxes is None or logits is None:
        raise WeightsError(f"{path}: is no file of proposals; it needs ids, boxes and objectness_logits")
    mode = content.get("bbox_mode", _XYXY)
    if mode not in (_XYXY, _XYWH):
        raise WeightsError(f"{path}: bbox_mode is {mode!r}; boxes are read as corners (0) or as corner and size (1)")
    names = ids if isinstance(ids, list | tuple) else as_array(ids, path, "ids").tolist()
    of_boxes, of_logits = _by_picture(boxes, path, "boxes"), _by_picture(logits, path, "objectness_logits")
    if not len(names) == len(of_boxes) == len(of_logits):
        raise WeightsError(
            f"{path}: has {len(names)} ids, {len(of_boxes)} arrays of boxes and {len(of_logits)} of logits; "
            "there must be as many of each"
        )

    def at(place: int) -> PictureProposals:
        found = as_array(of_boxes[place], path, f"boxes[{place}]").astype(np.float32).reshape(-1, 4)
        if mode == _XYWH:
            found = np.concatenate([found[:, :2], found[:, :2] + found[:, 2:]], axis=1)
        values = as_array(of_logits[place], path, f"objectness_logits[{place}]").astype(np.float32).reshape(-1)
        return _checked(found, values, path, place)

    return ProposalTable(path, {str(name): place for place, name in enumerate(names)}, at)


def _by_picture(values: Any, path: Path, what: str) -> Any:
    """A list of arrays; or one array with a row for each picture, where all have as many proposals."""
    return values if isinstance(values, list | tuple) else as_array(values, path, what)


def _checked(boxes: NDArray[Any], logits: NDArray[Any], path: Path, place: int) -> PictureProposals:
    if boxes.shape != (len(logits), 4):
        raise WeightsError(f"{path}: picture {place} has boxes of shape {boxes.shape} for {len(logits)} logits")
    return PictureProposals(boxes, logits)
