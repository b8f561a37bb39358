"""The deployable pipeline: bytes of uploads in, a model's answers out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from threading import BoundedSemaphore
from typing import Any, overload

import torch

from jpegproof.correctors.gate import Gate
from jpegproof.deploy.answers import Answer, Value, values_of
from jpegproof.deploy.bounded import BUDGET, Costed
from jpegproof.deploy.export_config import MAX_UPLOAD_PIXELS
from jpegproof.deploy.uploads import Intake, Upload
from jpegproof.exceptions import JpegproofError
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.models.model import Model
from jpegproof.tasks.batch import Batch

#: So many inputs go through a network at once; more leave a processor's caches.
BATCH = 8

#: So many classes are told of a picture.
TOP = 5


class Pipeline:
    """Answers uploads. Threads may share one: nothing in it changes while it answers.

    Args:
        model: asked in evaluation; its network must itself be safe to call from several threads, which PyTorch's
            layers in evaluation and onnxruntime's sessions are.
        corrector: in front of it; None for none.
        gate: which uploads are corrected at all; None corrects all.
        budget: multiply-adds that correction may take per pixel of the model's input, see `corrected_input`. None goes
            exactly the way of a study: decoded whole and corrected whole, at a cost that the upload decides.
        max_pixels: an upload that claims more is refused by its header.
        batch: inputs that go through the network at once.
        at_once: calls that work at the same time, in whatever threads; others wait. What memory the pipeline takes is
            bounded by this number times what one picture of `max_pixels` takes. The processor's cores unless given.
        top: classes told per picture.
        classes: what a classifier's numbers mean.

    Attributes:
        model: as given.

    Raises:
        JpegproofError: the budget is below what correcting an input itself takes, or a number is below 1.
    """

    def __init__(
        self,
        model: Model,
        corrector: Costed | None = None,
        gate: Gate | None = None,
        *,
        budget: float | None = BUDGET,
        max_pixels: int = MAX_UPLOAD_PIXELS,
        batch: int = BATCH,
        at_once: int | None = None,
        top: int = TOP,
        classes: Sequence[str] | None = None,
    ) -> None:
        at_once = os.cpu_count() or 1 if at_once is None else at_once
        for name, number in (("max_pixels", max_pixels), ("batch", batch), ("at_once", at_once), ("top", top)):
            if number < 1:
                raise JpegproofError(f"{name}: {number} makes no sense; use 1 or more")
        if budget is not None and corrector is not None and budget < corrector.multiply_adds_per_pixel:
            raise JpegproofError(
                f"budget: {budget:,.0f} multiply-adds per pixel of the input, and correcting one takes "
                f"{corrector.multiply_adds_per_pixel:,}; give at least that, or None for the way of a study"
            )
        self.model = model
        self._intake = Intake(model.preparation, corrector, gate, budget, max_pixels)
        self._batch = batch if model.task.batch_size > 1 else 1
        self._places = BoundedSemaphore(at_once)
        self._top = top
        self._classes = None if classes is None else tuple(classes)

    @overload
    def __call__(self, data: bytes, *, keep_input: bool = False) -> Answer: ...

    @overload
    def __call__(self, data: Sequence[bytes], *, keep_input: bool = False) -> list[Answer]: ...

    def __call__(self, data: bytes | Sequence[bytes], *, keep_input: bool = False) -> Answer | list[Answer]:
        """Answers one upload, or several.

        Args:
            data: the content of a picture file, or of several. JPEGs are corrected; other formats are answered as they
                are.
            keep_input: whether answers hold what the model was shown (`Answer.framed`).

        Returns:
            One answer per upload, in their order. An upload that cannot be used has an answer that says why, and the
            others have theirs.

        Raises:
            ModelError: the model answers in another form than its task asks for.
        """
        if isinstance(data, bytes | bytearray | memoryview):
            return self._answers([bytes(data)], keep_input)[0]
        answers: list[Answer] = []
        for first in range(0, len(data), self._batch):
            answers += self._answers(data[first : first + self._batch], keep_input)
        return answers

    def _answers(self, data: Sequence[bytes], keep_input: bool) -> list[Answer]:
        with self._places, torch.inference_mode():
            taken = [self._taken(item) for item in data]
            answers = {place: item for place, item in enumerate(taken) if isinstance(item, Answer)}
            uploads = {place: item for place, item in enumerate(taken) if isinstance(item, Upload)}
            values = self._values(uploads)
        for place, upload in uploads.items():
            value = values[place]
            answers[place] = Answer(
                None if isinstance(value, str) else value,
                value if isinstance(value, str) else None,
                None,
                upload.geometry.source,
                upload.corrected,
                upload.multiply_adds,
                upload.decoded_at,
                upload.framed if keep_input else None,
            )
        return [answers[place] for place in range(len(data))]

    def _taken(self, data: bytes) -> Upload | Answer:
        try:
            return self._intake.prepared(data)
        except UnusablePictureError as error:
            return Answer(None, str(error), error.hazard)
        except MemoryError:
            return Answer(None, "does not fit into memory", "too large")
        except JpegproofError:
            raise
        except Exception as error:  # no upload may stop the others, whatever it makes a library stumble over
            return Answer(None, _reason(error))

    def _values(self, uploads: Mapping[int, Upload]) -> dict[int, Value | str]:
        """The model's answers, inputs of one shape together; text where there is none."""
        groups: dict[tuple[int, ...], list[int]] = {}
        for place, upload in uploads.items():
            groups.setdefault(tuple(upload.tensor.shape), []).append(place)
        values: dict[int, Value | str] = {}
        for places in groups.values():
            try:
                values |= zip(places, self._asked([uploads[place] for place in places]), strict=True)
            except JpegproofError:
                raise
            except Exception as error:  # a network may fail on one picture, in whatever way
                for place in places:
                    values[place] = self._asked_alone(uploads[place]) if len(places) > 1 else _failed(error)
        return values

    def _asked_alone(self, upload: Upload) -> Value | str:
        try:
            return self._asked([upload])[0]
        except JpegproofError:
            raise
        except Exception as error:
            return _failed(error)

    def _asked(self, uploads: Sequence[Upload]) -> list[Value | str]:
        tensors, geometries = (upload.tensor for upload in uploads), (upload.geometry for upload in uploads)
        batch = Batch(tuple(tensors), tuple(geometries), (None,) * len(uploads)).to(self.model.device)
        task: Any = self.model.task
        return values_of(task.name, task.answer(self.model.network, batch), self._top, self._classes)


def _failed(error: Exception) -> str:
    return f"the model failed: {_reason(error)}"


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
