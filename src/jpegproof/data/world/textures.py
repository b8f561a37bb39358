"""A bank of seamless textures with the spectra of natural surfaces."""

from __future__ import annotations

from functools import cache

import numpy as np

from jpegproof.data.world.draws import Draws, Floats

TILE = 128
"""Side of a texture, pixels; a texture repeats seamlessly."""

_BANK_KEY = (1, 7001)
_ISOTROPIC_SLOPES = (0.8, 1.0, 1.2, 1.4, 1.7, 2.0)
_GRAINS = ((1.1, 0.18), (1.3, 0.3), (1.0, 0.45), (1.5, 0.25), (0.9, 0.2), (1.2, 0.35))
_PEBBLES = (5.0, 7.0, 10.0, 14.0)


def _spectrum() -> tuple[Floats, Floats]:
    vertical = np.fft.fftfreq(TILE)[:, None]
    horizontal = np.fft.rfftfreq(TILE)[None, :]
    return vertical, horizontal


def _shaped(noise: Floats, amplitude: Floats) -> Floats:
    amplitude = amplitude.copy()
    amplitude[0, 0] = 0.0
    return np.fft.irfft2(np.fft.rfft2(noise.astype(np.float64)) * amplitude, s=(TILE, TILE))


def _clouds(noise: Floats, slope: float) -> Floats:
    vertical, horizontal = _spectrum()
    frequency = np.sqrt(vertical**2 + horizontal**2)
    frequency[0, 0] = 1.0
    return _shaped(noise, frequency**-slope)


def _grain(noise: Floats, slope: float, stretch: float, turn: float) -> Floats:
    vertical, horizontal = _spectrum()
    along = np.cos(turn) * horizontal + np.sin(turn) * vertical
    across = np.cos(turn) * vertical - np.sin(turn) * horizontal
    frequency = np.sqrt((along / stretch) ** 2 + across**2)
    frequency[0, 0] = 1.0
    return _shaped(noise, frequency**-slope)


def _pebbles(noise: Floats, period: float) -> Floats:
    vertical, horizontal = _spectrum()
    frequency = np.sqrt(vertical**2 + horizontal**2)
    band = np.exp(-0.5 * ((frequency * period - 1.0) / 0.25) ** 2)
    surface = _shaped(noise, band)
    return np.tanh(1.5 * surface / surface.std())


@cache
def texture_bank() -> Floats:
    """All textures: isotropic 1/f noise, stretched grain (wood, grass, hair) and pebbles.

    Natural pictures have amplitude spectra that fall as 1 / frequency with an exponent near 1; single surfaces
    scatter around that, and so do these (0.8 to 2).

    Returns:
        (16, 128, 128) float32, each with mean 0 and standard deviation 1, seamless on all sides. Shared: do not write.

    Source: D. J. Field, Relations between the statistics of natural images and the response properties of cortical
    cells, 1987.
    """
    draws = Draws(*_BANK_KEY)
    surfaces = [_clouds(draws.bells(TILE, TILE), slope) for slope in _ISOTROPIC_SLOPES]
    surfaces += [
        _grain(draws.bells(TILE, TILE), slope, stretch, turn=index * np.pi / len(_GRAINS))
        for index, (slope, stretch) in enumerate(_GRAINS)
    ]
    surfaces += [_pebbles(draws.bells(TILE, TILE), period) for period in _PEBBLES]
    bank = np.stack([(surface - surface.mean()) / surface.std() for surface in surfaces]).astype(np.float32)
    bank.flags.writeable = False
    return bank


def texture_patch(index: int, top: int, left: int, height: int, width: int) -> Floats:
    """A window on one texture.

    Args:
        index: 0..len(texture_bank()) - 1.
        top, left: corner, any whole number (the texture repeats).
        height, width: pixels.

    Returns:
        (height, width) float32, about standard normal.
    """
    rows = (top + np.arange(height)) % TILE
    columns = (left + np.arange(width)) % TILE
    return texture_bank()[index][rows[:, None], columns[None, :]]
