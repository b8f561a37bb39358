"""How far a study has come, and how long it still takes. It may be running.

examples:
  jpegproof status results/imagenet-sample
  jpegproof status results/imagenet-sample && echo done    exit code 0 when whole, 3 while predictions are missing
"""

from __future__ import annotations

import argparse

UNFINISHED = 3


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument("folder", help="a results folder, or s3://BUCKET/PREFIX")


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.cli.summary import print_status
    from jpegproof.verbs.status import status

    found = status(arguments.folder)
    print_status(found)
    return 0 if found.done == found.total else UNFINISHED
