"""Skins: the fine detail that tells apart objects of one silhouette.

A skin is a function of object coordinates in pixels ``(u, v)`` and returns a pattern in [-1, 1], which is painted in
luma and, more faintly, in chroma. Periods are a few pixels: the detail that JPEG compression thins out first.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from jpegproof.data.world.draws import Draws, Floats

Skin = Callable[[Floats, Floats], Floats]

_TURN = np.float32(2 * np.pi)


def _crisp(wave: Floats, gain: float) -> Floats:
    """A wave in [-1, 1] with flattened tops: softer than a step, harder than a sine."""
    return np.clip(wave * np.float32(gain), -1.0, 1.0)


def chevron_skin(draws: Draws, period: float, slant: float) -> Skin:
    """Veins or barbs that leave a midrib on both sides at a slant.

    Args:
        draws: where the randomness comes from.
        period: pixels between veins, typical.
        slant: pixels that a vein moves along the midrib for each pixel away from it.
    """
    period = period * draws.uniform(0.8, 1.3)
    slant = slant * draws.uniform(0.8, 1.2)
    phase = draws.uniform(0.0, 1.0)

    def pattern(u: Floats, v: Floats) -> Floats:
        side = np.abs(v)
        veins = _crisp(np.cos(_TURN * ((u - slant * side) / period + phase)), 1.3)
        rib = np.clip(1.8 - side, 0.0, 1.0)
        return veins * (1.0 - rib) - rib

    return pattern


def ray_skin(draws: Draws, rays: int, hinge: float, centre: float) -> Skin:
    """Rays that spread from a point: petals' streaks, a scallop's ribs.

    Args:
        draws: where the randomness comes from.
        rays: in a whole turn.
        hinge: u of the point they spread from, pixels.
        centre: radius of a dark disc around that point, pixels.
    """
    phase = draws.uniform(0.0, 2 * np.pi)

    def pattern(u: Floats, v: Floats) -> Floats:
        along = u - np.float32(hinge)
        radius = np.sqrt(along * along + v * v)
        streaks = np.cos(rays * np.arctan2(v, along) + phase)
        # Nearer to the point than this the rays would be finer than two pixels.
        streaks = streaks * np.clip(radius * np.float32(_TURN / rays) - 2.0, 0.0, 1.0)
        disc = np.clip(centre + 0.5 - radius, 0.0, 1.0)
        return _crisp(streaks, 1.3) * (1.0 - disc) - disc

    return pattern


def grain_skin(draws: Draws, period: float) -> Skin:
    """Rows of small bumps, as on a starfish."""
    period = period * draws.uniform(0.8, 1.3)
    turn = draws.uniform(0.0, np.pi)
    cosine, sine = np.float32(np.cos(turn) / period), np.float32(np.sin(turn) / period)
    drift = draws.uniform(0.5, 1.5)

    def pattern(u: Floats, v: Floats) -> Floats:
        first = np.cos(_TURN * (u * cosine + v * sine) + drift * np.sin(0.2 * v))
        second = np.cos(_TURN * (v * cosine - u * sine) + drift * np.sin(0.2 * u))
        return _crisp(first * second, 1.7)

    return pattern


def scale_skin(draws: Draws, period: float) -> Skin:
    """Overlapping scales: rows of arcs, every second row shifted by half a scale."""
    period = period * draws.uniform(0.8, 1.3)
    phase = draws.uniform(0.0, 1.0)

    def pattern(u: Floats, v: Floats) -> Floats:
        along = u / period + phase
        across = v / period
        diagonal = np.cos(np.pi * (along + across)) * np.cos(np.pi * (along - across))
        return _crisp(1.0 - 2.0 * np.sqrt(np.abs(diagonal)), 1.4)

    return pattern


def band_skin(draws: Draws, period: float, wobble: float) -> Skin:
    """Stripes across the body, wavy, as on a mackerel."""
    period = period * draws.uniform(0.8, 1.3)
    phase = draws.uniform(0.0, 1.0)
    wave = draws.uniform(0.25, 0.5)

    def pattern(u: Floats, v: Floats) -> Floats:
        return _crisp(np.cos(_TURN * ((u + wobble * np.sin(wave * v)) / period + phase)), 1.4)

    return pattern


def stripe_skin(draws: Draws, period: float) -> Skin:
    """Stripes along the body on both sides of a middle line, as on a potato beetle."""
    period = period * draws.uniform(0.8, 1.3)

    def pattern(u: Floats, v: Floats) -> Floats:
        return -_crisp(np.cos(_TURN * np.abs(v) / period * (1.0 + 0.004 * u)), 1.4)

    return pattern


def dot_skin(draws: Draws, period: float) -> Skin:
    """Round dots on a plain ground with a middle line, as on a ladybird."""
    period = period * draws.uniform(0.8, 1.3)
    phase = draws.uniform(0.0, 1.0)

    def pattern(u: Floats, v: Floats) -> Floats:
        side = np.abs(v)
        dots = np.cos(_TURN * (u / period + phase)) * np.cos(_TURN * (side / period - 0.5))
        line = np.clip(1.4 - side, 0.0, 1.0)
        return np.maximum(-1.0, _crisp(0.9 - 2.2 * np.maximum(dots, 0.0), 1.0) - 2.0 * line)

    return pattern


def coil_skin(draws: Draws, period: float, hinge: float) -> Skin:
    """A spiral, as on a snail's shell.

    Args:
        draws: where the randomness comes from.
        period: pixels between two windings, typical.
        hinge: u of the spiral's centre, pixels.
    """
    period = period * draws.uniform(0.8, 1.3)
    hand = 1.0 if draws.chance(0.5) else -1.0
    phase = draws.uniform(0.0, 2 * np.pi)

    def pattern(u: Floats, v: Floats) -> Floats:
        along = u - np.float32(hinge)
        radius = np.sqrt(along * along + v * v)
        return _crisp(np.cos(_TURN * radius / period - hand * np.arctan2(v, along) + phase), 1.4)

    return pattern
