"""What a folder of pictures holds: source qualities, hazards, and what a study would do with each file.

examples:
  jpegproof audit photos/
  jpegproof audit uploads/ --csv uploads.csv
"""

from __future__ import annotations

import argparse


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument("folder", help="a folder of pictures; nothing is written into it")
    verb.add_argument("--csv", metavar="FILE", help="a row for every file (default: out/audit-FOLDER.csv)")
    verb.add_argument("--quiet", action="store_true", help="no progress bar")


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.cli.audit_tables import print_audit
    from jpegproof.cli.progress import Bar
    from jpegproof.verbs.audit import audit, default_csv

    csv = arguments.csv or default_csv(arguments.folder)
    bar = Bar(arguments.quiet, work="files", files="files")
    try:
        done = audit(arguments.folder, csv=csv, progress=bar)
    finally:
        bar.close()
    print_audit(done)
    print(
        f"\na row for every file: {csv}"
        if csv
        else "\nno CSV: it would lie in the audited folder; name a file with --csv"
    )
    return 0
