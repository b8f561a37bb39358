"""One picture explained at the end of several edges, beside what the uncured network sees in the original."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jpegproof.exceptions import JpegproofError
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.compression import ORIGINAL, Compression
from jpegproof.models.model import Model
from jpegproof.probes.explanations.grad_cam import Explanation, explain_score
from jpegproof.probes.explanations.layer import find_layer, layer_of_name
from jpegproof.probes.explanations.subject import Subject, find_subject
from jpegproof.probes.explanations.unexplainable import UnexplainableError
from jpegproof.studies.passage import Arrived, Passage
from jpegproof.studies.plan import Edge, Plan
from jpegproof.studies.workshop import Workshop
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.find import same_targets
from jpegproof.tasks.geometry import Geometry


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """One version of a picture, explained.

    Attributes:
        edge: which way it went.
        compression: how it was stored.
        seen: (H, W, 3) uint8 RGB as the model was shown it, resized and cropped; None where it was not.
        explanation: None where there is none.
        fault: why there is none; empty where there is one.
    """

    edge: Edge
    compression: Compression
    seen: Pixels | None
    explanation: Explanation | None
    fault: str


@dataclass(frozen=True, slots=True, eq=False)
class ExplainedPicture:
    """One picture, as it is and along several edges.

    Attributes:
        name: the picture's.
        subject: what is explained; None where there is nothing.
        geometry: how the original became the model's input; None where it did not.
        original: of the uncured network.
        versions: one per compression and edge, in the order asked for.
    """

    name: str
    subject: Subject | None
    geometry: Geometry | None
    original: Explained
    versions: tuple[Explained, ...]


class Explainer:
    """Explains pictures of one data set to the end of edges of one model.

    Args:
        plan: the study's.
        workshop: what it names, the trained things among it.
        data: the data set's name.
        model: the model's name.
        wanted: the number of the class that is explained; None for what each answer itself puts first.
        layer: the layer that Grad-CAM looks at; None to have one found, on the first picture that can be used.

    Raises:
        UnknownNameError: there is no such layer.

    Attributes:
        layer: the layer's name; None before one is found.
    """

    def __init__(
        self, plan: Plan, workshop: Workshop, data: str, model: str, wanted: int | None = None, layer: str | None = None
    ) -> None:
        self._plan, self._workshop, self._data = plan, workshop, data
        self._model: Model = workshop.model(model)
        self._reference = plan.edges[plan.reference_edge(model)]
        self._wanted = wanted
        self.layer = layer
        if layer is not None:
            layer_of_name(self._model.network, layer)

    def explain(self, number: int, asked: Sequence[tuple[Compression, Sequence[Edge]]]) -> ExplainedPicture:
        """Explains one picture.

        Args:
            number: the picture's, in the data set.
            asked: compressions, each with the edges that it is looked at along.

        Raises:
            JpegproofError: something is wrong with the study rather than with one picture.
        """
        passage = Passage(self._plan, self._workshop, self._data, [number])
        sources = passage.read()
        (arrived,) = passage.bring(sources, ORIGINAL, [self._reference], lambda edge: {})
        name, batch = passage.names[0], _batch(passage, arrived)
        if batch is None:
            return _without(name, None, self._reference, arrived.skipped.get(0, ""), asked)
        try:
            subject = self._subject(batch)
        except UnexplainableError as error:
            return _without(name, batch.geometries[0], self._reference, str(error), asked)
        self.layer = self.layer or self._found(subject, batch)
        original = self._explained(passage, arrived, ORIGINAL, subject)
        versions = []
        for compression, edges in asked:
            found = {
                arrived.edge: self._explained(passage, arrived, compression, subject)
                for arrived in passage.bring(sources, compression, edges, lambda edge: {})
            }
            versions += [found[edge] for edge in edges]
        return ExplainedPicture(name, subject, batch.geometries[0], original, tuple(versions))

    def _subject(self, batch: Batch) -> Subject:
        pictures = self._workshop.pictures(self._data)
        names = pictures.class_names if same_targets(pictures.task, self._model.task.name) else None
        return find_subject(self._model, batch, names, self._wanted)

    def _found(self, subject: Subject, batch: Batch) -> str:
        network, (image,) = self._model.network, batch.inputs
        asked = Batch((image.detach().clone().requires_grad_(),), batch.geometries, batch.names)
        size = (image.shape[-2], image.shape[-1])
        return find_layer(network, lambda: subject.parts(network, asked), size, subject.classes)

    def _explained(self, passage: Passage, arrived: Arrived, compression: Compression, subject: Subject) -> Explained:
        seen = self._seen(arrived, compression)
        batch = _batch(passage, arrived)
        if batch is None:
            return Explained(arrived.edge, compression, seen, None, arrived.skipped.get(0, ""))
        network = passage.model_for(arrived.edge, 0).network
        try:
            explanation = explain_score(network, batch, subject.score, self.layer or "")
        except UnexplainableError as error:
            return Explained(arrived.edge, compression, seen, None, str(error))
        except JpegproofError:
            raise
        except Exception as error:  # other people's networks fail in whatever way they like
            reason = (str(error).splitlines() or [""])[0] or type(error).__name__
            return Explained(arrived.edge, compression, seen, None, f"cannot be explained: {reason}")
        return Explained(arrived.edge, compression, seen, explanation, "")

    def _seen(self, arrived: Arrived, compression: Compression) -> Pixels | None:
        pixels = arrived.pictures.pixels.get(0)
        if pixels is None or 0 not in arrived.inputs:
            return None
        framed = self._plan.stage == "input" and not compression.is_original
        return pixels if framed else self._model.preparation.frame(pixels)[0]


def _batch(passage: Passage, arrived: Arrived) -> Batch | None:
    return passage.batch_of(arrived.edge, arrived.inputs) if arrived.inputs else None


def _without(
    name: str,
    geometry: Geometry | None,
    reference: Edge,
    fault: str,
    asked: Sequence[tuple[Compression, Sequence[Edge]]],
) -> ExplainedPicture:
    """A picture of which nothing is explained."""
    versions = [Explained(edge, compression, None, None, fault) for compression, edges in asked for edge in edges]
    return ExplainedPicture(name, None, geometry, Explained(reference, ORIGINAL, None, None, fault), tuple(versions))
