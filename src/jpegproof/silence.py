"""Progress that nobody hears, of whatever is being done."""

from __future__ import annotations


class Silence:
    """Stands for every kind of progress where the caller gave none."""

    def begin(self, total: int, finished: int) -> None:
        """So much is to be done, and so much of it was done before."""

    def working(self, name: str, share: float) -> None:
        """A part of one piece is done."""

    def advance(self) -> None:
        """One more piece is done."""

    def units(self, done: int, running: int, failed: int, total: int) -> None:
        """So many units of work are done, in hand, and given up."""

    def training(self, name: str, done: int, total: int, loss: float) -> None:
        """So many steps of a training are done."""

    def warn(self, text: str) -> None:
        """Something the user should know."""
