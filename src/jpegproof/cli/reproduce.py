"""Every table and plot of the paper on generated pictures: one small network per task, trained live. No downloads.

examples:
  jpegproof reproduce                   quality 10, 30, 50, 70, 90: twenty minutes on two cores
  jpegproof reproduce --full            all qualities; adds what is missing to the same folder
The paper's own networks and data sets: studies/paper/*.yaml with jpegproof study --data DIR.
"""

from __future__ import annotations

import argparse

from jpegproof.cli.options import add_machine_options


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument(
        "--out", default="out/paper-world", metavar="DIR", help="results folder (default: out/paper-world)"
    )
    verb.add_argument("--full", action="store_true", help="all qualities from 10 to 90 instead of five")
    add_machine_options(verb, cluster=True)


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.cli.progress import Bar
    from jpegproof.cli.speed_summary import print_speeds
    from jpegproof.cli.summary import outcome, print_summary
    from jpegproof.verbs.reproduce import reproduce

    bar, measuring = Bar(arguments.quiet), Bar(arguments.quiet, "measuring", "measurements", "measurement")
    try:
        done = reproduce(
            arguments.out,
            full=arguments.full,
            device=arguments.device,
            workers=arguments.workers,
            threads=arguments.threads,
            executor=arguments.executor,
            address=arguments.address,
            progress=bar,
            measuring=measuring,
        )
    finally:
        bar.close()
        measuring.close()
    print_summary(done.report)
    print_speeds(done.throughput)
    for part, seconds in done.seconds.items():
        print(f"{part}: {seconds / 60:.1f} min")
    return outcome(done.report)
