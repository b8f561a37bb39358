"""The ``jpegproof`` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from jpegproof.cli import (
    audit,
    benchmark,
    budget,
    correct,
    demo,
    errors,
    explain,
    export,
    fit,
    measure,
    parity,
    report,
    reproduce,
    sheets,
    status,
    study,
    throughput,
)
from jpegproof.cli.exit_codes import INTERRUPTED, MISTAKE
from jpegproof.cli.interrupts import two_interrupts
from jpegproof.cli.one_process import refuse_several_processes
from jpegproof.exceptions import JpegproofError
from jpegproof.safe_text import printable
from jpegproof.version import __version__

VERBS = (
    demo,
    measure,
    budget,
    fit,
    study,
    status,
    report,
    errors,
    sheets,
    explain,
    throughput,
    parity,
    reproduce,
    audit,
    correct,
    export,
    benchmark,
)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="jpegproof",
        description="What JPEG compression costs a vision model, and what each cure buys.",
        epilog="Start with: jpegproof demo. Each verb has examples: jpegproof VERB --help. Exit codes: 0 fine, 2 a "
        "mistake in what was given, 3 predictions are missing, 130 stopped.",
    )
    top.add_argument("--version", action="version", version=f"jpegproof {__version__}")
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    for module in VERBS:
        summary, _, examples = (module.__doc__ or "").partition("\n\n")
        verb = verbs.add_parser(
            module.__name__.rpartition(".")[2],
            help=summary,
            description=summary,
            epilog=examples.strip(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(verb)
        verb.set_defaults(run=module.run, verb=module)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and answers with the exit code, see `exit_codes`."""
    arguments = parser().parse_args(argv)
    try:
        if arguments.verb is not fit:
            refuse_several_processes(arguments.verb.__name__.rpartition(".")[2])
        with two_interrupts():
            return arguments.run(arguments)
    except JpegproofError as error:
        print(f"jpegproof: {_printable_lines(str(error))}", file=sys.stderr)
        for note in getattr(error, "__notes__", []):
            print(f"  {_printable_lines(note)}", file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        print("\njpegproof: stopped; what is finished is kept, the same command goes on from here", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has left, as head does
        sys.stderr.close()
        return 0


def _printable_lines(text: str) -> str:
    """A message that names of files cannot make a terminal obey."""
    return "\n".join(map(printable, text.split("\n")))


if __name__ == "__main__":
    sys.exit(main())
