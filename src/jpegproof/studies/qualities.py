"""Qualities as people write them: ``10:90:10``, ``10,50``, or a list."""

from __future__ import annotations

from collections.abc import Iterable

ADVICE = "use whole numbers from 1 to 100, as in 10:90:10 (first:last:step) or 10,50"


def parse_qualities(text: str | int | Iterable[int] | None) -> list[int]:
    """Reads qualities, in ascending order and without repeats.

    Args:
        text: ``first:last:step`` (the last included), numbers separated by commas, one number, or a list of numbers.

    Raises:
        ValueError: nothing is there, or something is not a libjpeg quality.
    """
    if isinstance(text, str):
        numbers = [number for part in text.split(",") for number in _part(part.strip())]
    elif isinstance(text, Iterable):
        numbers = list(text)
    else:
        numbers = [] if text is None else [text]
    if not numbers:
        raise ValueError(f"no quality is given; {ADVICE}")
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= 100:
            raise ValueError(f"{number!r} is not a libjpeg quality; {ADVICE}")
    return sorted(set(numbers))


def _part(part: str) -> list[int]:
    fields = part.split(":")
    try:
        numbers = [int(field) for field in fields]
    except ValueError:
        raise ValueError(f"{part!r} is not a quality; {ADVICE}") from None
    if len(numbers) == 1:
        return numbers
    if len(numbers) == 2:
        numbers.append(10)
    first, last, step = numbers[:3]
    if len(numbers) > 3 or step < 1 or first > last:
        raise ValueError(f"{part!r} is not a range of qualities; {ADVICE}")
    return list(range(first, last + 1, step))
