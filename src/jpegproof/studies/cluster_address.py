"""What names a running Ray cluster, looked at before anybody is asked there."""

from __future__ import annotations

import re

from jpegproof.exceptions import JpegproofError

_HOST_AND_PORT = re.compile(r"(?:ray://)?(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})")


def check_address(address: str, whose: str = "--address") -> None:
    """Looks at an address's form alone: Ray takes some wrong ones for a cluster to be waited for, others for none.

    Args:
        address: ``auto``, ``HOST:PORT`` or ``ray://HOST:PORT``.
        whose: what it was given by, for the message.

    Raises:
        JpegproofError: it is none of these.
    """
    found = _HOST_AND_PORT.fullmatch(address)
    if address == "auto" or (found and 0 < int(found[1]) < 65_536):
        return
    raise JpegproofError(
        f"{whose} {address!r}: names no Ray cluster; give auto, HOST:PORT of its head or ray://HOST:PORT, or leave it "
        "out with --executor ray to have one started on this machine"
    )
