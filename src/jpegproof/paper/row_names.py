"""Which row of the paper's tables a row of a study is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jpegproof.paper.networks import bare_name, paper_network

#: Rows that are called the same in both.
SAME_ROWS = ("none", "off_the_shelf", "supervised_fine_tuning", "task_targeted")

_COUNTS = {2: "two", 3: "three"}


def paper_row(
    mitigation: str, corrector: str, trained_through: Mapping[str, Sequence[str]], sources: Mapping[str, str]
) -> str | None:
    """The paper's name of a row, as in `PublishedNumber.mitigation`; None where the paper has none of its kind.

    A corrector that was trained through model M and stands before another one is ``transfer_<M>``, M being the paper's
    name of it in letters and digits (the study's where the paper does not know it); one that was trained through two or
    three models at once is ``multihead_two`` or ``multihead_three``.

    Args:
        mitigation: as in ``results.csv``.
        corrector: the same.
        trained_through: by a corrector's name the models that it was trained through, by their names in the study.
        sources: by a model's name in the study where it comes from.
    """
    if mitigation in SAME_ROWS:
        return mitigation
    through = trained_through.get(corrector, ())
    if mitigation == "transfer" and len(through) == 1:
        name = through[0]
        return f"transfer_{bare_name(paper_network(name, sources.get(name, '')) or name)}"
    if mitigation == "multihead" and through:
        return f"multihead_{_COUNTS.get(len(through), len(through))}"
    return None
