"""Takes the same files through every server, picture by picture, and asks the model about all that comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import torch

from jpegproof.analysis.parity.pixels import PixelDistance, pixel_distance
from jpegproof.analysis.results import METRICS
from jpegproof.data.picture_set import PictureSet
from jpegproof.exceptions import JpegproofError, ModelError
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.models.model import Model
from jpegproof.probes.parity.decoders import DECODERS, Size, decoded
from jpegproof.probes.parity.files import ServedFile, served_file
from jpegproof.probes.parity.resizers import RESIZERS, framed, own_resizer, resized_size
from jpegproof.probes.parity.servers import Server
from jpegproof.studies.predictions import prediction_bytes, read_predictions
from jpegproof.studies.rows import places, runs_of_one_shape
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.find import has_places, same_targets


@dataclass(frozen=True, slots=True)
class Passed:
    """What a server made of one file, up to the model's input.

    Attributes:
        size: (H, W) as decoded; None where it was not.
        decoded: how far its pixels are from the reference's; None where sizes differ.
        framed: the same after resize and crop.
        reason: why there is no answer; empty where there is one.
    """

    size: Size | None = None
    decoded: PixelDistance | None = None
    framed: PixelDistance | None = None
    reason: str = ""


@dataclass(slots=True)
class Served:
    """A data set through every server.

    Attributes:
        names: of the pictures.
        files: what was served, without the bytes.
        passed: by server's name, per picture; the reference first.
        answers: by server's name, in the form of prediction files, with the columns that the task's metrics need.
    """

    names: list[str] = field(default_factory=list)
    files: list[ServedFile] = field(default_factory=list)
    passed: dict[str, list[Passed]] = field(default_factory=dict)
    answers: dict[str, pa.Table] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class _Input:
    """What goes into the model, and how large the picture was that the model would have seen whole."""

    tensor: torch.Tensor
    source: Size


class Serving:
    """Compares servers on the pictures of one data set.

    Args:
        model: whose preparation says to what size pictures are resized and where they are cropped.
        pictures: the data set.
        reference: what the others are compared with.
        servers: the others.
        quality: libjpeg's, of what is saved where a picture is no JPEG.
        batch_size: pictures that go through the model at once.
    """

    def __init__(
        self,
        model: Model,
        pictures: PictureSet,
        reference: Server,
        servers: Sequence[Server],
        quality: int,
        batch_size: int,
    ) -> None:
        self._model = model
        self._pictures = pictures
        self._servers = (reference, *servers)
        self._quality = quality
        self._batch_size = batch_size
        self._own_resizer = own_resizer(model.preparation)

    def run(self, numbers: Sequence[int], advance: Callable[[], None]) -> Served:
        """Serves the pictures of the given numbers; `advance` is called after each.

        Raises:
            ModelError: the model fails, or does not fit the data set.
        """
        served = Served(passed={server.name: [] for server in self._servers})
        tables: dict[str, list[pa.Table]] = {server.name: [] for server in self._servers}
        for begin in range(0, len(numbers), self._batch_size):
            some = numbers[begin : begin + self._batch_size]
            inputs: dict[str, dict[int, _Input]] = {server.name: {} for server in self._servers}
            for row, number in enumerate(some):
                file = served_file(self._pictures, number, self._quality)
                served.names.append(self._pictures.name(number))
                served.files.append(ServedFile(b"", file.own, file.subsampling, file.colours, file.orientation))
                for server, passed, taken in self._through_all(file):
                    served.passed[server.name].append(passed)
                    if taken is not None:
                        inputs[server.name][row] = taken
                advance()
            for name, table in self._answered(some, inputs, served):
                tables[name].append(table)
        served.answers = {name: pa.concat_tables(own) for name, own in tables.items()}
        return served

    def _through_all(self, file: ServedFile) -> Iterator[tuple[Server, Passed, _Input | None]]:
        """One file through each server, the reference first; each decoder decodes it once."""
        if file.reason:
            yield from ((server, Passed(reason=file.reason), None) for server in self._servers)
            return
        reference = self._servers[0]
        # Turned by nobody, as the reference decodes: where it shrinks, it needs to know from what.
        stored = _shape(decoded(DECODERS["pillow"], file.data, None)) if self._shrinks else None
        whole = decoded(DECODERS[reference.decoder], file.data, self._wanted(stored))
        by_decoder: dict[str, Pixels | str] = {reference.decoder: whole}
        stored = stored or _shape(whole)
        shown = None
        # Decoder by decoder, so that one picture is held beside the reference's.
        for server in sorted(self._servers, key=lambda one: (one.decoder != reference.decoder, one.decoder)):
            if server.decoder not in by_decoder:
                by_decoder = {reference.decoder: whole}
                by_decoder[server.decoder] = decoded(DECODERS[server.decoder], file.data, self._wanted(stored))
            pixels = by_decoder[server.decoder]
            passed, taken, picture = self._through(server, pixels, stored, whole, shown)
            shown = picture if server == reference else shown
            yield server, passed, taken

    def _through(
        self, server: Server, pixels: Pixels | str, stored: Size | None, whole: Pixels | str, shown: Pixels | None
    ) -> tuple[Passed, _Input | None, Pixels | None]:
        """One decoded picture to the model's input.

        Args:
            server: which resizes it.
            pixels: as the server has decoded it, or why it could not.
            stored: (H, W) of the picture as stored, as far as the reference could tell.
            whole: as the reference has decoded it.
            shown: what the reference has framed; None for the reference itself.
        """
        if isinstance(pixels, str):
            return Passed(reason=pixels), None, None
        size = _shape(pixels)
        assert size is not None
        source = _source_of(size, stored or size)
        near = None if isinstance(whole, str) else pixel_distance(pixels, whole)
        if stored is not None and source != stored and has_places(self._model.task.name):
            reason = (
                f"decoded as {size[1]}x{size[0]}, of a picture stored as {stored[1]}x{stored[0]}: places in the two "
                "cannot be compared"
            )
            return Passed(size, near, None, reason), None, None
        own = server.resizer == self._own_resizer and source == size
        try:
            picture = framed(self._model.preparation, None if own else RESIZERS[server.resizer], pixels, source)
        except (UnusablePictureError, MemoryError) as error:
            return Passed(size, near, None, str(error) or "does not fit into memory"), None, None
        taken = _Input(self._model.preparation.normalise(picture), source)
        first = server == self._servers[0]
        other = picture if first else shown
        far = None if other is None else pixel_distance(picture, other)
        return Passed(size, near, far), taken, picture

    @property
    def _shrinks(self) -> bool:
        return DECODERS[self._servers[0].decoder].shrinks

    def _wanted(self, stored: Size | None) -> Size | None:
        return None if stored is None else resized_size(self._model.preparation, stored)

    def _answered(
        self, numbers: Sequence[int], inputs: Mapping[str, dict[int, _Input]], served: Served
    ) -> Iterator[tuple[str, pa.Table]]:
        """The answers about some pictures, server by server, in the form of prediction files."""
        task, names = self._model.task, [self._pictures.name(number) for number in numbers]
        columns, with_kept = METRICS[task.name].columns, METRICS[task.name].reference_columns
        reference, kept, faults = None, list[int](), dict[int, str]()
        for name, own in inputs.items():
            first = name == self._servers[0].name
            passed = served.passed[name][-len(numbers) :]
            skipped = {row: one.reason for row, one in enumerate(passed) if one.reason}
            if not first:  # what the reference has no answer about cannot be compared
                skipped = {**faults, **skipped}
            rows = [row for row in own if row not in skipped]
            stored: dict[str, Sequence[Any]] = {}
            if rows:
                answer = self._ask({row: own[row] for row in rows}, names)
                like = answer if first else task.select(reference, places(kept, rows))
                targets = [self._target(numbers[row]) for row in rows]
                with torch.inference_mode():
                    recorded, found = task.record(answer, targets, like)
                    stored = {**recorded, **(task.keep(answer, targets) if first else {})}
                skipped |= {row: fault for row, fault in zip(rows, found, strict=True) if fault}
                fine = [place for place, row in enumerate(rows) if row not in skipped]
                stored = {column: [values[place] for place in fine] for column, values in stored.items()}
                rows = [rows[place] for place in fine]
                reference = task.select(answer, fine) if first else reference
            if first:
                kept = rows
                faults = {row: f"the reference: {reason}" for row, reason in skipped.items()}
            content = prediction_bytes(
                task,
                names,
                [skipped.get(row) for row in range(len(numbers))],
                [None] * len(numbers),
                stored,
                rows,
                with_reference=first,
            )
            wanted = dict.fromkeys(["picture", "skipped", *columns, *(with_kept if first else ())])
            yield name, read_predictions(content, name, list(wanted))

    def _ask(self, inputs: Mapping[int, _Input], names: Sequence[str]) -> Any:
        """The model's answers, in the order of the rows."""
        model, answers = self._model, list[Any]()
        tensors = {row: item.tensor for row, item in inputs.items()}
        with torch.inference_mode():
            for rows in runs_of_one_shape(tensors, self._batch_size):
                batch = Batch(
                    tuple(tensors[row] for row in rows),
                    tuple(model.preparation.geometry(inputs[row].source) for row in rows),
                    tuple(names[row] for row in rows),
                )
                try:
                    answer = model.task.answer(model.network, batch.to(model.device))
                except JpegproofError:
                    raise
                except Exception as error:  # the user's own code may raise anything
                    raise ModelError(
                        f"the model failed on an input of shape {(len(rows), *batch.inputs[0].shape)}: "
                        f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
                    ) from error
                if same_targets(self._pictures.task, model.task.name):
                    model.task.check(answer, self._pictures.class_names)
                answers.append(answer)
            return model.task.join(answers)

    def _target(self, number: int) -> Any:
        """What is true of a picture; nothing where the data set speaks of something else than the task."""
        same = same_targets(self._pictures.task, self._model.task.name)
        return self._pictures.target(number) if same else None


def _shape(pixels: Pixels | str) -> Size | None:
    return None if isinstance(pixels, str) else (pixels.shape[0], pixels.shape[1])


def _source_of(size: Size, stored: Size) -> Size:
    """(H, W) of the whole picture that something decoded at a fraction, or turned, is of."""
    for whole in (stored, (stored[1], stored[0])):
        for fraction in (1, 2, 4, 8):
            if size == tuple(-(-side // fraction) for side in whole):
                return whole
    return size
