"""Whether a model does its task, found out on a picture of noise before anything long begins."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from jpegproof.exceptions import JpegproofError, ModelError
from jpegproof.models.preparation import Preparation
from jpegproof.tasks.batch import Batch
from jpegproof.tasks.protocol import Task

#: (H, W) of the picture.
SIZE = (240, 320)


def try_out(network: torch.nn.Module, task: Task[Any, Any], preparation: Preparation, device: torch.device) -> None:
    """Asks a network about one picture.

    Args:
        network: in evaluation.
        task: what it is asked.
        preparation: how the picture becomes its input.
        device: where it is.

    Raises:
        ModelError: the network fails, or answers in another form than its task asks for.
        JpegproofError: whatever else the task finds at fault.
    """
    height, width = SIZE
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    framed, geometry = preparation.frame(picture)
    batch = Batch((preparation.normalise(np.ascontiguousarray(framed)),), (geometry,), (None,)).to(device)
    note = (
        f"(found by wrap on a trial picture of {width} x {height} pixels, prepared to {tuple(batch.inputs[0].shape)})"
    )
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            task.answer(network, batch)
    except JpegproofError as error:
        error.add_note(note)
        raise
    # The user's own code may raise anything.
    except Exception as error:
        own = getattr(network, "network", network)
        raise ModelError(
            f"{type(own).__name__} fails: {type(error).__name__}: {(str(error).splitlines() or [''])[0]} "
            f"{note}. prepare=jpegproof.ResizeCrop(...) says what it is shown, task=... what it does"
        ) from error
