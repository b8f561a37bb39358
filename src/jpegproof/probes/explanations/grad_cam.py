"""The gradient of a score at the model's input, and its Grad-CAM (by captum)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from jpegproof.exceptions import ModelError, missing_extra
from jpegproof.probes.explanations.layer import layer_of_name
from jpegproof.probes.explanations.layout import layout_of
from jpegproof.tasks.batch import Batch

if TYPE_CHECKING:
    from captum.attr import LayerGradCam

#: From the network and one picture to the number that is explained: (), differentiable.
Score = Callable[[nn.Module, Batch], Tensor]

#: Maps are looked at and compared enlarged to the input's size, but not above so many pixels a side: bilinear
#: interpolation adds nothing beyond.
LONGEST_SIDE = 224


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What a score rests on in one picture.

    Attributes:
        score: the number that is explained.
        gradient: (3, H, W) float32: how the score changes with each value of the model's input.
        cam: (h, w) float32, at least 0: Grad-CAM, enlarged bilinearly to the input's size (224 pixels on the longer
            side at most); all 0 where nothing speaks for the score.
    """

    score: float
    gradient: NDArray[np.float32]
    cam: NDArray[np.float32]


def explain_score(network: nn.Module, batch: Batch, score: Score, layer: str) -> Explanation:
    """Explains one score of a network about one picture.

    Grad-CAM is the sum of a layer's channels, each weighted by the mean over the picture of the score's gradient in it,
    and of that what is above 0.

    Args:
        network: in evaluation; its parameters need no gradients.
        batch: one picture.
        score: what is explained.
        layer: the name of the layer whose map is looked at.

    Raises:
        MissingExtraError: captum is not installed.
        UnknownNameError: there is no such layer.
        ModelError: the score carries no gradient to the input, or the layer does not answer, or not once, with a map.

    Source: R. Selvaraju et al., Grad-CAM: visual explanations from deep networks via gradient-based localization,
    ICCV 2017, equations 1 and 2.
    """
    grad_cam = _captum()
    (image,) = batch.inputs
    module = layer_of_name(network, layer)
    size = (image.shape[-2], image.shape[-1])

    def scored(pictures: Tensor) -> Tensor:
        found = score(network, replace(batch, inputs=(pictures[0],)))
        if not found.requires_grad:
            raise ModelError(
                f"the answer of {type(network).__name__} carries no gradient to its input, so it cannot be explained; "
                "look for no_grad, detach or numpy on the way"
            )
        return found.reshape(1)

    pictures = image.detach().clone()[None].requires_grad_()
    with torch.enable_grad(), _tapped(module, layer, size) as tap:
        found = scored(pictures)
        if tap.calls != 1:
            used = "is not used" if tap.calls == 0 else f"is called {tap.calls} times"
            raise ModelError(
                f"layer {layer!r} {used} when the model is asked about a picture; name another one with --layer"
            )
        (gradient,) = torch.autograd.grad(found, pictures)
        cam = grad_cam(scored, tap).attribute(
            pictures,
            relu_attributions=True,
            # A box may lie on a level of the pyramid that this layer does not feed: the map is then empty.
            grad_kwargs={"allow_unused": True, "materialize_grads": True},
        )
    assert isinstance(cam, Tensor)
    share = min(1.0, LONGEST_SIDE / max(size))
    shown = (max(round(size[0] * share), 1), max(round(size[1] * share), 1))
    enlarged = F.interpolate(cam.detach().float(), shown, mode="bilinear", align_corners=False)[0, 0]
    return Explanation(float(found.detach()), gradient[0].float().cpu().numpy(), enlarged.cpu().numpy())


class _Tap(nn.Identity):
    """Where captum looks; counts how often it is passed."""

    calls = 0

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (the name that torch gives it)
        self.calls += 1
        return super().forward(input)


@contextmanager
def _tapped(layer: nn.Module, name: str, picture: tuple[int, int]) -> Iterator[_Tap]:
    """Lets a layer's answer pass as (1, C, h, w) through a tap, since captum takes maps in this form alone.

    Raises:
        ModelError: the layer answers with no map.
    """
    tap = _Tap()

    def through(module: nn.Module, inputs: Any, answer: Any) -> Tensor:
        del module, inputs
        shape = tuple(answer.shape) if isinstance(answer, Tensor) else None
        layout = layout_of(shape, picture) if shape is not None else None
        if layout is None:
            raise ModelError(
                f"layer {name!r} answers with {shape or type(answer).__name__}, which is no map of a picture of "
                f"{picture[1]} x {picture[0]}; name another layer with --layer, or none to have one found"
            )
        return layout.from_map(tap(layout.to_map(answer)), answer)

    hook = layer.register_forward_hook(through)
    try:
        yield tap
    finally:
        hook.remove()


def _captum() -> type[LayerGradCam]:
    try:
        from captum.attr import LayerGradCam
    except ImportError as error:
        raise missing_extra("captum", "explain", "Grad-CAM") from error
    return LayerGradCam
