"""What is said of servers: the dearest step by name, noise as noise, and numbers that cannot be had as dashes."""

from __future__ import annotations

from dataclasses import replace

from jpegproof.analysis.parity.rows import BlameRow, MetricRow, ServerRow
from jpegproof.reports.parity_tables import parity_latex, parity_markdown
from jpegproof.reports.parity_text import parity_sentences

SCOPE = {"task": "classification", "dataset": "photos", "model": "net_1"}
REFERENCE = ServerRow(
    **SCOPE,
    server="pillow+pillow-bilinear",
    decoder="pillow",
    resizer="pillow-bilinear",
    step="",
    n=90,
    failed=0,
    decoded_n=90,
    decoded_psnr=None,
    decoded_mean=0.0,
    decoded_largest=0,
    input_n=90,
    input_psnr=None,
    input_mean=0.0,
    input_largest=0,
)
NEAREST = replace(
    REFERENCE,
    server="pillow+pillow-nearest",
    resizer="pillow-nearest",
    step="resizer",
    input_psnr=25.04,
    input_mean=6.1,
    input_largest=180,
)
DRAFT = replace(
    NEAREST,
    server="pillow-draft+pillow-bilinear",
    decoder="pillow-draft",
    resizer="pillow-bilinear",
    step="decoder",
    decoded_n=70,
    input_largest=3,
)
SERVERS = [REFERENCE, NEAREST, DRAFT]


def metric(server: ServerRow, name: str, value: float, change: tuple[float, float, float] | None = None) -> MetricRow:
    moved, low, high = change or (None, None, None)
    return MetricRow(
        **SCOPE,
        server=server.server,
        metric=name,
        value=value,
        ci_low=value - 2,
        ci_high=value + 2,
        change=moved,
        change_low=low,
        change_high=high,
        n=90,
        seed=0,
    )


METRICS = [
    metric(REFERENCE, "top1", 60.0),
    metric(NEAREST, "top1", 55.0, (-5.0, -8.0, -2.0)),
    metric(NEAREST, "agreement", 80.0),
    metric(DRAFT, "top1", 59.5, (-0.5, -1.5, 0.5)),
    metric(DRAFT, "agreement", 97.0),
]


def test_the_dearest_of_each_step_is_named_with_what_it_costs():
    said = parity_sentences(SERVERS, METRICS, [], [], [])
    (resizer,) = [line for line in said if line.startswith("The resizer that costs most is pillow-nearest")]
    assert "80.0 % agreement with the reference [78.0, 82.0]" in resizer
    assert "−5.0 points [−8.0, −2.0]" in resizer
    assert "not told apart" not in resizer
    (decoder,) = [line for line in said if line.startswith("The decoder that costs most is pillow-draft")]
    assert "not told apart from zero with these 90 pictures" in decoder


def test_what_is_noise_is_counted_as_noise():
    said = parity_sentences(SERVERS, METRICS, [], [], [])
    (line,) = [line for line in said if line.startswith("Changes of top-1 accuracy")]
    assert "resizer pillow-nearest −5.0" in line
    assert "1 of 2 servers are within noise" in line
    quiet = [row for row in METRICS if row.server != NEAREST.server]
    assert "No change of top-1 accuracy is told apart" in " ".join(
        parity_sentences([REFERENCE, DRAFT], quiet, [], [], [])
    )


def test_without_labels_agreement_is_what_is_told():
    said = parity_sentences(SERVERS, [row for row in METRICS if row.metric == "agreement"], [], [], [])
    assert "top-1" not in " ".join(said)
    assert any("80.0 % agreement" in line for line in said)


def test_a_blame_that_cannot_be_told_is_none():
    both = replace(NEAREST, server="pillow-draft+pillow-nearest", decoder="pillow-draft", step="both")
    blame = BlameRow(
        **SCOPE,
        server=both.server,
        metric="agreement",
        decoder_cost=3.0,
        resizer_cost=20.0,
        difference=17.0,
        ci_low=9.0,
        ci_high=25.0,
        n=90,
        blamed="resizer",
        seed=0,
    )
    servers, metrics = [*SERVERS, both], [*METRICS, metric(both, "agreement", 79.0)]
    blamed = " ".join(parity_sentences(servers, metrics, [blame], [], []))
    assert "The resizer is to blame (pillow-nearest alone costs 20.0 points of agreement" in blamed
    open_ = replace(blame, ci_low=-1.0, blamed="")
    assert "Neither step can be told to cost more" in " ".join(parity_sentences(servers, metrics, [open_], [], []))


def test_the_table_marks_what_is_told_apart_and_how_many_were_compared():
    lines = parity_markdown(SERVERS, METRICS, []).splitlines()
    nearest, draft = (next(line for line in lines if server.server in line[:40]) for server in (NEAREST, DRAFT))
    assert "25.0" in nearest
    assert nearest.rstrip(" |").endswith("*")
    assert "same (of 70)" in draft
    assert not draft.rstrip(" |").endswith("*")


def test_latex_has_a_line_for_each_server_and_no_bare_special_character():
    text = parity_latex(SERVERS, METRICS)
    assert text.count(r"\\") == len(SERVERS) + 1
    assert r"net\_1" in text
    assert "\N{MINUS SIGN}" not in text
