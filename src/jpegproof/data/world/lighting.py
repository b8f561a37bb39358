"""Light and camera: from painted surfaces to the bytes of a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jpegproof.data.world.draws import Draws, Floats

# Red against blue, and green against purple; both leave the luma of ITU-R BT.601 (that of JPEG) as it is.
_WARM = (1.0, -0.296, -1.1)
_GREEN = (-0.6, 0.422, -0.6)


def to_rgb(colour: Floats) -> Floats:
    """(3, H, W) luma and two chroma axes -> (3, H, W) red, green, blue; grey levels, not clipped."""
    rgb = np.empty_like(colour)
    for channel in range(3):
        np.multiply(colour[1], np.float32(_WARM[channel]), out=rgb[channel])
        rgb[channel] += colour[2] * np.float32(_GREEN[channel])
        rgb[channel] += colour[0]
    return rgb


@dataclass(frozen=True, slots=True)
class Light:
    """The light of one scene.

    Attributes:
        direction: where the light comes from, radians in the picture plane.
        slope: change of brightness across the picture along that direction, as a share.
        shade: darkness of a soft shadow's core, 0..1.
        shadow_at: centre of that shadow and its reach, pixels: x, y, reach.
    """

    direction: float
    slope: float
    shade: float
    shadow_at: tuple[float, float, float]


def draw_light(draws: Draws, height: int, width: int) -> Light:
    """Light for a scene of (height, width) pixels; three scenes in five have a shadow cast by something outside."""
    return Light(
        direction=draws.uniform(0.0, 2 * np.pi),
        slope=draws.uniform(0.0, 0.45),
        shade=draws.uniform(0.15, 0.5) if draws.chance(0.6) else 0.0,
        shadow_at=(
            draws.uniform(0.0, width),
            draws.uniform(0.0, height),
            draws.uniform(0.25, 0.6) * max(height, width),
        ),
    )


def brightness(light: Light, height: int, width: int) -> Floats:
    """(H, W) float32, about 0.4..1.3: what the light multiplies every surface by."""
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    centre_x, centre_y, reach = light.shadow_at
    along_x = np.float32(np.cos(light.direction) * light.slope / width) * (x - width / 2)
    along_y = np.float32(np.sin(light.direction) * light.slope / height) * (y - height / 2)
    gain = 1.0 + along_x + along_y
    if light.shade > 0:
        apart = ((x - centre_x) ** 2 + (y - centre_y) ** 2) / np.float32(reach * reach)
        gain = gain * (1.0 - np.float32(light.shade) / (1.0 + apart * apart))
    return gain


def _blur_axis(rgb: Floats, share: float, axis: int) -> Floats:
    ahead = [slice(None)] * 3
    behind = [slice(None)] * 3
    ahead[axis] = slice(1, None)
    behind[axis] = slice(None, -1)
    step = (rgb[tuple(ahead)] - rgb[tuple(behind)]) * np.float32(share)
    blurred = rgb.copy()
    blurred[tuple(behind)] += step
    blurred[tuple(ahead)] -= step
    return blurred


def blur(rgb: Floats, share: float) -> Floats:
    """A lens's blur: every pixel of (3, H, W) gives a share (0..0.25) of itself to each neighbour, along both axes."""
    return _blur_axis(_blur_axis(rgb, share, 1), share, 2)


def photograph(draws: Draws, rgb: Floats) -> NDArray[np.uint8]:
    """A camera's view: lens blur, exposure, a tint of the white balance, sensor noise, 8 bits.

    Args:
        draws: where the randomness comes from.
        rgb: (3, H, W) float32, grey levels.

    Returns:
        (H, W, 3) uint8.
    """
    picture = blur(rgb, draws.uniform(0.05, 0.16))
    exposure = draws.uniform(0.85, 1.12)
    tint = draws.uniforms(0.95, 1.05, 3) * np.float32(exposure)
    picture *= tint[:, None, None]
    sigma = draws.uniform(0.7, 3.0)
    picture += draws.bells(*picture.shape) * np.float32(sigma)
    np.clip(picture, 0.0, 255.0, out=picture)
    picture += np.float32(0.5)
    return np.ascontiguousarray(picture.astype(np.uint8).transpose(1, 2, 0))
