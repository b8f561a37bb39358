"""A detector of one's own that answers with torchvision-style dictionaries, seen through the protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from jpegproof.exceptions import ModelError
from jpegproof.models.detectors.adapter import Adapter
from jpegproof.models.detectors.answers import carries_gradient
from jpegproof.models.detectors.belief import believed
from jpegproof.models.detectors.features import Features
from jpegproof.models.detectors.modes import all_but_noise, modes
from jpegproof.tasks.detector import Boxes, Dense
from jpegproof.tasks.named_tensors import about_the_picture, named_tensors

_STYLE = (
    "a list with one dictionary per picture: boxes (N, 4) xyxy in pixels of the given picture, labels (N,), scores "
    "(N,), and with masks masks (N, 1, H, W)"
)


class OwnDetector(Adapter):
    """A user's detector.

    It is asked picture by picture, so that an answer never depends on what a picture is batched with.

    Args:
        network: called with a list of one (3, H, W) RGB picture in [0, 1], it answers with a list of one dictionary
            (``boxes``, ``labels``, ``scores``, perhaps ``masks``). For trainings that need no label it has a method
            ``dense`` that takes the same list and answers with a mapping, named tuple or tuple of tensors from before
            any box is chosen: the floating ones whose leading dimension is the number of pictures are compared, see
            `believed` for the places' weights. For fine-tuning it answers, in training mode, ``network(pictures,
            targets)`` with a dictionary of losses.
        features: names of layers whose outputs are compared in place of what ``dense`` answers.

    Raises:
        UnknownNameError: the network has no such layer.
    """

    def __init__(self, network: nn.Module, features: Sequence[str] = ()) -> None:
        super().__init__(network)
        self._features = Features(network, features) if features else None

    def forward(self, images: Sequence[Tensor]) -> list[Boxes]:
        """See `Detector`.

        Raises:
            ModelError: the network answers in another style.
        """
        with modes(self.network.modules(), training=False):
            return [self._boxes(self._asked(image)) for image in images]

    def dense(self, images: Sequence[Tensor], like: Sequence[Dense] | None = None) -> list[Dense]:
        """See `Detector`; `like` is not needed, since there are no proposals.

        Raises:
            ModelError: the network has no ``dense`` and no layers were named, or nothing in their answers can be
                compared or carries a gradient.
        """
        del like
        return [self._dense(image) for image in images]

    def losses(self, images: Sequence[Tensor], targets: Sequence[Boxes]) -> Mapping[str, Tensor]:
        """See `Detector`; norms over the batch and dropout stay in the mode that they are in.

        Raises:
            ModelError: the network does not answer with losses.
        """
        with modes(all_but_noise(self.network), training=True):
            try:
                losses: Any = self.network(list(images), [dict(target) for target in targets])
            except Exception as error:
                raise ModelError(f"{self._no_losses()}; it failed: {type(error).__name__}: {error}") from error
        if not isinstance(losses, Mapping) or not losses:
            raise ModelError(f"{self._no_losses()}; it answered with a {type(losses).__name__}")
        for name, loss in losses.items():
            if not isinstance(loss, Tensor) or loss.numel() != 1 or not loss.is_floating_point():
                raise ModelError(f"{self._no_losses()}; its {name!r} is no scalar loss")
        return {name: loss.reshape(()) for name, loss in losses.items()}

    def _asked(self, image: Tensor) -> Boxes:
        answer: Any = self.network([image])
        if not isinstance(answer, list | tuple) or len(answer) != 1 or not isinstance(answer[0], Mapping):
            raise ModelError(f"{self._name} must answer with {_STYLE}; it answered with {_described(answer)}")
        return answer[0]

    def _boxes(self, answer: Boxes) -> Boxes:
        wanted = ("boxes", "labels", "scores")
        if any(not isinstance(answer.get(key), Tensor) for key in wanted):
            raise ModelError(
                f"{self._name} must answer with {_STYLE}; its dictionary has {', '.join(answer) or 'none'}"
            )
        shapes = {key: tuple(answer[key].shape) for key in (*wanted, *(["masks"] if "masks" in answer else []))}
        count = len(answer["scores"]) if answer["scores"].ndim == 1 else -1
        rest = {shape[0] if shape else -1 for shape in shapes.values()}
        if rest != {count} or shapes["boxes"] != (count, 4) or len(shapes["labels"]) != 1:
            raise ModelError(f"{self._name} must answer with {_STYLE}; its shapes are {shapes}")
        # Stable, so that equal scores keep the detector's own order.
        order = torch.sort(answer["scores"], descending=True, stable=True).indices
        return {key: answer[key][order] for key in shapes}

    def _dense(self, image: Tensor) -> Dense:
        if self._features is not None:
            with self._features.caught() as caught, modes(all_but_noise(self.network), training=False):
                self.network([image])
            tensors, what = caught, f"the layers {', '.join(caught)}"
        else:
            if not callable(getattr(self.network, "dense", None)):
                raise ModelError(
                    f"{self._name} has no method dense, so its answers on two versions of a picture cannot be compared "
                    "before boxes are chosen. Add dense(pictures), which takes the same list as a call and answers "
                    "with a mapping of tensors (pictures, places, ...) such as class logits and box offsets; or name "
                    "layers whose outputs to compare: features: [LAYER, ...]"
                )
            answer: Any = self.network.dense([image])  # pyright: ignore[reportCallIssue]
            tensors, what = dict(named_tensors(answer)), "what dense answers"
        pictures = about_the_picture(tensors)
        if not pictures:
            shapes = ", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in tensors.items()) or "no tensor"
            raise ModelError(
                f"{self._name}: nothing in {what} can be compared: floating tensors are needed whose leading dimension "
                f"is the number of pictures, here 1; there is {shapes}"
            )
        if not carries_gradient(image, self.network, pictures):
            raise ModelError(
                f"{self._name}: {what} carries no gradient, so nothing can be trained through it; look for no_grad, "
                "detach or numpy on the way, or name layers before it: features: [LAYER, ...]"
            )
        return Dense(*_with_belief(pictures))

    @property
    def _name(self) -> str:
        return f"the detector {type(self.network).__name__}"

    def _no_losses(self) -> str:
        return (
            f"supervised fine-tuning needs losses, and {self._name} does not give them: in training mode "
            "network(pictures, targets) must answer with a dictionary of scalar losses, as torchvision's detectors do. "
            "self_distilled and task_targeted need no losses"
        )


def _with_belief(tensors: Mapping[str, Tensor]) -> tuple[Mapping[str, Tensor], None, Mapping[str, Tensor]]:
    compared, belief = believed(tensors)
    return compared, None, belief


def _described(answer: Any) -> str:
    if isinstance(answer, list | tuple):
        kinds = {type(item).__name__ for item in answer}
        return f"a {type(answer).__name__} of {len(answer)} ({', '.join(sorted(kinds)) or 'empty'})"
    return f"a {type(answer).__name__}"
