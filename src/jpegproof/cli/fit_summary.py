"""What the verb ``fit`` says at the end, on standard output."""

from __future__ import annotations

from jpegproof.safe_text import printable
from jpegproof.verbs.fit import Fit
from jpegproof.verbs.judged_fit import Judged


def print_fit(done: Fit, model: str) -> None:
    """How the training went, the table before and after, the verdict, and how the file is put to use."""
    if done.losses:
        first, last = done.losses[0][1], done.losses[-1][1]
        print(f"{done.objective}: {_steps(done)}, loss {first:.4g} at first, {last:.4g} at last")
    if done.held_back:
        told = dict(done.held_back)
        best = f"{told[done.best_step]:.4g} after step {done.best_step}, the best" if done.best_step else "never better"
        print(f"held-back pictures: loss {done.held_back[0][1]:.4g} at the start, {best}")
    how = "trained now" if done.seconds else "was trained already"
    print(f"{done.learner}: {done.file} ({how})")
    if done.judged is not None:
        _print_judged(done.judged)
    if model != "-":
        use = f"--corrector jpegproof:{done.file}" if done.learner == "corrector" else f"--weights {done.file}"
        print(f"measure it, on pictures that it has not seen: jpegproof measure {model} DATA {use}")


def _steps(done: Fit) -> str:
    if done.steps_made < done.steps:
        return f"{done.steps_made} of {done.steps} steps, since it did not get better any more"
    return f"{done.steps} steps"


def _print_judged(judged: Judged) -> None:
    print(f"\n{printable(judged.title)}; brackets hold 95 % intervals")
    widths = [max(len(row[place]) for row in judged.cells) for place in range(len(judged.cells[0]))]
    for row in judged.cells:
        print("  " + "   ".join(f"{printable(cell):>{width}}" for cell, width in zip(row, widths, strict=True)))
    print()
    for sentence in judged.sentences:
        print(printable(sentence))
    print(f"table and verdict: {judged.file}\n")
