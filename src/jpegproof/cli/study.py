"""Everything a study file asks for: models, correctors, qualities, tables, report. Resumable at any moment.

examples:
  jpegproof study studies/imagenet-sample.yaml --plan      cells, time and disk; nothing runs
  jpegproof study studies/imagenet-sample.yaml --out results/imagenet-sample
  jpegproof study studies/paper/table1.yaml --data /data --weights off-the-shelf=qgac.ckpt
  jpegproof study studies/paper/table2.yaml --data /data --root PAPER --weights RetinaNet=random
  jpegproof study mine.yaml --allow-code                   its models may come from your own Python files
  jpegproof study mine.yaml --executor ray --address auto --out /shared/mine        on every machine of a Ray cluster
  jpegproof study mine.yaml --out s3://bucket/mine --to results/mine                results in an object store
  jpegproof study --schema > study.schema.json             for editors
"""

from __future__ import annotations

import argparse
from typing import Any

from jpegproof.cli.options import add_machine_options, weights_by_name


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument("file", nargs="?", help="the study file (YAML)")
    verb.add_argument(
        "--out",
        metavar="DIR",
        help="results folder (default: out/NAME), or s3://BUCKET/PREFIX; what is finished there is kept",
    )
    verb.add_argument("--to", metavar="DIR", help="of results in a bucket: folder for the report (default: out/NAME)")
    verb.add_argument("--plan", action="store_true", help="print cells, estimated time and disk; run nothing")
    verb.add_argument("--root", metavar="DIR", help="where relative paths of the file begin, instead of what it says")
    verb.add_argument("--data", metavar="DIR", help="where relative paths of its data sets begin, instead of the root")
    verb.add_argument(
        "--weights",
        metavar="NAME=FILE",
        action="append",
        default=[],
        help="of one of its models or correctors: a file, or the library's name of weights, or random; may be repeated",
    )
    verb.add_argument("--allow-code", action="store_true", help="let its models come from Python files (entry points)")
    verb.add_argument("--tensorboard", action="store_true", help="trainings write TensorBoard logs (DIR/tensorboard)")
    verb.add_argument("--schema", action="store_true", help="print the JSON schema of study files")
    add_machine_options(verb, cluster=True, loaders=True)


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.exceptions import JpegproofError

    if arguments.schema:
        from jpegproof.studies.schema import study_schema

        print(study_schema(), end="")
        return 0
    if arguments.file is None:
        raise JpegproofError("name a study file: jpegproof study FILE.yaml")
    names = ("root", "data", "device", "workers", "threads", "loaders", "allow_code", "executor", "address")
    machine = {name: getattr(arguments, name) for name in names}
    machine["weights"] = weights_by_name(arguments.weights)
    return _plan(arguments, machine) if arguments.plan else _study(arguments, machine)


def _plan(arguments: argparse.Namespace, machine: dict[str, Any]) -> int:
    from jpegproof.cli.summary import print_plan
    from jpegproof.verbs.study import plan_study

    print_plan(*plan_study(arguments.file, arguments.out, **machine))
    return 0


def _study(arguments: argparse.Namespace, machine: dict[str, Any]) -> int:
    from jpegproof.cli.progress import Bar
    from jpegproof.cli.summary import outcome, print_summary
    from jpegproof.verbs.study import study

    bar = Bar(arguments.quiet)
    try:
        results = study(
            arguments.file,
            arguments.out,
            progress=bar,
            tensorboard=arguments.tensorboard,
            to=arguments.to,
            **machine,
        )
    finally:
        bar.close()
    print_summary(results)
    return outcome(results)
