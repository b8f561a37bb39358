"""How far a study has come, and how long it still takes. It may be running.

examples:
  jpegproof status results/imagenet-sample
  jpegproof status results/imagenet-sample --watch 5       drawn anew every five seconds until it is whole
  jpegproof status results/imagenet-sample && echo done    exit code 0 when whole, 3 while predictions are missing
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from jpegproof.cli.exit_codes import UNFINISHED

if TYPE_CHECKING:
    from jpegproof.studies.status import Status


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument("folder", help="a results folder, or results in an object store (s3://BUCKET/PREFIX)")
    verb.add_argument("--watch", type=float, metavar="S", help="look every S seconds until nothing is missing any more")


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.cli.summary import print_status
    from jpegproof.exceptions import JpegproofError
    from jpegproof.verbs.status import status

    if arguments.watch is not None and not 0.1 <= arguments.watch <= 86_400:
        raise JpegproofError(f"--watch {arguments.watch:g}: give seconds, 0.1 or more")
    found = status(arguments.folder)
    while arguments.watch is not None and not _whole(found):
        print_status(found, afresh=True)
        time.sleep(arguments.watch)
        found = status(arguments.folder)
    print_status(found, afresh=arguments.watch is not None)
    return 0 if _whole(found) else UNFINISHED


def _whole(status: Status) -> bool:
    return status.done == status.total
