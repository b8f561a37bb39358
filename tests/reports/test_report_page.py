"""The page: its data are the rows', and its markup cannot be broken by a name."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from synthetic_study import EDGES, compressed, record, reference, study_comparisons, study_rows

from jpegproof.analysis.rows import Skip
from jpegproof.reports.page import build_page
from jpegproof.reports.page_render import STATIC_PANELS, render_page
from jpegproof.reports.study_record import StudyRecord

HOSTILE = "</title><script>alert(1)</script>\"><img src=x onerror='alert(2)'>{{ 7 * 7 }}{% raw %}-->]]>"


class Elements(HTMLParser):
    """Every tag with its attributes, the text that is shown, and what the script elements hold."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        attributes = self.elements[-1][1] if self.elements else {}
        if self.cdata_elem == "script":
            self.scripts.append((attributes.get("type") or "", data))
        elif self.cdata_elem is None:
            self.text += data


def rendered(study: StudyRecord) -> Elements:
    return Elements(render_page(build_page(study)))


@pytest.fixture(scope="module")
def sample() -> Elements:
    rows = study_rows(["a", "b"])
    return rendered(record(rows, comparisons=study_comparisons(rows), title="Two models"))


@pytest.fixture(scope="module")
def hostile() -> Elements:
    rows = study_rows([HOSTILE], dataset=HOSTILE, slice=HOSTILE, chain=HOSTILE)
    rows += [compressed(1.0, mitigation=HOSTILE, corrector=HOSTILE, model=HOSTILE, metric=HOSTILE)]
    skips = [Skip(HOSTILE, HOSTILE, HOSTILE)]
    environment = {HOSTILE: HOSTILE}
    return rendered(
        record(rows, title=HOSTILE, skips=skips, environment=environment, study_yaml=HOSTILE, notes=[HOSTILE])
    )


def test_the_page_shows_every_number_of_the_rows(sample: Elements):
    for row in study_rows(["a", "b"]):
        assert row.value is not None
        assert f"{row.value:.1f}" in sample.text


def test_the_title_is_the_studys(sample: Elements):
    assert "Two models – jpegproof report" in sample.text


def test_the_page_needs_no_network(sample: Elements):
    for tag, attributes in sample.elements:
        assert tag not in {"link", "iframe", "object"}
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))


def policy_of(page: Elements) -> str:
    (policy,) = [a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    return policy or ""


def digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def test_the_policy_lets_the_pages_own_scripts_run_and_nothing_else(sample: Elements):
    running = [text for kind, text in sample.scripts if kind == ""]
    (packed,) = [text for kind, text in sample.scripts if kind == "text/plain"]
    running.append(gzip.decompress(base64.b64decode(packed)).decode())
    scripts = next(part for part in policy_of(sample).split(";") if "script-src" in part)
    assert set(scripts.split()[1:]) == {digest(script) for script in running}
    assert policy_of(sample).startswith("default-src 'none';")


def test_a_page_without_figures_does_not_carry_plotly():
    page = rendered(record([reference()]))
    assert not [text for kind, text in page.scripts if kind == "text/plain"]
    assert "plotly" not in page.text.lower()


def test_the_figures_data_are_the_rows():
    rows = study_rows(["a", "b"])
    page = rendered(record(rows))
    (values, _) = [json.loads(text) for kind, text in page.scripts if kind == "application/json"]
    for panel, model in zip(values["panels"], ["a", "b"], strict=True):
        for drawn, edge in zip(panel["drawn"], EDGES, strict=True):
            own = [r for r in rows if r.model == model and (r.mitigation, r.corrector) == edge and r.quality]
            assert drawn["x"] == [row.quality for row in own]
            assert drawn["y"] == pytest.approx([row.value for row in own], rel=1e-5)
            assert drawn["low"] == pytest.approx([row.ci_low for row in own], rel=1e-5)
            assert drawn["high"] == pytest.approx([row.ci_high for row in own], rel=1e-5)


def test_tables_are_sorted_by_the_rows_own_values(sample: Elements):
    values = {float(a["data-value"] or "nan") for tag, a in sample.elements if tag == "td" and "data-value" in a}
    for row in study_rows(["a", "b"]):
        assert row.quality is None or row.value in values


def test_every_table_has_a_caption_and_its_heads_a_scope(sample: Elements):
    tags = [tag for tag, _ in sample.elements]
    assert tags.count("caption") == tags.count("table") > 3
    assert all(attributes.get("scope") for tag, attributes in sample.elements if tag == "th")


def test_the_contents_list_every_section_and_no_other(sample: Elements):
    headings = [attributes["id"] for tag, attributes in sample.elements if tag == "h2"]
    links = [a["href"] for tag, a in sample.elements if tag == "a" and "download" not in a and a["href"] != "#main"]
    assert links == [f"#{anchor}" for anchor in headings]
    assert headings == ["summary", "results", "sizes", "protocol", "study"]


@pytest.mark.parametrize(("models", "drawn"), [(2, 4), (STATIC_PANELS // 2 + 1, 0)])
def test_readers_without_scripts_see_drawings_while_these_are_few(models, drawn):
    page = rendered(record(study_rows([f"m{number}" for number in range(models)])))
    tags = [tag for tag, attributes in page.elements if tag == "noscript"]
    assert len(tags) == drawn
    assert sum(tag == "svg" and a.get("role") == "img" for tag, a in page.elements) == drawn


def test_every_link_within_the_page_arrives(sample: Elements):
    targets = {f"#{attributes['id']}" for _, attributes in sample.elements if "id" in attributes}
    links = [attributes["href"] for _, attributes in sample.elements if "href" in attributes]
    assert links
    assert {link for link in links if link and link.startswith("#")} <= targets
    named = [attributes["aria-labelledby"] for _, attributes in sample.elements if "aria-labelledby" in attributes]
    assert {f"#{name}" for name in named} <= targets


def test_no_identifier_is_there_twice(sample: Elements):
    identifiers = [attributes["id"] for _, attributes in sample.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))


def test_every_figure_says_what_it_shows(sample: Elements):
    drawn = [attributes for tag, attributes in sample.elements if tag == "svg"]
    assert all(a.get("aria-label") if a.get("role") == "img" else a.get("aria-hidden") == "true" for a in drawn)
    canvases = [attributes for _, attributes in sample.elements if attributes.get("class") == "canvas"]
    assert len(canvases) == 4
    assert all(a["role"] == "img" and "at quality 10" in (a["aria-label"] or "") for a in canvases)


def test_headings_go_down_one_step_at_a_time(sample: Elements):
    levels = [int(tag[1]) for tag, _ in sample.elements if tag in {"h1", "h2", "h3", "h4"}]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_tables_can_be_taken_from_the_page(sample: Elements):
    links = [a for tag, a in sample.elements if tag == "a" and "download" in a]
    assert [(link["download"] or "").rsplit(".")[-1] for link in links] == ["csv", "tex", "md"] * 2
    content = base64.b64decode((links[0]["href"] or "").split("base64,")[1]).decode()
    assert content.startswith("task,dataset,slice,metric,")


def test_names_cannot_break_the_markup(hostile: Elements):
    tags = {tag for tag, _ in hostile.elements}
    assert not tags & {"img", "iframe"}
    assert all(digest(text) in policy_of(hostile) for kind, text in hostile.scripts if kind == "")
    assert not any(name.startswith("on") for _, attributes in hostile.elements for name in attributes)
    assert hostile.text.count("<script>alert(1)</script>") > 5
    assert "{{ 7 * 7 }}" in hostile.text


def test_names_cannot_break_the_title(hostile: Elements):
    assert sum(tag == "title" for tag, _ in hostile.elements) == 1
    assert [tag for tag, _ in hostile.elements][:2] == ["html", "head"]


def test_names_cannot_end_a_figures_data(hostile: Elements):
    data = [text for kind, text in hostile.scripts if kind == "application/json"]
    assert data
    assert not any(character in text for text in data for character in "<>&")
    labels = {drawn["label"] for text in data for panel in json.loads(text)["panels"] for drawn in panel["drawn"]}
    assert any("<script>alert(1)</script>" in label for label in labels)


def test_an_unfinished_study_says_so_first():
    page = build_page(record(study_rows(), missing_cells=12, total_cells=54))
    assert page.missing == "12 of 54 cells are still missing: this report covers what is finished."
    assert build_page(record(study_rows())).missing == ""


def test_an_empty_study_has_a_page_that_says_so():
    page = build_page(record([], title="", environment={}, study_yaml="", missing_cells=1, total_cells=1))
    assert page.title == "Untitled study"
    assert page.missing == "1 of 1 cell is still missing: this report covers what is finished."
    assert "There are no results yet" in Elements(render_page(page)).text


def test_a_number_that_is_missing_is_a_dash_on_the_page():
    parsed = rendered(record([reference(), compressed(None)]))
    assert "–" in parsed.text.split("Results")[-1]


def test_skipped_pictures_are_counted_and_a_hundred_are_listed():
    skips = [Skip("photos", f"{n}.jpg", "cut off") for n in range(130)]
    page = build_page(record([reference(), compressed(44.6)], skips=skips))
    assert (page.skipped, len(page.skips)) == (130, 100)
    text = Elements(render_page(page)).text
    assert "130 pictures could not be used" in text
    assert "and 30 more in skipped.csv" in text
    assert "99.jpg" in text
    assert "100.jpg" not in text


def test_a_list_of_a_few_skips_has_no_more():
    text = rendered(record([reference()], skips=[Skip("photos", "a.jpg", "not a picture")])).text
    assert "1 picture could not be used and is left out where that is so" in text
    assert "more in" not in text


def test_skips_are_counted_from_the_rows_where_there_is_no_list():
    assert build_page(record([compressed(1.0, n_skipped=3), compressed(1.0, 20, n_skipped=2)])).skipped == 3


def test_bytes_per_picture_are_those_of_the_rows():
    (sizes,) = build_page(record(study_rows())).file_sizes
    assert sizes.bytes_by_quality == {quality: 4000.0 + 90.0 * quality for quality in range(10, 100, 10)}
    assert "4.9 kB" in rendered(record([compressed(1.0, bytes_per_image=4900.0)])).text


def test_notes_environment_and_study_file_are_shown():
    study = record(study_rows(), notes=["photos is the embedded world."], study_yaml="qualities: [10]")
    text = rendered(study).text
    assert "photos is the embedded world." in text
    assert "11.3.0" in text
    assert "qualities: [10]" in text


def test_the_protocol_is_read_off_the_rows():
    protocol = dict(build_page(record(study_rows(seed=7))).protocol)
    assert protocol["Pictures of photos"] == "500"
    assert protocol["Compression"] == "JPEG 4:2:0, compressed at its source resolution"
    assert protocol["Qualities"] == "10, 20, 30, 40, 50, 60, 70, 80, 90"
    assert protocol["Seed"] == "7"


def test_blocks_of_pictures_are_said_with_every_interval_of_their_set():
    others = study_rows(dataset="paintings")
    page = build_page(record([*study_rows(), *others], blocks={"photos": 10}))
    captions = {section.table.key.dataset: section.table.caption for section in page.sections}
    assert captions["photos"].endswith("; intervals over blocks of 10 pictures")
    assert "blocks" not in captions["paintings"]
    assert dict(page.protocol)["Intervals"] == "95 %, bootstrap over the pictures; of photos over blocks of 10 pictures"
