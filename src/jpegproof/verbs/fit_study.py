"""The study that a fit is: one training, and its outcome measured beside what was there before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from jpegproof.correctors.default import trained_for
from jpegproof.exceptions import JpegproofError
from jpegproof.studies.plan import Edge
from jpegproof.studies.spec import CORRECTOR_LEARNS, StudySpec
from jpegproof.studies.study_file import with_absolute_paths
from jpegproof.studies.workshop import IDENTITY
from jpegproof.verbs.names import problem_of

#: What the study calls the training, and the corrector that is there before it: where it begins, or what stands before
#: the learning model.
TRAINED, BEFORE = "fit", "start"

#: Where the outcome is measured.
JUDGED_QUALITIES = (10, 30, 50, 70, 90)


@dataclass(frozen=True, slots=True)
class FitStudy:
    """What is to be trained, on what.

    Attributes:
        training: the fields of the training, as a study file says them, without its data sets.
        data_name: what the data set is called.
        data: its fields.
        model_name: what the model is called; empty where there is none.
        model: its fields.
        corrector: what a training begins from, or what stands before a learning model, as a study file says it; None
            for none.
        stage: where pictures are compressed.
        hold_back: share of the pictures that is not learned from; 0 for none.
    """

    training: Mapping[str, Any]
    data_name: str
    data: Mapping[str, Any]
    model_name: str
    model: Mapping[str, Any]
    corrector: Mapping[str, Any] | None
    stage: str
    hold_back: float = 0.0

    @property
    def objective(self) -> str:
        """What is wanted."""
        return self.training["objective"]

    @property
    def learner(self) -> str:
        """``corrector`` or ``model``."""
        return "corrector" if self.objective in CORRECTOR_LEARNS else "model"

    @property
    def stopping_name(self) -> str:
        """What the pictures that say when to stop are called."""
        return f"{self.data_name} (stopping)"

    @property
    def judging_name(self) -> str:
        """What the pictures that judge are called."""
        return f"{self.data_name} (judging)"

    @property
    def is_judged(self) -> bool:
        """Whether the outcome is measured: there are pictures to judge by, and a model to ask."""
        return self.hold_back > 0 and bool(self.model_name)

    @property
    def outcome(self) -> Edge:
        """The edge of what is trained."""
        if self.learner == "corrector":
            row = "task_targeted" if self.objective == "task_targeted" else "off_the_shelf"
            return Edge(self.model_name, row, TRAINED)
        if self.corrector is None:
            return Edge(self.model_name, self.objective, IDENTITY, TRAINED)
        return Edge(self.model_name, "both", BEFORE, TRAINED)

    @property
    def before(self) -> Edge | None:
        """The edge of the corrector that is there before the training; None where there is none."""
        if self.corrector is None:
            return None
        weights = self.corrector.get("weights")
        targeted = weights is not None and trained_for(Path(weights)) == "task_targeted"
        return Edge(self.model_name, "task_targeted" if targeted else "off_the_shelf", BEFORE)

    def spec(self) -> StudySpec:
        """The study, its paths absolute.

        Raises:
            JpegproofError: something that was given is out of its range.
        """
        split = {"share": self.hold_back, "seed": self.training["seed"]}
        parts = {"learning": self.data_name, "stopping": self.stopping_name, "judging": self.judging_name}
        if not self.hold_back:
            data = {self.data_name: dict(self.data)}
        else:
            data = {name: {**self.data, "split": {"part": part, **split}} for part, name in parts.items()}
        training = {**self.training, "data": self._learned_from()}
        if self.hold_back and self.objective != "statistics_only":
            training["stop_on"] = self.stopping_name
        if self.corrector is not None:
            training["start" if self.learner == "corrector" else "corrector"] = BEFORE
        if self.model_name:
            training["model"] = self.model_name
        model = {**self.model, **({"data": self.judging_name} if self.hold_back else {})}
        edges = [self.before, self.outcome] if self.is_judged else [self.outcome]
        content = {
            "name": " ".join(part for part in (TRAINED, self.model_name, "on", self.data_name) if part),
            "seed": self.training["seed"],
            "data": data,
            "models": {self.model_name: model} if self.model_name else {},
            "correctors": {BEFORE: dict(self.corrector)} if self.corrector is not None else {},
            "trainings": {TRAINED: training},
            "compression": {"stage": self.stage, "qualities": list(JUDGED_QUALITIES)},
            "mitigations": ["none", *(_row(edge) for edge in edges if edge is not None)],
        }
        try:
            return with_absolute_paths(StudySpec.model_validate(content), Path.cwd())
        except ValidationError as error:
            raise JpegproofError(problem_of(error)) from error

    def _learned_from(self) -> list[str]:
        # Without a model nothing is judged, so that what would judge may be learned from.
        unused = [self.judging_name] if self.hold_back and not self.model_name else []
        # Statistics have nothing to stop.
        unused += [self.stopping_name] if self.hold_back and self.objective == "statistics_only" else []
        return [self.data_name, *unused]

    def holding_back(self, share: float) -> FitStudy:
        """The same with so large a share of the pictures held back."""
        return replace(self, hold_back=share)


def _row(edge: Edge) -> dict[str, str]:
    row = {"mitigation": edge.mitigation}
    if edge.corrector != IDENTITY:
        row["corrector"] = edge.corrector
    return {**row, "tuned": edge.tuned} if edge.tuned else row
