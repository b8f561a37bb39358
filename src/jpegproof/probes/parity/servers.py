"""Which servers are compared with what a model was trained with: a decoder and a resizer each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from jpegproof.exceptions import JpegproofError, UnknownNameError, nearest
from jpegproof.probes.parity.decoders import DECODERS, find_decoder
from jpegproof.probes.parity.libraries import EXTRA, PACKAGES, is_installed
from jpegproof.probes.parity.resizers import RESIZERS, find_resizer

#: What of a server differs from the reference.
Step = Literal["", "decoder", "resizer", "both"]


@dataclass(frozen=True, slots=True)
class Server:
    """How a server makes a model's input of a file.

    Attributes:
        decoder: one of `DECODERS`.
        resizer: one of `RESIZERS`; empty where the model's pictures are not resized.
    """

    decoder: str
    resizer: str

    @property
    def name(self) -> str:
        """As a user types it: ``opencv+opencv-linear``."""
        return f"{self.decoder}+{self.resizer}" if self.resizer else self.decoder

    def step_from(self, reference: Server) -> Step:
        """Which of its steps are not the reference's."""
        other = (self.decoder != reference.decoder, self.resizer != reference.resizer)
        return "both" if all(other) else "decoder" if other[0] else "resizer" if other[1] else ""


@dataclass(frozen=True, slots=True)
class Absent:
    """A decoder or resizer that is left out, since its library is not installed.

    Attributes:
        name: of the decoder or resizer.
        package: what is not installed.
        extra: the extra that brings it.
    """

    name: str
    package: str
    extra: str


def parse_server(text: str, reference: Server) -> Server:
    """A server from what a user typed: ``DECODER+RESIZER``, or one of the two, the other being the reference's.

    Raises:
        UnknownNameError: there is no such decoder or resizer.
        MissingExtraError: a library is not installed.
        JpegproofError: two of a kind; a resizer, or a decoder that shrinks, for a model whose pictures are not resized.
    """
    decoder, resizer = "", ""
    for part in (piece.strip() for piece in text.split("+")):
        if (part in DECODERS and decoder) or (part in RESIZERS and resizer):
            raise JpegproofError(f"server {text!r}: names two {'decoders' if part in DECODERS else 'resizers'}")
        if part in DECODERS:
            decoder = find_decoder(part).name
        elif part in RESIZERS:
            resizer = find_resizer(part).name
        else:
            known = [*DECODERS, *RESIZERS]
            raise UnknownNameError(
                f"server {text!r}: {part!r} is neither a decoder nor a resizer.{nearest(part, known)} "
                f"Decoders: {', '.join(DECODERS)}. Resizers: {', '.join(RESIZERS)}."
            )
    if not reference.resizer and (resizer or (decoder and DECODERS[decoder].shrinks)):
        raise JpegproofError(
            f"server {text!r}: this model's pictures are not resized; name a decoder of whole pictures"
        )
    return Server(decoder or reference.decoder, resizer or reference.resizer)


def usual_servers(reference: Server) -> tuple[list[Server], list[Absent]]:
    """What is compared unless the user says otherwise: one step changed at a time, then combinations common in use.

    Returns:
        The servers whose libraries are installed, and what is left out for want of one.
    """
    absent = [
        Absent(part.name, PACKAGES[part.library][0], EXTRA)
        for part in (*DECODERS.values(), *(RESIZERS.values() if reference.resizer else ()))
        if not is_installed(part.library)
    ]
    missing = {part.name for part in absent}
    repeated = "nearest-chroma" if "simplejpeg-fastupsample" in missing else "simplejpeg-fastupsample"
    left_out = {"simplejpeg-fastupsample", "nearest-chroma", "opencv-unturned"} - {repeated}
    decoders = [name for name, decoder in DECODERS.items() if reference.resizer or not decoder.shrinks]
    servers = [replace(reference, decoder=name) for name in decoders if name not in left_out]
    if reference.resizer:
        cubic = "bicubic" in reference.resizer or "lanczos" in reference.resizer
        smooth, linear = ("bicubic", "opencv-cubic") if cubic else ("bilinear", "opencv-linear")
        servers += [replace(reference, resizer=name) for name in RESIZERS if name != "pillow-lanczos"]
        servers += [
            Server("opencv", linear),
            Server("opencv", "opencv-area"),
            Server("torchvision", f"torch-{smooth}-antialias"),
            Server(repeated, f"torch-{smooth}"),
        ]
    wanted = [server for server in dict.fromkeys(servers) if server != reference]
    return [server for server in wanted if not {server.decoder, server.resizer} & missing], absent


def with_single_steps(servers: Sequence[Server], reference: Server) -> list[Server]:
    """The servers, and before each that changes both steps the two that change one of them, for the blame."""
    wanted: list[Server] = []
    for server in servers:
        if server.step_from(reference) == "both":
            wanted += [replace(reference, decoder=server.decoder), replace(reference, resizer=server.resizer)]
        wanted.append(server)
    return [server for server in dict.fromkeys(wanted) if server != reference]
