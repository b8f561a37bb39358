"""How large the report's page is and how fast a browser opens it, with the results of 22 models.

The study is made up: 22 models, five metrics, four mitigations, nine qualities, with intervals and paired comparisons.
Timed are making the page's data, writing it as HTML, and opening the file in Chromium: from the start of the navigation
to the browser's ``load``, and to the first curves, to which the page is scrolled at once. The browser is started anew
for every round. The goal is the first curves in less than two seconds.

    python -m benchmarks.report_page [--models 22] [--rounds 5] [--out docs/results/report_page.json]
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from jpegproof.analysis.rows import Comparison, Result
from jpegproof.reports.page import build_page
from jpegproof.reports.page_render import render_page
from jpegproof.reports.study_record import StudyRecord

METRICS = ("top1", "top5", "agreement", "true_label_log_probability", "distance")
EDGES = {
    ("none", "identity"): 1.0,
    ("supervised_fine_tuning", "identity"): 0.45,
    ("off_the_shelf", "default"): 0.6,
    ("task_targeted", "targeted"): 0.35,
}
QUALITIES = range(10, 100, 10)
GOAL_SECONDS = 2.0

#: Runs in the page before its own scripts.
WATCH = """addEventListener('load', () => {
  document.querySelector('.canvas').scrollIntoView();
  const look = () => {
    if (document.querySelector('.canvas .main-svg')) window.firstPanel = performance.now();
    else requestAnimationFrame(look);
  };
  look();
});"""


def numbers(models: int) -> Iterator[Result | Comparison]:
    """The rows of the made-up study, and how each differs from the originals or from no cure."""
    for model in (f"model_{number:02d}" for number in range(models)):
        for metric in METRICS:
            shared = {
                "task": "classification",
                "dataset": "photos",
                "slice": "all",
                "model": model,
                "metric": metric,
            }
            yield _row(shared, ("none", "identity"), None, 76.0)
            for step, quality in enumerate(QUALITIES):
                lost = 15.4 * 0.62**step
                for edge, share in EDGES.items():
                    yield _row(shared, edge, quality, 76.0 - share * lost)
                    first = ("reference", "") if edge[0] == "none" else ("none", "identity")
                    difference = -lost if edge[0] == "none" else (1 - share) * lost
                    yield _compared(shared, first, edge, quality, difference)


def _setting(quality: int | None) -> dict[str, str]:
    if quality is None:
        return {"codec": "", "subsampling": "", "chain": "", "stage": ""}
    return {"codec": "jpeg", "subsampling": "4:2:0", "chain": "", "stage": "source"}


def _row(shared: dict[str, str], edge: tuple[str, str], quality: int | None, value: float) -> Result:
    return Result(
        **shared,
        **_setting(quality),
        mitigation=edge[0],
        corrector=edge[1],
        quality=quality,
        value=value,
        ci_low=value - 0.37,
        ci_high=value + 0.37,
        n=50_000,
        n_skipped=0,
        bytes_per_image=None if quality is None else 4000.0 + 90 * quality,
        seed=0,
        bits_per_pixel=None if quality is None else (4000.0 + 90 * quality) * 8 / (500 * 375),
    )


def _compared(
    shared: dict[str, str], first: tuple[str, str], second: tuple[str, str], quality: int, difference: float
) -> Comparison:
    return Comparison(
        **shared,
        **_setting(quality),
        quality=quality,
        first_mitigation=first[0],
        first_corrector=first[1],
        second_mitigation=second[0],
        second_corrector=second[1],
        difference=difference,
        ci_low=difference - 0.2,
        ci_high=difference + 0.2,
        n=50_000,
        seed=0,
    )


def opened(file: Path) -> tuple[float, float]:
    """Seconds from the start of the navigation to ``load``, and to the first curves, in a browser of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.add_init_script(WATCH)
        page.goto(file.as_uri())
        # Not `wait_for_function`, which evaluates text in the page, as the page's policy forbids.
        while not page.evaluate("() => window.firstPanel"):
            page.wait_for_timeout(50)
        load = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        first = page.evaluate("window.firstPanel")
        browser.close()
    return load / 1000, first / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=22)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if shutil.which("chromium") is None:
        sys.exit("there is no chromium: apt-get install chromium")
    rows = list(numbers(options.models))
    results = [row for row in rows if isinstance(row, Result)]
    comparisons = [row for row in rows if isinstance(row, Comparison)]
    started = time.perf_counter()
    page = build_page(StudyRecord("Made up", results, comparisons, [], {}, ""))
    built = time.perf_counter()
    html = render_page(page).encode()
    rendered = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.html"
        file.write_bytes(html)
        rounds = [opened(file) for _ in range(options.rounds)]
    loads, firsts = zip(*rounds, strict=True)
    found = {
        "models": options.models,
        "rows": len(results),
        "panels": sum(len(figure.panels) for figure in page.figures.values()),
        "bytes": len(html),
        "bytes_gzipped": len(gzip.compress(html)),
        "seconds_build": round(built - started, 3),
        "seconds_render": round(rendered - built, 3),
        "seconds_to_load": round(statistics.median(loads), 3),
        "seconds_to_first_curves": round(statistics.median(firsts), 3),
        "seconds_to_first_curves_worst": round(max(firsts), 3),
        "goal_seconds": GOAL_SECONDS,
        "rounds": options.rounds,
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
    }
    text = json.dumps(found, indent=2)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
