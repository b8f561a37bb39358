"""JPEG files that are refused by what their headers say, with the reason in words. Pillow would say "broken data"."""

from __future__ import annotations

from dataclasses import dataclass

from jpegproof.jpeg.segments import MAX_SEGMENTS, Frame, JpegStructure

# Twenty scans of the largest picture that is taken. An empty scan of refinements costs 1.4 ms per megapixel: 5 s.
MAX_SCAN_PIXELS = 20 * 178_956_970

# Every block takes a code of at least one bit, in the scan of its lowest frequency, and covers at most 8x8 pixels.
# Arithmetic coding has no such bound.
PIXELS_PER_BYTE = 8 * 64

# What libjpeg has decoders for, by the N of SOFN.
_CODINGS = frozenset([0, 1, 2, 3, 9, 10])
_MAX_FACTOR, _MAX_BLOCKS_IN_UNIT = 4, 10


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file is not decoded: the name of the hazard, and a reason for the skip record."""

    hazard: str
    reason: str


def refusal_of(structure: JpegStructure, size_in_bytes: int, max_pixels: int) -> Refusal | None:
    """The reason why a file cannot or must not be decoded, as far as its headers tell; None where they look fine.

    Apart from the bounds on pixels, scans and segments, only what libjpeg refuses itself is refused.

    Args:
        structure: of the file.
        size_in_bytes: of the file.
        max_pixels: the largest picture that is taken.
    """
    frame = structure.frame
    if structure.segments >= MAX_SEGMENTS:
        return Refusal("segment bomb", f"holds {MAX_SEGMENTS:,} marker segments or more")
    if frame is None or structure.scan_start is None:
        return None
    return (
        _refused_size(structure, frame, size_in_bytes, max_pixels)
        or _refused_coding(structure, frame)
        or _refused_sampling(structure, frame)
    )


def _refused_size(structure: JpegStructure, frame: Frame, size_in_bytes: int, max_pixels: int) -> Refusal | None:
    size, pixels = f"{frame.width}x{frame.height}", frame.width * frame.height
    if not frame.height and structure.late_height:
        return Refusal("late height", "says its height only after the first scan, which libjpeg does not read")
    if not pixels:
        return Refusal("damaged", f"has no pixels ({size})")
    if pixels > max_pixels:
        return Refusal("too large", f"claims {size} pixels, more than {max_pixels:,}")
    left = size_in_bytes - (structure.scan_start or 0)
    if not frame.arithmetic and pixels > PIXELS_PER_BYTE * left:
        if structure.end is None:
            return Refusal("cut off", f"the file is truncated: {left:,} bytes of data are left of {size} pixels")
        return Refusal("impossible size", f"claims {size} pixels, which {left:,} bytes of data cannot hold")
    if len(structure.scans) * pixels > MAX_SCAN_PIXELS:
        return Refusal("scan bomb", f"holds {len(structure.scans):,} scans of {size} pixels, which takes too long")
    return None


def _refused_coding(structure: JpegStructure, frame: Frame) -> Refusal | None:
    if frame.kind not in _CODINGS:
        return Refusal("unsupported coding", f"is coded in a way that libjpeg does not know (SOF{frame.kind})")
    if frame.precision != 8:
        return Refusal("deep", f"has {frame.precision} bits per sample; only 8 are read")
    if len(frame.components) not in (1, 3, 4):
        return Refusal("unusual components", f"has {len(frame.components)} components; only 1, 3 and 4 have colours")
    if structure.frames > 1:
        return Refusal("damaged", f"has {structure.frames} frame headers in place of one")
    scanned = {number for scan in structure.scans for number in scan.components}
    missing = sorted({layer.table for layer in frame.components if layer.number in scanned} - structure.tables)
    if missing and not frame.lossless:
        return Refusal("missing table", f"uses quantisation tables {missing} that it does not define")
    return None


def _refused_sampling(structure: JpegStructure, frame: Frame) -> Refusal | None:
    layers = frame.components
    factors = ", ".join(f"{layer.across}x{layer.down}" for layer in layers)
    if any(not 1 <= factor <= _MAX_FACTOR for layer in layers for factor in (layer.across, layer.down)):
        return Refusal("impossible sampling", f"has sampling factors {factors}; they go from 1 to {_MAX_FACTOR}")
    blocks = {layer.number: layer.across * layer.down for layer in layers}
    for scan in structure.scans:
        together = sum(blocks.get(number, 0) for number in scan.components)
        if len(scan.components) > 1 and together > _MAX_BLOCKS_IN_UNIT:
            return Refusal("impossible sampling", f"has {together} blocks in one coding unit; 10 are the most")
    across, down = max(layer.across for layer in layers), max(layer.down for layer in layers)
    if any(across % layer.across or down % layer.down for layer in layers):
        return Refusal(
            "fractional sampling", f"has sampling factors {factors}, of which one does not divide the largest"
        )
    return None
