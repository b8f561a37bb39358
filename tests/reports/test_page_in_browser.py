"""The page in a real browser: it says nothing to the console, asks for nothing, fits, and what can be driven works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from chromium import Visit, needs_chromium, started_chromium, visit
from rich_study import MODELS, rich_study, worst_pictures
from shown_folder import write_shown
from synthetic_study import EDGES, compressed, record, study_comparisons, study_rows

from jpegproof.analysis.read_rows import read_rows
from jpegproof.analysis.rows import Result, Skip, write_rows
from jpegproof.reports.page import build_page
from jpegproof.reports.page_explained import read_measures
from jpegproof.reports.page_render import render_page
from jpegproof.reports.shown_pictures import read_explained_pictures, read_shown_looks
from jpegproof.reports.study_record import StudyRecord

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Locator, Page

pytestmark = [pytest.mark.slow, needs_chromium]

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    '"><img src=x onerror=alert(3)>',
    "${alert(4)}",
    "%{customdata} <b>bold</b> <a href='javascript:alert(5)'>here</a> &lt;i&gt;",
    "\u202egnp.exe",
]

#: Elements that reach out of the window, but for those that scroll in a frame of their own.
OUTSIDE = """() => [...document.body.querySelectorAll('*')].filter((element) => {
  if (element.closest('.scroll, pre, .skip, caption, svg, [hidden]') && !element.matches('.scroll, pre')) return false;
  const box = element.getBoundingClientRect();
  return box.width && (box.right > innerWidth + 1 || box.left < -1);
}).map((element) => element.outerHTML.slice(0, 90))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install 'jpegproof[dev]'")
    with started_chromium() as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with a page that has every section."""
    out = tmp_path_factory.mktemp("rich")
    study = rich_study(out)
    write_rows(out / "results.csv", Result, study.results)
    return written(study, out)


def written(study: StudyRecord, out: Path) -> Path:
    (out / "report.html").write_bytes(render_page(build_page(study)).encode("utf-8", "replace"))
    return out


@pytest.fixture
def opened(browser: Browser, folder: Path) -> Iterator[Visit]:
    found = visit(browser, folder / "report.html")
    yield found
    found.page.context.close()


def unfold_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")


def drawn(page: Page) -> int:
    return page.locator(".js-plotly-plot .main-svg:first-child").count()


def until(page: Page, question: str, argument: Any = None) -> None:
    """Asks until the answer is yes. Playwright's own way of waiting evaluates text, which the page's policy forbids."""
    for _ in range(300):
        if page.evaluate(question, argument):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"still not so: {question}")


def until_there_are(count: int, found: Locator) -> None:
    """Plotly draws a moment after what asked for it."""
    found.page.wait_for_timeout(50)
    for _ in range(200):
        if found.count() == count:
            return
        found.page.wait_for_timeout(50)
    assert found.count() == count


def first_plot(page: Page) -> Any:
    plot = page.locator("[data-plot]").first
    plot.scroll_into_view_if_needed()
    plot.locator(".main-svg").first.wait_for()
    return plot


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_and_is_quiet(browser: Browser, folder: Path, width: int, scheme: Any):
    found = visit(browser, folder / "report.html", width, scheme)
    page = found.page
    assert page.evaluate(OUTSIDE) == []
    unfold_all(page)
    for canvas in page.locator(".canvas").all():
        canvas.scroll_into_view_if_needed()
        canvas.locator(".main-svg").first.wait_for()
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (found.complaints, found.requests) == ([], [])
    page.context.close()


def test_every_section_is_there_and_the_contents_lead_to_it(opened: Visit):
    links = opened.page.locator("nav a")
    assert links.all_inner_texts() == opened.page.locator("h2").all_inner_texts()
    assert len(links.all()) == 13
    for link in links.all():
        link.click()
        heading = opened.page.locator(link.get_attribute("href") or "")
        assert heading.is_visible()


def test_a_link_into_a_folded_part_unfolds_it(opened: Visit):
    page = opened.page
    page.evaluate("document.querySelectorAll('.part').forEach((fold) => (fold.open = false))")
    page.evaluate("location.hash = '#classes-1'")
    page.locator("#classes-1").locator("xpath=ancestor::details").locator("table").wait_for()


def test_the_numbers_are_those_of_results_csv(opened: Visit, folder: Path):
    rows = [row for row in read_rows(folder / "results.csv", Result, "") if row.quality is not None]
    unfold_all(opened.page)
    table = opened.page.locator("section[aria-labelledby=results] table").first
    shown = table.evaluate(
        """(table) => [...table.tBodies].flatMap((body) => [...body.rows].slice(1).flatMap((row, edge) =>
          [...row.cells].slice(1).map((cell, place) => [body.dataset.model, edge,
            Number(table.tHead.rows[0].cells[place + 1].textContent), Number(cell.dataset.value),
            cell.firstChild.textContent, cell.querySelector('small').textContent])))"""
    )
    assert len(shown) == len(rows) == 2 * 3 * 9
    for model, edge, quality, value, text, interval in shown:
        (row,) = [r for r in rows if (r.model, r.mitigation, r.corrector, r.quality) == (model, *EDGES[edge], quality)]
        assert value == pytest.approx(row.value, rel=1e-5)
        assert text == f"{row.value:.1f}"
        assert interval == f"[{row.ci_low:.1f}, {row.ci_high:.1f}]"


def test_only_figures_near_the_window_are_drawn(browser: Browser, tmp_path: Path):
    rows = [row for metric in ("top1", "top5") for row in study_rows([f"m{n:02}" for n in range(22)], metric=metric)]
    page = visit(browser, written(record(rows, comparisons=study_comparisons(rows)), tmp_path) / "report.html").page
    until(page, "() => window.Plotly !== undefined")
    assert drawn(page) == 0
    first_plot(page)
    page.wait_for_timeout(500)
    assert 0 < drawn(page) < 30
    page.context.close()


def test_pointing_at_a_line_says_its_number(opened: Visit):
    plot = first_plot(opened.page)
    canvas = plot.locator(".canvas").first
    canvas.locator(".point").first.hover(force=True)
    label = canvas.locator(".hoverlayer .hovertext")
    label.wait_for()
    assert "None" in (label.text_content() or "")
    assert "quality 10: 44.6 [40.2, 49.0]" in (label.text_content() or "")


def test_a_legends_entries_hide_lines_in_every_panel_by_mouse_and_by_key(opened: Visit):
    plot = first_plot(opened.page)
    until_there_are(6, plot.locator(".js-line"))
    button = plot.get_by_role("button", name="Off-the-Shelf")
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    until_there_are(4, plot.locator(".js-line"))
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    until_there_are(6, plot.locator(".js-line"))


def test_intervals_can_be_hidden(opened: Visit):
    plot = first_plot(opened.page)
    until_there_are(6, plot.locator(".js-fill"))
    plot.get_by_role("button", name="95 % intervals").click()
    until_there_are(0, plot.locator(".js-fill"))


def test_the_theme_button_turns_page_and_figures_dark(opened: Visit):
    page = opened.page
    plot = first_plot(page)
    stroke = "() => getComputedStyle(document.querySelectorAll('[data-plot] .js-line')[0]).stroke"
    before = page.evaluate(stroke)
    button = page.get_by_role("button", name="Dark theme")
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 30)"
    plot.scroll_into_view_if_needed()
    until(page, f"(before) => ({stroke})() !== before", before)
    button.click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def column(table: Any, number: int, body: int = 0) -> list[str]:
    return table.evaluate(
        "(table, [number, body]) => [...table.tBodies[body].rows].filter((row) => !row.querySelector('[colspan]'))"
        ".map((row) => row.cells[number].firstChild.textContent)",
        [number, body],
    )


def test_tables_are_sorted_by_number_up_down_and_back(opened: Visit):
    unfold_all(opened.page)
    table = opened.page.locator("section[aria-labelledby=worst] table")
    head = table.locator("thead th").nth(1)
    before = column(table, 1)
    assert before == ["100.0", "80.8"]  # as texts the other way round
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert column(table, 1) == ["80.8", "100.0"]
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert column(table, 1) == ["100.0", "80.8"]
    head.get_by_role("button").press("Space")
    assert head.get_attribute("aria-sort") == "none"
    assert column(table, 1) == before


def test_what_is_not_known_is_sorted_last_and_one_column_is_sorted_at_a_time(opened: Visit):
    unfold_all(opened.page)
    table = opened.page.locator("section[aria-labelledby=worst] table")
    heads = table.locator("thead th")
    heads.nth(4).get_by_role("button").click()
    assert column(table, 4) == ["62.5", "–"]
    heads.nth(4).get_by_role("button").click()
    assert column(table, 4) == ["62.5", "–"]
    heads.nth(1).get_by_role("button").click()
    assert [heads.nth(n).get_attribute("aria-sort") for n in (1, 4)] == ["ascending", "none"]


def test_models_stay_together_when_their_rows_are_sorted(opened: Visit):
    table = opened.page.locator("section[aria-labelledby=results] table").first
    table.locator("thead th").nth(1).get_by_role("button").click()
    table.locator("thead th").nth(1).get_by_role("button").click()
    assert [column(table, 1, body) for body in (0, 1)] == [["54.6", "50.8", "44.6"], ["65.9", "62.1", "55.9"]]
    assert table.locator("tbody tr:first-child").all_inner_texts() == [f"{MODELS[0]} (60.0)", f"{MODELS[1]} (71.3)"]


def test_a_slider_divides_two_looks_and_moves_by_keys(opened: Visit):
    article = opened.page.locator(".compared").first
    article.scroll_into_view_if_needed()
    slider = article.locator("input[type=range]")
    before = article.locator("img.before")
    assert before.get_attribute("alt") == "a.jpg as net saw it: JPEG, quality 10. Mean IoU 41.2\N{NO-BREAK SPACE}%"
    width = before.evaluate("(image) => image.getBoundingClientRect().width")

    def covered() -> float:
        return before.evaluate("(image) => parseFloat(getComputedStyle(image).clipPath.split(' ')[1]) || 0")

    half = covered()
    slider.focus()
    for _ in range(20):
        slider.press("ArrowRight")
    assert slider.input_value() == "70"
    assert covered() < half
    assert slider.get_attribute("aria-valuetext") == "70 % JPEG, quality 10, the rest Task-Targeted Artifact Correction"
    slider.press("Home")
    assert slider.input_value() == "0"
    assert width > 100


def test_both_sides_of_a_slider_can_be_chosen(opened: Visit):
    article = opened.page.locator(".compared").first
    article.get_by_label("Right").select_option("Ground truth")
    assert article.locator("img.after").get_attribute("alt") == "Ground truth of a.jpg."
    assert "Ground truth" in article.locator(".scores").inner_text()
    assert not article.locator(".looks").is_visible()


def test_the_first_key_leads_past_the_contents_and_focus_can_be_seen(opened: Visit):
    page = opened.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    box = page.locator(".skip").bounding_box()
    assert box
    assert box["x"] >= 0
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_without_scripts_everything_is_there_but_what_scripts_do(browser: Browser, folder: Path):
    found = visit(browser, folder / "report.html", scripts=False)
    page = found.page
    assert page.locator("noscript svg").first.is_visible()
    assert page.locator(".looks img").first.is_visible()
    assert not page.locator(".theme").is_visible()
    assert not page.locator(".slider").first.is_visible()
    assert found.complaints == []
    page.context.close()


def test_on_paper_everything_is_unfolded_and_drawn(opened: Visit, tmp_path: Path):
    page = opened.page
    page.emulate_media(color_scheme="dark")
    until(page, "() => window.Plotly !== undefined")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert drawn(page) == page.locator(".canvas").count()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() > 0
    assert page.evaluate("document.documentElement.dataset.theme") is None
    assert opened.complaints == []


def spoilt(row: Any, name: str) -> Any:
    """A row whose every text is a hostile name, but for what the code knows by name."""
    known = ("metric", "codec", "subsampling", "stage", "mitigation", "first_mitigation", "device", "phase", "stage")
    texts = [item.name for item in fields(row) if isinstance(getattr(row, item.name), str) and item.name not in known]
    return replace(row, **{text: name for text in texts if getattr(row, text)})


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_and_do_nothing(browser: Browser, tmp_path: Path, name: str):
    (tmp_path / "study").mkdir()
    write_shown(tmp_path / "study", dataset=name, picture=name, model=name, rule=name)
    rows = study_rows([name], dataset=name, slice=name, task=name, chain=name)
    comparisons = study_comparisons(rows)
    rows += [
        compressed(40.0, quality, model=name, mitigation=name, corrector=name, metric=name) for quality in (10, 20)
    ]
    out = tmp_path / "study"
    study = record(
        rows,
        comparisons=comparisons,
        title=name,
        notes=[name],
        environment={name: name},
        study_yaml=name,
        skips=[Skip(name, name, name)],
        worst=[spoilt(row, name) for row in worst_pictures(name)],
        looks=read_shown_looks(out / "sheets" / "sheets.csv"),
        explained=[replace(row, target=name) for row in read_explained_pictures(out / "explain" / "explain.csv")],
        explanations=[replace(row, model=name) for row in read_measures(out / "explanations.csv")],
        folder=out,
    )
    found = visit(browser, written(study, out) / "report.html")
    page = found.page
    dialogs: list[str] = []

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    unfold_all(page)
    for canvas in page.locator(".canvas").all():
        canvas.scroll_into_view_if_needed()
        canvas.locator(".main-svg").first.wait_for()
    point = page.locator(".js-plotly-plot .point").first
    point.hover(force=True)
    page.locator(".hoverlayer .hovertext").first.wait_for()
    shown = re.sub(r"\u202e", "", name)
    assert page.locator("h1").inner_text() == shown
    assert page.locator("img").count() == page.locator("img[src^='data:image/']").count() > 3
    assert page.locator("svg a, a[href^=javascript]").count() == 0
    assert page.locator(".main-svg b, .hoverlayer a").count() == 0
    assert (dialogs, found.complaints, found.requests) == ([], [], [])
    assert page.evaluate(OUTSIDE) == []
    page.context.close()
