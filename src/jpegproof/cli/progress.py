"""A progress bar with the remaining time, on standard error."""

from __future__ import annotations

import sys
from typing import Any


class Bar:
    """Draws `Progress` with tqdm; where standard error is no terminal, a line now and then.

    Args:
        quiet: draw nothing.
        work: what the bar is about.
        files: what it counts.
        file: one of them.
    """

    def __init__(
        self,
        quiet: bool = False,
        work: str = "predictions",
        files: str = "prediction files",
        file: str = "file",
    ) -> None:
        self._quiet = quiet
        self._work = work
        self._files = files
        self._file = file
        self._bar: Any = None
        self._trainings: dict[str, Any] = {}
        self._units = 0

    def begin(self, total: int, finished: int) -> None:
        """See `Progress`."""
        from tqdm import tqdm

        if finished:
            print(f"{finished} of {total} {self._files} are finished already", file=sys.stderr)
        self._bar = tqdm(
            total=total,
            initial=finished,
            unit=self._file,
            desc=self._work,
            disable=self._quiet,
            mininterval=0.2 if sys.stderr.isatty() else 30.0,
            smoothing=0.05,
        )

    def advance(self) -> None:
        """See `Progress`."""
        if self._bar is not None:
            self._bar.update()
            if self._bar.n >= self._bar.total:  # another bar may follow
                if self._units:  # the last one is told of only after its last file
                    self._bar.set_postfix_str(f"units: {self._units} of {self._units} done", refresh=False)
                self._bar.close()
                self._bar = None

    def units(self, done: int, running: int, failed: int, total: int) -> None:
        """See `Progress`."""
        self._units = total
        if self._bar is not None:
            text = f"units: {done} of {total} done, {running} running" + (f", {failed} failed" if failed else "")
            self._bar.set_postfix_str(text, refresh=False)

    def working(self, name: str, share: float) -> None:
        """See `CorrectionProgress`."""
        if self._bar is not None:
            text = "" if share == 1 else f"{name} {share:.0%}"
            self._bar.set_postfix_str(text, refresh=sys.stderr.isatty())

    def training(self, name: str, done: int, total: int, loss: float) -> None:
        """See `Progress`."""
        from tqdm import tqdm

        if name not in self._trainings:
            self._trainings[name] = tqdm(
                total=total,
                initial=done,
                unit="step",
                desc=f"training {name}",
                disable=self._quiet,
                mininterval=0.2 if sys.stderr.isatty() else 30.0,
            )
        bar = self._trainings[name]
        bar.total = total  # less than it was, where a training ends early
        bar.set_postfix_str(f"loss {loss:.4g}", refresh=False)
        bar.update(done - bar.n)
        if done == total:
            bar.close()

    def warn(self, text: str) -> None:
        """See `Progress`."""
        print(f"jpegproof: note: {text}", file=sys.stderr)

    def close(self) -> None:
        """Leaves the bars as they stand."""
        for training in self._trainings.values():
            training.close()
        if self._bar is not None:
            self._bar.close()
