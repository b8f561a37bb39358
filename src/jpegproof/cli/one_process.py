"""Keeps a launcher of several processes from having each of them do the whole of a verb."""

from __future__ import annotations

import os

from jpegproof.exceptions import JpegproofError


def refuse_several_processes(verb: str) -> None:
    """Raises JpegproofError where torchrun, or a launcher that sets the same variables, started more than one."""
    count = os.environ.get("WORLD_SIZE", "1")
    if "RANK" in os.environ and count.isdigit() and int(count) > 1:
        raise JpegproofError(
            f"{verb} was started in {count} processes at once (WORLD_SIZE={count}), of which each would do all of it; "
            "only fit shares its work among such processes. Start it once, without the launcher (studies share their "
            "work by --workers N and --executor ray), or unset WORLD_SIZE"
        )
