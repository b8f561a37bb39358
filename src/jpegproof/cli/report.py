"""Tables, figures and the HTML page of a results folder, anew. Needs neither data nor models.

examples:
  jpegproof report results/imagenet-sample
  jpegproof report s3://bucket/imagenet --to results/imagenet      from a bucket, by way of a folder
  jpegproof report results/imagenet --against-paper        the paper's published numbers beside ours
"""

from __future__ import annotations

import argparse


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument(
        "folder", help="a results folder of measure or study, or s3://BUCKET/PREFIX; it may be unfinished"
    )
    verb.add_argument(
        "--to", metavar="DIR", help="of results in a bucket: the folder to download them into (default: out/PREFIX)"
    )
    verb.add_argument(
        "--against-paper",
        action="store_true",
        help="put the published numbers of Ehrlich et al. 2021 beside those of the study's models that are the paper's",
    )


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.cli.summary import print_summary
    from jpegproof.verbs.report import report

    print_summary(report(arguments.folder, arguments.against_paper, to=arguments.to))
    return 0
