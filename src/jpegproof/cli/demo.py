"""The whole thing in minutes: damage, every cure, a report, on generated pictures. No downloads.

examples:
  jpegproof demo
  jpegproof demo --out elsewhere --pictures 300
"""

from __future__ import annotations

import argparse

from jpegproof.cli.options import add_machine_options


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument("--out", default="demo", metavar="DIR", help="results folder (default: demo)")
    verb.add_argument("--pictures", type=int, default=1000, metavar="N", help="generated test pictures (default: 1000)")
    add_machine_options(verb)


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.cli.progress import Bar
    from jpegproof.cli.summary import outcome, print_summary
    from jpegproof.verbs.demo import demo

    bar = Bar(arguments.quiet)
    try:
        results = demo(
            arguments.out,
            pictures=arguments.pictures,
            device=arguments.device,
            workers=arguments.workers,
            threads=arguments.threads,
            progress=bar,
        )
    finally:
        bar.close()
    print_summary(results)
    return outcome(results)
