"""A study's numbers beside the paper's: both values, both references, and the share of the gap that each closes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jpegproof.analysis.rows import Gap, Result
from jpegproof.exceptions import UnknownNameError
from jpegproof.paper.networks import NETWORKS, paper_network
from jpegproof.paper.published import TRANSFER_TABLE, PublishedNumber, published_numbers
from jpegproof.paper.row_names import SAME_ROWS, paper_row
from jpegproof.reports.names import MITIGATION_LABELS
from jpegproof.reports.tables import Cell

#: The paper has no intervals; of what it loses, less than so many points may be nothing, and has no share to tell.
LEAST_LOSS = 1.0

#: The paper's mean average precision of its instance segmenter is taken for that of masks, since it stands under
#: instance segmentation there.
_OUR_METRICS = {"MaskRCNN": "mask_mAP"}


@dataclass(frozen=True, slots=True)
class AgainstPaper:
    """One number of the paper beside ours. One row of ``tables/against-paper.csv``; None is what is not known.

    Attributes:
        table: the paper's, 1 to 5.
        model: our model's name in the study.
        paper_model: the paper's name of it.
        metric: ours.
        mitigation: the paper's row.
        corrector: ours; empty where the study has no such row.
        quality: libjpeg quality.
        ours: percent, with its 95 % interval.
        theirs: percent; None where the source cannot be read.
        our_reference, their_reference: the numbers on the originals.
        our_loss, their_loss: what is lost at that quality without a cure, in points.
        our_share, their_share: what the cure gives back of that, in percent; ours with its interval, and only where the
            loss can be told apart from none; theirs where it is `LEAST_LOSS` at least.
    """

    table: int
    model: str
    paper_model: str
    metric: str
    mitigation: str
    corrector: str
    quality: int
    ours: Cell
    theirs: float | None
    our_reference: Cell
    their_reference: float
    our_loss: float | None
    their_loss: float | None
    our_share: Cell
    their_share: float | None

    @property
    def difference(self) -> float | None:
        """Ours less theirs, in points."""
        return None if self.ours.value is None or self.theirs is None else self.ours.value - self.theirs

    @property
    def within(self) -> bool | None:
        """Whether the paper's value lies in our interval."""
        if self.theirs is None or self.ours.ci_low is None or self.ours.ci_high is None:
            return None
        return self.ours.ci_low <= self.theirs <= self.ours.ci_high


def require_paper_models(sources: Mapping[str, str]) -> None:
    """Raises UnknownNameError where none of a study's models is one of the paper's.

    Args:
        sources: by a model's name in the study where it comes from.
    """
    if not any(paper_network(name, source) for name, source in sources.items()):
        raise UnknownNameError(
            f"none of this study's models ({', '.join(sources) or 'it names none'}) is one of the paper's: "
            f"{', '.join(NETWORKS)}. Call a model so in the study file, or take it from where the paper's networks are "
            "had, such as torchvision:resnet50 or detectron2:faster_rcnn_R_50_FPN; see docs/paper.md"
        )


def build_against_paper(
    results: Sequence[Result],
    gaps: Sequence[Gap],
    sources: Mapping[str, str],
    trained_through: Mapping[str, Sequence[str]],
) -> list[AgainstPaper]:
    """Every number that the paper has of a study's models, table by table, beside ours where there is one.

    Ours are those under the paper's compression: one JPEG save of the whole picture at its source resolution, 4:2:0.
    Of Table 5 the rows of transfer and multihead are told, and only of models of which the study has one; its others
    stand in Tables 1 to 4 as well. A row of the paper that the study has twice, along two correctors, comes twice.

    Args:
        results: the rows of ``results.csv``.
        gaps: the rows of ``gaps.csv``.
        sources: by a model's name in the study where it comes from.
        trained_through: by a corrector's name the models that it was trained through.
    """
    found: list[AgainstPaper] = []
    for model in dict.fromkeys(row.model for row in results):
        name = paper_network(model, sources.get(model, ""))
        if name is None:
            continue
        ours = _OurNumbers(
            [row for row in results if row.model == model and _as_in_paper(row)],
            [row for row in gaps if row.model == model and _as_in_paper(row)],
            sources,
            trained_through,
        )
        theirs = [number for number in published_numbers() if number.model == name]
        if not ours.beyond_tables:
            theirs = [number for number in theirs if number.table != TRANSFER_TABLE]
        theirs = [n for n in theirs if n.table != TRANSFER_TABLE or n.mitigation not in SAME_ROWS]
        untreated = {n.quality: n.value for n in published_numbers() if n.model == name and n.mitigation == "none"}
        for number in sorted(theirs, key=lambda number: (number.table, _rank(number.mitigation))):
            found += ours.beside(model, number, untreated[number.quality])
    return found


class _OurNumbers:
    """A model's rows, found by the paper's names."""

    def __init__(
        self,
        results: Sequence[Result],
        gaps: Sequence[Gap],
        sources: Mapping[str, str],
        trained_through: Mapping[str, Sequence[str]],
    ) -> None:
        self._references = {r.metric: r for r in results if r.quality is None and r.mitigation == "none"}
        self._found = {(r.metric, r.mitigation, r.corrector, r.quality): r for r in results if r.quality is not None}
        self._gaps = {(g.metric, g.mitigation, g.corrector, g.quality): g for g in gaps}
        self._edges: dict[str, list[tuple[str, str]]] = {}
        for edge in dict.fromkeys((row.mitigation, row.corrector) for row in self._found.values()):
            row = paper_row(*edge, trained_through, sources)
            if row is not None:
                self._edges.setdefault(row, []).append(edge)

    @property
    def beyond_tables(self) -> bool:
        """Whether there is a row that only Table 5 has."""
        return any(row not in SAME_ROWS for row in self._edges)

    def beside(self, model: str, number: PublishedNumber, untreated: float | None) -> list[AgainstPaper]:
        """One number of the paper with each of ours that is of its row; with none, where there is none."""
        metric = _OUR_METRICS.get(number.model, number.metric)
        reference = self._references.get(metric)
        lost = None if untreated is None else number.reference - untreated
        gained = None if number.value is None or untreated is None else number.value - untreated
        cured = number.mitigation != "none"
        share = None
        if cured and gained is not None and lost is not None and lost >= LEAST_LOSS:
            share = 100 * gained / lost
        without = self._found.get((metric, "none", "identity", number.quality))
        return [
            AgainstPaper(
                table=number.table,
                model=model,
                paper_model=number.model,
                metric=metric,
                mitigation=number.mitigation,
                corrector=edge[1],
                quality=number.quality,
                ours=_cell(self._found.get((metric, *edge, number.quality))),
                theirs=number.value,
                our_reference=_cell(reference),
                their_reference=number.reference,
                our_loss=_lost(reference, without),
                their_loss=lost,
                our_share=_share(self._gaps.get((metric, *edge, str(number.quality)))),
                their_share=share,
            )
            for edge in self._edges.get(number.mitigation, [("", "")])
        ]


def _rank(mitigation: str) -> int:
    """Where a row stands: as in our own tables, then those of Table 5 in its order."""
    known = [name for name in MITIGATION_LABELS if name in SAME_ROWS]
    return known.index(mitigation) if mitigation in known else len(known)


def _as_in_paper(row: Result | Gap) -> bool:
    """Of all pictures of a set and, but for the originals, compressed as the paper does."""
    if row.slice not in ("", "all"):
        return False
    setting = (row.codec, row.subsampling, row.chain, row.stage)
    return row.quality is None or setting == ("jpeg", "4:2:0", "", "source")


def _lost(reference: Result | None, without: Result | None) -> float | None:
    if reference is None or without is None or reference.value is None or without.value is None:
        return None
    return reference.value - without.value


def _cell(row: Result | None) -> Cell:
    return Cell() if row is None else Cell(row.value, row.ci_low, row.ci_high, row.n)


def _share(gap: Gap | None) -> Cell:
    # A share of a loss that may be nothing is no number to show: it may be thousands of percent.
    return Cell() if gap is None or gap.ci_low is None else Cell(gap.share, gap.ci_low, gap.ci_high, gap.n)
