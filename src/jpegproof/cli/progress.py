"""A progress bar with the remaining time, on standard error."""

from __future__ import annotations

import sys
from typing import Any


class Bar:
    """Draws `Progress` with tqdm; where standard error is no terminal, a line now and then."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bar: Any = None

    def begin(self, total: int, finished: int) -> None:
        """See `Progress`."""
        from tqdm import tqdm

        if finished:
            print(f"{finished} of {total} prediction files are finished already", file=sys.stderr)
        self._bar = tqdm(
            total=total,
            initial=finished,
            unit="file",
            desc="predictions",
            disable=self._quiet,
            mininterval=0.2 if sys.stderr.isatty() else 30.0,
            smoothing=0.05,
        )

    def advance(self) -> None:
        """See `Progress`."""
        if self._bar is not None:
            self._bar.update()

    def warn(self, text: str) -> None:
        """See `Progress`."""
        print(f"jpegproof: note: {text}", file=sys.stderr)

    def close(self) -> None:
        """Leaves the bar as it stands."""
        if self._bar is not None:
            self._bar.close()
