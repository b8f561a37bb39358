"""How rows of the paper's tables are shown to people."""

from __future__ import annotations

from jpegproof.paper.networks import NETWORKS, bare_name
from jpegproof.reports.names import mitigation_label, plain

_NETWORKS = {bare_name(name): name for name in NETWORKS}


def paper_row_label(row: str, named: str = "") -> str:
    """The display name of a row such as ``off_the_shelf``, ``transfer_resnet18`` or ``multihead_two``.

    Args:
        row: as `paper_row` answers.
        named: what a network that is not the paper's is called.
    """
    kind, _, rest = row.partition("_")
    if kind == "transfer" and rest:
        return f"Transfer from {_NETWORKS.get(rest) or plain(named) or rest}"
    if kind == "multihead" and rest:
        return f"Multihead ({rest} models)"
    return mitigation_label(row)
