"""A study's numbers beside the paper's."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from paper_study import SOURCES, THROUGH, gap, paper_rows
from synthetic_study import compressed, reference

from jpegproof.exceptions import UnknownNameError
from jpegproof.paper.published import find_published
from jpegproof.reports.against_paper import AgainstPaper, build_against_paper, require_paper_models
from jpegproof.reports.against_paper_text import against_csv, against_latex, against_markdown

RESULTS = [
    reference(75.0, model="ResNet-50"),
    compressed(64.0, 10, model="ResNet-50"),
    compressed(66.0, 10, model="ResNet-50", mitigation="off_the_shelf", corrector="dncnn"),
    compressed(68.0, 10, model="ResNet-50", mitigation="off_the_shelf", corrector="qgac"),
    compressed(20.0, 10, model="ResNet-50", mitigation="task_targeted", corrector="mine"),
    compressed(99.0, 10, model="ResNet-50", mitigation="self_distilled"),
]
GAPS = [gap(RESULTS[3], 40.0, 5.0), gap(RESULTS[2], 20.0, None)]


def one(rows: list[AgainstPaper], mitigation: str, quality: int = 10, corrector: str | None = None) -> AgainstPaper:
    (row,) = [
        row
        for row in rows
        if (row.mitigation, row.quality) == (mitigation, quality) and corrector in (None, row.corrector)
    ]
    return row


def test_ours_stands_beside_theirs():
    row = one(build_against_paper(RESULTS, GAPS, SOURCES, {}), "off_the_shelf", corrector="qgac")
    assert (row.table, row.paper_model, row.metric) == (1, "ResNet-50", "top1")
    assert (row.ours.value, row.theirs) == (68.0, 66.90)
    assert row.difference == pytest.approx(1.1)
    assert row.within is True
    assert (row.our_reference.value, row.their_reference) == (75.0, 75.31)
    assert (row.our_loss, row.their_loss) == (11.0, pytest.approx(75.31 - 63.43))
    assert (row.our_share.value, row.our_share.ci_low, row.our_share.ci_high) == (40.0, 35.0, 45.0)
    assert row.their_share == pytest.approx(100 * (66.90 - 63.43) / (75.31 - 63.43))


def test_a_paper_value_outside_our_interval_is_told():
    assert one(build_against_paper(RESULTS, [], SOURCES, {}), "task_targeted").within is False
    uncertain = [replace(row, ci_low=None, ci_high=None) for row in RESULTS]
    assert one(build_against_paper(uncertain, [], SOURCES, {}), "task_targeted").within is None


def test_a_share_of_a_loss_that_may_be_none_is_not_told():
    assert (
        one(build_against_paper(RESULTS, GAPS, SOURCES, {}), "off_the_shelf", corrector="dncnn").our_share.value is None
    )


def test_a_share_of_next_to_nothing_is_not_told_of_the_paper_either():
    rows = build_against_paper(RESULTS, GAPS, SOURCES, {})
    assert one(rows, "supervised_fine_tuning", 40).their_loss == pytest.approx(75.31 - 74.10)
    assert one(rows, "supervised_fine_tuning", 40).their_share == pytest.approx(100 * (76.24 - 74.10) / 1.21)
    assert one(rows, "supervised_fine_tuning", 50).their_loss == pytest.approx(75.31 - 74.43)
    assert one(rows, "supervised_fine_tuning", 50).their_share is None


def test_rows_stand_as_in_our_tables():
    rows = build_against_paper(RESULTS, GAPS, SOURCES, {})
    assert list(dict.fromkeys(row.mitigation for row in rows)) == [
        "none",
        "supervised_fine_tuning",
        "off_the_shelf",
        "task_targeted",
    ]


def test_a_row_without_a_cure_has_no_share():
    row = one(build_against_paper(RESULTS, GAPS, SOURCES, {}), "none")
    assert (row.their_share, row.our_share.value) == (None, None)
    assert row.their_loss == pytest.approx(75.31 - 63.43)


def test_what_the_study_lacks_stays_empty_and_what_the_paper_lacks_is_left_out():
    rows = build_against_paper(RESULTS, GAPS, SOURCES, {})
    missing = one(rows, "supervised_fine_tuning")
    assert (missing.ours.value, missing.corrector, missing.difference, missing.within) == (None, "", None, None)
    assert missing.theirs == 73.18
    assert "self_distilled" not in {row.mitigation for row in rows}
    assert len(rows) == 36 + 9  # two correctors off the shelf


def test_what_cannot_be_read_in_the_paper_stays_empty():
    rows = build_against_paper(paper_rows(3, ["ResNet50 (dilated) + PPM"]), [], {}, {})
    unread = one(rows, "off_the_shelf", 40)
    assert (unread.theirs, unread.their_share, unread.difference) == (None, None, None)
    assert one(rows, "off_the_shelf", 30).difference == pytest.approx(1)
    assert all(row.theirs is None or row.difference == pytest.approx(1) for row in rows)


def test_models_are_known_by_where_they_come_from():
    finder = [
        reference(35.0, model="finder", task="detection", metric="mAP"),
        compressed(20.0, 10, model="finder", task="detection", metric="mAP"),
    ]
    rows = build_against_paper([*RESULTS, *finder], [], SOURCES, {})
    assert {(row.model, row.paper_model) for row in rows} == {("ResNet-50", "ResNet-50"), ("finder", "FasterRCNN")}
    assert one([row for row in rows if row.model == "finder"], "none").difference == pytest.approx(20.0 - 20.35)


def test_the_instance_segmenter_is_compared_by_its_masks():
    where = {"model": "MaskRCNN", "task": "instance_segmentation"}
    results = [compressed(20.0, 10, metric="mAP", **where), compressed(18.0, 10, metric="mask_mAP", **where)]
    assert one(build_against_paper(results, [], {}, {}), "none").ours.value == 18.0


def test_transfer_and_multihead_are_compared_where_the_study_has_them():
    rows = build_against_paper(paper_rows(5, ["FasterRCNN"]), [], {}, THROUGH)
    assert {row.table for row in rows} == {2, 5}
    fifth = [row for row in rows if row.table == 5]
    assert {row.mitigation for row in fifth} == {
        "transfer_mobilenetv2",
        "transfer_resnet18",
        "multihead_two",
        "multihead_three",
    }
    assert all(row.difference == pytest.approx(1) for row in fifth)
    assert len(fifth) == 20
    assert one(fifth, "multihead_three", 30).corrector == "triple"


@pytest.mark.parametrize(
    "change", [{"subsampling": "4:4:4"}, {"stage": "input"}, {"chain": "web, save 2"}, {"slice": "x"}]
)
def test_only_what_was_compressed_as_in_the_paper_is_compared(change: dict[str, str]):
    results = [row if row.quality is None else replace(row, **change) for row in RESULTS]
    assert all(row.ours.value is None for row in build_against_paper(results, [], SOURCES, {}))


def test_a_study_of_other_models_is_told_how_to_name_them():
    with pytest.raises(
        UnknownNameError, match=r"\(own\) is one of the paper's: ResNet-18, .*Chai et al\.\. Call a model so"
    ):
        require_paper_models({"own": "x.py:build"})
    require_paper_models(SOURCES)


def test_csv_has_every_number_and_empty_cells():
    rows = build_against_paper(RESULTS, GAPS, SOURCES, {})
    lines = list(csv.DictReader(io.StringIO(against_csv(rows))))
    assert len(lines) == len(rows)
    (line,) = [line for line in lines if (line["corrector"], line["quality"]) == ("qgac", "10")]
    assert {
        name: line[name] for name in ("ours", "paper", "difference", "paper_in_our_interval", "our_share", "n")
    } == {
        "ours": "68",
        "paper": "66.9",
        "difference": "1.1",
        "paper_in_our_interval": "true",
        "our_share": "40",
        "n": "500",
    }
    (line,) = [x for x in lines if (x["mitigation"], x["quality"]) == ("supervised_fine_tuning", "10")]
    assert (line["ours"], line["difference"], line["paper_in_our_interval"], line["n"]) == ("", "", "", "")
    published = find_published(1, "ResNet-50", "top1", "supervised_fine_tuning", 10)
    assert published is not None
    assert float(line["paper"]) == published.value


def test_markdown_tells_the_rows_and_the_references():
    text = against_markdown(build_against_paper(RESULTS, GAPS, SOURCES, {}))
    assert "On the originals: ours 75.00" in text
    assert "the paper's 75.31" in text
    assert (
        "| Off-the-Shelf Artifact Correction (qgac) | 10 | 68.00 \\[63.60, 72.40\\] | 66.90 | 1.10 | yes | "
        "40.0 \\[35.0, 45.0\\] | 29.2 |" in text
    )
    assert "| Supervised Fine-Tuning | 10 | – | 73.18 | – | – | – | 82.1 |" in text


def test_latex_has_minus_signs_and_a_table_per_table():
    text = against_latex(build_against_paper(paper_rows(5, ["FasterRCNN"], moved=-1), [], {}, THROUGH))
    assert text.count(r"\begin{longtable}") == 2
    assert "Transfer from MobileNetV2 (through-mobile) & 10 & " in text
    assert "& $-$1.00 &" in text
    assert "& -1.00 &" not in text
