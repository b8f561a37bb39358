"""The corrector around the published networks: decoded JPEGs of any size and sampling in, restored pictures out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from jpegproof.correctors.protocol import Precision
from jpegproof.correctors.qgac.classic import QgacClassic
from jpegproof.correctors.qgac.crab import QgacCrab
from jpegproof.correctors.qgac.full_precision import full_precision
from jpegproof.correctors.qgac.normalisation import normalise
from jpegproof.correctors.qgac.planes import Source, picture_of, planes_of
from jpegproof.exceptions import WeightsError
from jpegproof.jpeg.codec import DecodedJpeg
from jpegproof.jpeg.coefficients import import_jpeglib
from jpegproof.jpeg.header import JpegHeader
from jpegproof.jpeg.tables import Table
from jpegproof.weights import check_before_building, file_digest, load_into, read_weights

#: The network of the study, and the one of the first paper.
Variant = Literal["qgac_crab", "qgac"]

# A key that the one network has and the other has not, of a tensor with as many entries as the network is wide.
_TELLTALES: dict[Variant, str] = {
    "qgac_crab": "block_y.bias_transfrom.bias",
    "qgac": "blocks_encode.block.bias_transfrom.bias",
}

# Channels of published networks, and the most that a file may ask for.
_WIDTH, _WIDEST = 256, 4096


def load_qgac(
    path: Path,
    device: torch.device | str = "cpu",
    precision: Precision = "float32",
    variant: Variant | None = None,
    repaired: bool = False,
    coefficients: Source = "file",
) -> Qgac:
    """The corrector of a checkpoint, such as PyTorch Lightning writes; nothing that the file holds is run.

    Args:
        path: its file; what it holds besides tensors is passed over.
        device: where it runs.
        precision: of the convolutions.
        variant: which network it is of; None recognises it by its keys.
        repaired: whether its weights have been trained with chroma doubled in pixels; published ones have not.
        coefficients: as `Qgac`'s.

    Raises:
        WeightsError: the file cannot be read or is of another network, or an option is not known.
        MissingExtraError: coefficients come from the file, and jpeglib is not installed.
    """
    for name, value, known in (
        ("variant", variant, (None, *get_args(Variant))),
        ("precision", precision, get_args(Precision)),
        ("coefficients", coefficients, get_args(Source)),
    ):
        if value not in known:
            raise WeightsError(f"{path}: {name} {value!r} is not known; use {' or '.join(filter(None, known))}")
    weights = read_weights(path, foreign="ignore")
    chosen = variant or _recognised(weights, path)
    width = _width(chosen, weights, path)
    # Takes no memory until the file is known to fit, and is never filled with random numbers.
    with torch.device("meta"):
        network = _network(chosen, width, weights, repaired)
    check_before_building(network, weights, path)
    network.to_empty(device="cpu")
    load_into(network, weights, path)
    identity = {"weights": file_digest(path), "variant": chosen, "repaired": repaired}
    return Qgac(network.float().to(device), identity, coefficients, precision)


class Qgac:
    """Quantisation guided artifact correction, as published or repaired.

    Args:
        network: `QgacCrab` or `QgacClassic`, taken as it is, on its device.
        identity: plain data that names its weights.
        coefficients: ``file`` reads them from the file's bytes where the picture comes with them, which is exact;
            ``pixels`` always recovers them from pixels and tables (see `recover_coefficients` for how exactly).
        precision: of the convolutions where it is called; coefficients and pictures stay float32.

    Attributes:
        network: for training.

    Raises:
        MissingExtraError: coefficients come from the file, and jpeglib is not installed.
    """

    scale = 1

    def __init__(
        self,
        network: QgacCrab | QgacClassic,
        identity: Mapping[str, Any],
        coefficients: Source = "file",
        precision: Precision = "float32",
    ) -> None:
        if coefficients == "file":
            import_jpeglib()
        self.network = network.eval()
        self.coefficients: Source = coefficients
        self.precision: Precision = precision
        self._identity = dict(identity)

    def __call__(self, images: Sequence[DecodedJpeg]) -> list[Tensor]:
        """See `Corrector`; one picture at a time, since each has its own size, tables and filters."""
        half = self.precision == "bfloat16"
        with torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16, enabled=half):
            answers = [self._restored(image) for image in images]
        # Clamped outside, which makes ordinary tensors of them that training can use.
        return [answer.clamp(0, 1) for answer in answers]

    def restore(self, images: Sequence[DecodedJpeg]) -> list[Tensor]:
        """As a call, with gradients and without clamping, in the caller's precision: for training the network."""
        return [self._restored(image) for image in images]

    def describe(self) -> Mapping[str, Any]:
        """See `Corrector`."""
        return {
            "kind": "qgac",
            **self._identity,
            "coefficients": self.coefficients,
            "precision": self.precision,
        }

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device

    def _restored(self, image: DecodedJpeg) -> Tensor:
        device = self._device
        luma, chroma = planes_of(image, self.coefficients)
        luma_table, chroma_table = (table.to(device) for table in tables_of(image.header))
        restored = self.network(
            luma_table,
            normalise(luma[None].to(device), ("y",)),
            chroma_table,
            None if chroma is None else normalise(chroma[None].to(device), ("cb", "cr")),
        )
        with full_precision(device):
            return picture_of(restored.float(), *image.pixels.shape[:2])


def tables_of(header: JpegHeader) -> tuple[Tensor, Tensor]:
    """What the networks are told of luma's and chroma's quantisation: (1, 1, 8, 8) steps / 255 each."""
    return _as_input(header.luma), _as_input(header.luma if header.chroma is None else header.chroma)


def _as_input(table: Table) -> Tensor:
    return torch.from_numpy(table.astype("float32"))[None, None] / 255


def _recognised(weights: Mapping[str, Tensor], path: Path) -> Variant:
    for variant, key in _TELLTALES.items():
        if key in weights:
            return variant
    raise WeightsError(
        f"{path}: these weights are of neither QGAC network that is known here ({', '.join(_TELLTALES)}); checkpoints "
        "of QGAC's first release have other names and cannot be read"
    )


def _width(variant: Variant, weights: Mapping[str, Tensor], path: Path) -> int:
    """How many channels the luma part of a file's network has; the published number where the file does not say."""
    key = _TELLTALES[variant]
    if key not in weights:
        return _WIDTH
    width = weights[key].numel()
    if not 1 <= width <= _WIDEST:
        raise WeightsError(
            f"{path}: {key} has {width:,} entries, one for each channel of the network; from 1 to {_WIDEST:,} are read"
        )
    return width


def _network(variant: Variant, width: int, weights: Mapping[str, Tensor], repaired: bool) -> QgacCrab | QgacClassic:
    if variant == "qgac_crab":
        return QgacCrab(repaired, width)
    return QgacClassic(any(key.startswith("color_net.") for key in weights), repaired, width)
