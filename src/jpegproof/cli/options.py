"""Options that several verbs share."""

from __future__ import annotations

import argparse


def add_machine_options(verb: argparse.ArgumentParser) -> None:
    """How to use the machine."""
    group = verb.add_argument_group("the machine")
    group.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:1, ...")
    group.add_argument("--workers", type=int, metavar="N", help="processes (default: one per core, one on a GPU)")
    group.add_argument("--threads", type=int, metavar="N", help="threads of each worker (default: the cores it has)")
    group.add_argument("--quiet", action="store_true", help="no progress bar")
