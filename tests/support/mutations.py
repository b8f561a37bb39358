"""Seeded damage to files: flipped bits, cuts, splices, and whole segments moved about."""

from __future__ import annotations

import random
from collections.abc import Sequence


def mutated(data: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    """A damaged copy of a file.

    Args:
        data: the file; an empty one stays as it is.
        others: files to splice parts of.
        dice: decides everything.
    """
    kinds = (_flip_bits, _set_bytes, _cut_end, _cut_out, _repeat, _insert_noise, _splice, _move_segment)
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        if data:
            data = dice.choice(kinds)(data, others, dice)
    return data


def _place(data: bytes, dice: random.Random) -> int:
    # Headers are where damage is most telling, and a small part of the file.
    return dice.randrange(min(len(data), dice.choice([30, 700, len(data)])))


def _flip_bits(data: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.choice([1, 1, 3, 20])):
        changed[_place(data, dice)] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _set_bytes(data: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.choice([1, 2, 4])):
        changed[_place(data, dice)] = dice.choice([0, 1, 0x7F, 0x80, 0xD8, 0xD9, 0xDA, 0xFE, 0xFF])
    return bytes(changed)


def _cut_end(data: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    return data[: dice.choice([_place(data, dice), len(data) - dice.randint(1, 8), dice.randrange(len(data))])]


def _cut_out(data: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    place = _place(data, dice)
    return data[:place] + data[place + dice.choice([1, 2, 17, 200]) :]


def _repeat(data: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    place = _place(data, dice)
    piece = data[place : place + dice.choice([1, 2, 20, 400])]
    return data[:place] + piece * dice.choice([2, 2, 3, 30]) + data[place:]


def _insert_noise(data: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    place, length = _place(data, dice), dice.choice([1, 2, 9, 300])
    noise = dice.randbytes(length) if dice.random() < 0.5 else bytes([dice.choice([0, 0xFF])]) * length
    return data[:place] + noise + data[place:]


def _splice(data: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    other = dice.choice(others)
    if not other:
        return data
    return data[: _place(data, dice)] + other[_place(other, dice) :]


def _move_segment(data: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    marks = [place for place in range(len(data) - 1) if data[place] == 0xFF and data[place + 1] >= 0xC0]
    if len(marks) < 3:
        return data
    first, second = sorted(dice.sample(marks, 2))
    third = dice.choice(marks)
    piece = data[first:second]
    rest = data[:first] + data[second:]
    return rest[:third] + piece + rest[third:] if dice.random() < 0.5 else data[:third] + piece + data[third:]
