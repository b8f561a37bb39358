"""The things that a study works with, built from its spec on first use: data sets, models, correctors."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from jpegproof.correctors.default import load_corrector, untrained_corrector
from jpegproof.correctors.find import find_corrector
from jpegproof.correctors.identity import Identity
from jpegproof.correctors.learning import Learning
from jpegproof.correctors.protocol import Corrector
from jpegproof.correctors.qgac.corrector import load_qgac
from jpegproof.data.picture_set import PictureSet
from jpegproof.data.scenes import together
from jpegproof.data.split import split
from jpegproof.exceptions import JpegproofError, ModelError
from jpegproof.models.find import find_model
from jpegproof.models.model import Model
from jpegproof.models.names import is_entry_point
from jpegproof.studies.folds import folds_of, of_fold
from jpegproof.studies.open_data import open_data
from jpegproof.studies.spec import CorrectorSpec, DataSpec, StudySpec
from jpegproof.weights import load_into, read_weights

IDENTITY = "identity"

#: More pictures at once than this leave a processor's caches, and most of the time goes into moving memory.
CPU_BATCH = 8


class Workshop:
    """Builds and keeps what a study names.

    Args:
        spec: the study.
        device: where networks run.
        given: models that the caller built, instead of what the spec says of their names.
        allow_code: whether models may come from entry points, which run the user's own code.

    Attributes:
        stand_in: whether what is not trained yet is stood in for by something of its size, for estimates of time.
    """

    def __init__(
        self,
        spec: StudySpec,
        device: torch.device | str = "cpu",
        given: Mapping[str, Model] | None = None,
        allow_code: bool = False,
    ) -> None:
        self.spec = spec
        self.device = torch.device(device)
        self.stand_in = False
        self._allow_code = allow_code
        self._pictures: dict[str, PictureSet] = {}
        self._opened: dict[str, PictureSet] = {}
        self._chosen: dict[str, Sequence[int]] = {}
        self._models: dict[str, Model] = {}
        self._correctors: dict[str, Corrector] = {IDENTITY: Identity()}
        self._artifacts: dict[tuple[str, int | None], Path] = {}
        self._trained: dict[Path, Corrector | Model] = {}
        for name, model in (given or {}).items():
            self._models[name] = self._placed(replace(model, network=copy.deepcopy(model.network)))

    def pictures(self, name: str) -> PictureSet:
        """The data set of a name. Raises DataError as the layouts do."""
        if name not in self._pictures:
            # Parts of one data set are opened and read once.
            whole = self.spec.data[name].model_dump_json(exclude={"split", "folds"})
            if whole not in self._opened:
                self._opened[whole] = open_data(self.spec.data[name])
            self._pictures[name] = self._opened[whole]
        return self._pictures[name]

    def chosen(self, name: str) -> list[int]:
        """The numbers of the pictures that the study uses of a data set: all, or evenly spaced up to the limit; of
        these one part, where the data set is one.

        Raises:
            DataError: there are too few pictures to be split.
        """
        if name not in self._chosen:
            self._chosen[name] = self._part(name, self._within_limit(name))
        return list(self._chosen[name])

    def _part(self, name: str, numbers: list[int]) -> Sequence[int]:
        data = self.spec.data[name]
        if data.split is None:
            return numbers
        pictures = self.pictures(name)
        block = (data.blocks if isinstance(data, DataSpec) else None) or together(pictures)
        parts = split(pictures, numbers, data.split.share, data.split.seed, block)
        return getattr(parts, data.split.part)

    def _within_limit(self, name: str) -> list[int]:
        pictures, data = self.pictures(name), self.spec.data[name]
        limit = data.limit if isinstance(data, DataSpec) and data.limit else len(pictures)
        if limit >= len(pictures):
            return list(range(len(pictures)))
        size = together(pictures)  # a scene is used whole or not at all
        scenes, wanted = len(pictures) // size, limit // size
        return [position * scenes // wanted * size + place for position in range(wanted) for place in range(size)]

    def use(self, artifacts: Mapping[tuple[str, int | None], Path]) -> None:
        """Tells where the trained things are: a file by (training, fold), which may come to be there only later."""
        self._artifacts = dict(artifacts)

    def model(self, name: str) -> Model:
        """The model of a name, on the device.

        Raises:
            ModelError: an entry point is named and code is not allowed; its own task does not fit the data set.
        """
        if name not in self._models:
            spec = self.spec.models[name]
            if is_entry_point(spec.source) and not self._allow_code:
                raise ModelError(
                    f"model {name!r} comes from {spec.source}, which runs code of that file; a study file may only ask "
                    "for this. If you trust it, add --allow-code"
                )
            try:
                model = find_model(
                    spec.source,
                    weights=spec.weights,
                    preparation=spec.preparation.model_dump(exclude_unset=True) if spec.preparation else None,
                    arguments=spec.arguments,
                    seed=self.spec.seed,
                    task=spec.task,
                    features=spec.features,
                    allow_code=self._allow_code,
                )
            except JpegproofError as error:
                error.add_note(f"(model {name!r} of the study)")
                raise
            self._models[name] = self._placed(model)
        return self._models[name]

    def corrector(self, name: str) -> Corrector:
        """The corrector of a name, on the device. Raises as `find_corrector`."""
        if name not in self._correctors:
            spec = self.spec.correctors[name]
            weights = str(spec.weights) if spec.weights is not None else None
            self._correctors[name] = find_corrector(spec.source, weights, spec.options, self.device)
        return self._correctors[name]

    def trained_corrector(self, training: str, fold: int | None) -> Learning:
        """The corrector that a training has made, for a picture of a fold.

        Raises:
            WeightsError: its file is missing or damaged.
        """
        path = of_fold(self._artifacts, training, fold)
        if self.stand_in and not path.exists():
            return self._untrained_corrector(training)
        if path not in self._trained:
            begun = self._first_start(training)
            if begun is not None and begun.source == "qgac":
                # Its file is as the published ones, which say nothing of how they are used.
                self._trained[path] = load_qgac(path, self.device, **begun.options)
            else:
                self._trained[path] = load_corrector(path, self.device)
        found = self._trained[path]
        assert isinstance(found, Learning)
        return found

    def trained_model(self, training: str, fold: int | None) -> Model:
        """The model that a training has made, for a picture of a fold.

        Raises:
            WeightsError: its file is missing or damaged.
        """
        path = of_fold(self._artifacts, training, fold)
        if self.stand_in and not path.exists():
            return self.model(self.spec.trainings[training].learning_model)
        if path not in self._trained:
            model = self.model(self.spec.trainings[training].learning_model)
            network = copy.deepcopy(model.network)
            load_into(network, read_weights(path), path)
            self._trained[path] = self._placed(replace(model, network=network))
        found = self._trained[path]
        assert isinstance(found, Model)
        return found

    def _untrained_corrector(self, training: str) -> Learning:
        """A corrector of the size that a training will make."""
        this = self.spec.trainings[training]
        if this.start in self.spec.trainings:
            return self._untrained_corrector(this.start)
        start = self.corrector(this.start) if this.start is not None else None
        if isinstance(start, Learning):
            return start
        return untrained_corrector(0, self.device, **this.untrained_size)

    def _first_start(self, training: str) -> CorrectorSpec | None:
        """The corrector that a training began with, if by way of other trainings; None where it began untrained."""
        start = self.spec.trainings[training].start
        if start is None or start in self.spec.correctors:
            return self.spec.correctors[start] if start is not None else None
        return self._first_start(start)

    def folds(self, name: str) -> int | None:
        """Into how many folds the pictures fall for a training; None where it, or what else is named, has none."""
        return folds_of(self.spec, name) if name in self.spec.trainings else None

    def batch_size(self, model: str) -> int:
        """How many pictures go through a model at once."""
        spec = self.spec.models.get(model)
        usual = self.model(model).task.batch_size
        return (spec.batch_size if spec else None) or (min(usual, CPU_BATCH) if self.device.type == "cpu" else usual)

    def _placed(self, model: Model) -> Model:
        model.network.to(self.device).eval().requires_grad_(False)
        return model
