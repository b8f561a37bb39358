"""The page: its data are the rows', and its markup cannot be broken by a name."""

from __future__ import annotations

import base64
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from synthetic_study import compressed, record, reference, study_comparisons, study_rows

from jpegproof.analysis.rows import Skip
from jpegproof.reports.page import build_page, render_page
from jpegproof.reports.study_record import StudyRecord

HOSTILE = "</title><script>alert(1)</script>\"><img src=x onerror='alert(2)'>{{ 7 * 7 }}{% raw %}-->]]>"


class Elements(HTMLParser):
    """Every tag with its attributes, and the text of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
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


def test_the_page_needs_no_network_and_no_script(sample: Elements):
    for tag, attributes in sample.elements:
        assert tag not in {"script", "link", "iframe", "object"}
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))


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
    assert len(drawn) == 4 + 8
    assert all(a.get("aria-label") if a.get("role") == "img" else a.get("aria-hidden") == "true" for a in drawn)
    assert sum(attributes.get("role") == "img" for attributes in drawn) == 4


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
    assert not tags & {"script", "img", "iframe"}
    assert not any(name.startswith("on") for _, attributes in hostile.elements for name in attributes)
    assert hostile.text.count("<script>alert(1)</script>") > 5
    assert "{{ 7 * 7 }}" in hostile.text


def test_names_cannot_break_the_title(hostile: Elements):
    assert sum(tag == "title" for tag, _ in hostile.elements) == 1
    assert [tag for tag, _ in hostile.elements][:2] == ["html", "head"]


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
