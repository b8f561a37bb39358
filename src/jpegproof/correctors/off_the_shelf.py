"""Any restoration network that spandrel recognises in a local file, used as it was published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import torch

from jpegproof.correctors.protocol import Precision
from jpegproof.exceptions import WeightsError, missing_extra
from jpegproof.jpeg.codec import DecodedJpeg
from jpegproof.jpeg.ycbcr import LUMA
from jpegproof.weights import file_digest, read_weights

Channels = Literal["rgb", "luma", "each"]


class OffTheShelf:
    """A published restorer from a local file.

    Args:
        path: ``.safetensors`` or a PyTorch checkpoint; read without running code from it.
        channels: what the network is run on: ``rgb``; ``luma`` corrects the luma plane of a one-channel network and
            leaves chroma as decoded; ``each`` runs a one-channel network on red, green and blue in turn. None takes
            ``rgb`` for networks of three channels and ``luma`` for those of one.
        precision: ``bfloat16`` is faster on processors that know it; the answer then differs in the third digit.
        device: where it runs.

    Raises:
        WeightsError: the file cannot be read, is of no architecture that spandrel knows, or does not fit `channels`.
        MissingExtraError: spandrel is not installed.
    """

    def __init__(
        self,
        path: Path,
        channels: Channels | None = None,
        precision: Precision = "float32",
        device: torch.device | str = "cpu",
    ) -> None:
        described = _recognise(path)
        inputs = described.input_channels
        if inputs not in (1, 3) or described.output_channels != inputs:
            raise WeightsError(
                f"{path}: is a network from {inputs} to {described.output_channels} channels; "
                "a corrector takes and gives one (grey) or three (RGB)"
            )
        chosen = channels or ("rgb" if inputs == 3 else "luma")
        if chosen not in get_args(Channels) or (chosen == "rgb") != (inputs == 3):
            fit = "rgb" if inputs == 3 else "luma or each"
            raise WeightsError(f"{path}: is a network of {inputs} channels, so channels must be {fit}, not {chosen!r}")
        if described.scale != 1:
            raise WeightsError(f"{path}: enlarges {described.scale} times; a corrector here keeps the size")
        if precision not in get_args(Precision):
            raise WeightsError(f"{path}: precision {precision!r} is not known; use {' or '.join(get_args(Precision))}")
        self.scale = 1
        self.channels: Channels = chosen
        self.device = torch.device(device)
        self._identity = {"weights": file_digest(path), "channels": chosen, "precision": precision}
        self._half = precision == "bfloat16"
        # Convolutions on the CPU run about 1.5 times as fast in this order of the elements.
        self._layout = torch.channels_last if self.device.type == "cpu" else torch.contiguous_format
        described.model.eval().to(self.device, memory_format=self._layout)
        self._network = described

    def __call__(self, images: Sequence[DecodedJpeg]) -> list[torch.Tensor]:
        """See `Corrector`; one picture at a time, since at full size a single one fills the processor."""
        with torch.inference_mode():
            answers = [self._correct(image.tensor().to(self.device)) for image in images]
        # Clamped outside, which makes ordinary tensors of them that training can use.
        return [answer.clamp(0, 1) for answer in answers]

    def describe(self) -> Mapping[str, Any]:
        """See `Corrector`."""
        return {"kind": "off_the_shelf", **self._identity}

    def _correct(self, picture: torch.Tensor) -> torch.Tensor:
        if self.channels == "rgb":
            return self._run(picture[None])[0]
        if self.channels == "each":
            return torch.cat([self._run(plane[None, None])[0] for plane in picture])
        # Adding a change of luma to all three channels leaves both chroma planes exactly as they were.
        weights = picture.new_tensor(LUMA)
        luma = torch.einsum("c,chw->hw", weights, picture)
        return picture + (self._run(luma[None, None])[0] - luma)

    def _run(self, planes: torch.Tensor) -> torch.Tensor:
        """The network on (1, channels, H, W); spandrel's descriptor pads as the architecture demands, and clamps."""
        # Autocast rather than a network in half precision: the picture itself, to which a residual network adds,
        # stays exact to its last bit.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._half):
            return self._network(planes.contiguous(memory_format=self._layout)).float()


def _recognise(path: Path) -> Any:
    try:
        import spandrel
    except ImportError as error:
        raise missing_extra("spandrel", "spandrel", "an off-the-shelf corrector from a file") from error
    weights = read_weights(path)
    try:
        described = spandrel.ModelLoader(device="cpu").load_from_state_dict(weights)
    # A file of a known architecture with odd sizes fails in whatever way the architecture's own code does.
    except Exception as error:
        reason = f" ({str(error).splitlines()[0]})" if str(error) else ""
        raise WeightsError(f"{path}: is of no restoration architecture that spandrel knows{reason}") from error
    if not isinstance(described, spandrel.ImageModelDescriptor):
        raise WeightsError(f"{path}: is a network that needs a mask, not a restorer of whole pictures")
    return described
