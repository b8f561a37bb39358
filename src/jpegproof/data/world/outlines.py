"""Silhouettes: what each kind of object looks like when only its edge is seen.

An outline is a function of object coordinates ``(u, v)`` (arrays of one shape; the object's long axis is u, its
reach is 1) and returns a field: negative inside, positive outside, and near the edge about the distance to it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from jpegproof.data.world.draws import Draws, Floats

Outline = Callable[[Floats, Floats], Floats]


def _bow(value: Floats) -> Floats:
    """sqrt(1 - value**2) where that is real, else 0: half the height of a circle."""
    return np.sqrt(np.maximum(1.0 - value * value, 0.0))


def lens_outline(draws: Draws, slender: float) -> Outline:
    """A leaf or feather: pointed at both ends, a little bent, broader towards one end.

    Args:
        draws: where the randomness comes from.
        slender: typical half width over half length.
    """
    width = slender * draws.uniform(0.8, 1.25)
    skew = draws.uniform(0.0, 0.35)
    bend = draws.uniform(-0.22, 0.22)
    sharp = draws.uniform(0.7, 1.0)

    def field(u: Floats, v: Floats) -> Floats:
        inside = np.maximum(1.0 - u * u, 0.0)
        half = width * inside**sharp * (1.0 - skew * u)
        stem = np.where(np.abs(u - 0.95) < 0.15, np.float32(0.03), np.float32(-0.02))
        return np.abs(v - bend * (u * u - 0.4)) - np.maximum(half, stem)

    return field


def rosette_outline(draws: Draws, lobes: int, depth: float, point: float) -> Outline:
    """A flower or starfish: lobes around a centre.

    Args:
        draws: where the randomness comes from.
        lobes: petals or arms.
        depth: how deep the notches go, as a share of the reach.
        point: below 1 round lobes with sharp notches, above 1 pointed lobes with round notches.
    """
    depth = depth * draws.uniform(0.85, 1.15)
    squash = draws.uniform(0.8, 1.0)

    def field(u: Floats, v: Floats) -> Floats:
        across = v / squash
        radius = np.sqrt(u * u + across * across)
        lobe = np.abs(np.cos(0.5 * lobes * np.arctan2(across, u))) ** (2.0 * point)
        return (radius - (1.0 - depth * (1.0 - lobe))) * 0.8

    return field


def fish_outline(draws: Draws, slender: float) -> Outline:
    """A fish: a rounded body and a tail that widens to its end."""
    width = slender * draws.uniform(0.85, 1.2)
    bend = draws.uniform(-0.15, 0.15)
    flare = draws.uniform(0.55, 0.95)
    notch = draws.uniform(0.0, 0.25)

    def field(u: Floats, v: Floats) -> Floats:
        centred = np.abs(v - bend * (u * u - 0.4))
        body = width * _bow((u + 0.2) / 0.8) - 0.02
        end = 1.0 - notch * (1.0 - centred / (width + 0.05))
        tail = np.where((u > 0.4) & (u < end), 0.05 + flare * (u - 0.5), np.float32(-0.05))
        return centred - np.maximum(body, tail)

    return field


def beetle_outline(draws: Draws, slender: float) -> Outline:
    """A beetle from above: an oval body, a small head and six thin legs."""
    width = slender * draws.uniform(0.88, 1.15)
    leg_reach = width * draws.uniform(1.25, 1.5)
    lean = draws.uniforms(-0.35, 0.35, 3)

    def field(u: Floats, v: Floats) -> Floats:
        side = np.abs(v)
        body = width * _bow((u - 0.12) / 0.84)
        head = 0.5 * width * _bow((u + 0.76) / 0.24)
        shape = side - np.maximum(body, head)
        for place, slope in zip((-0.4, 0.1, 0.6), lean, strict=True):
            leg = np.maximum(np.abs(u - place - slope * side) - 0.03, side - leg_reach)
            shape = np.minimum(shape, leg)
        return shape

    return field


def fan_outline(draws: Draws, roundness: float, crests: int) -> Outline:
    """A shell: a fan that opens from a hinge at u = -0.9.

    Args:
        draws: where the randomness comes from.
        roundness: 1 for a disc, less for a broader fan.
        crests: waves along the rim.
    """
    power = roundness * draws.uniform(0.9, 1.1)
    wave = draws.uniform(0.01, 0.03)

    def field(u: Floats, v: Floats) -> Floats:
        along = u + 0.9
        radius = np.sqrt(along * along + v * v) + 1e-6
        facing = np.maximum(along / radius, 1e-4)
        rim = 1.8 * facing**power * (1.0 + wave * np.cos(crests * np.arctan2(v, along)))
        return (radius - rim) * 0.8

    return field
