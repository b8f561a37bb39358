"""Tables of the share of the gap that cures close."""

from __future__ import annotations

from dataclasses import replace

from jpegproof.analysis.rows import Gap
from jpegproof.reports.gap_tables import build_gap_tables, gap_markdown

CLOSED = Gap(
    task="detection",
    dataset="photos",
    slice="all",
    model="nanodet",
    metric="mAP",
    mitigation="task_targeted",
    corrector="targeted",
    codec="jpeg",
    subsampling="4:2:0",
    chain="",
    stage="source",
    quality="10",
    gap=8.9,
    share=58.8,
    ci_low=25.6,
    ci_high=80.3,
    n=64,
    seed=0,
)


def test_a_share_stands_with_its_interval_below_what_is_lost():
    [table] = build_gap_tables([CLOSED])
    assert table.columns == ("10",)
    assert "58.8 [25.6, 80.3]" in gap_markdown(table)
    assert table.gaps[0].startswith("8.9")


def test_a_share_of_a_loss_that_may_be_nothing_is_not_shown():
    unsure = replace(CLOSED, quality="40", gap=0.04, share=4252.2, ci_low=None, ci_high=None)
    [table] = build_gap_tables([CLOSED, unsure])
    assert [cell.share for cell in table.rows[0][1]] == [58.8, None]
    assert "4252" not in gap_markdown(table)
