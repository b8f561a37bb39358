"""Tables, figures and the HTML page of a results folder, anew. Needs neither data nor models.

examples:
  jpegproof report results/imagenet-sample
"""

from __future__ import annotations

import argparse


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument("folder", help="a results folder of measure or study; it may be unfinished")


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.cli.summary import print_summary
    from jpegproof.verbs.report import report

    print_summary(report(arguments.folder))
    return 0
