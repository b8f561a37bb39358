"""Sheets of explanations, and the observations as a document."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from PIL import Image

from jpegproof.analysis.explanations.observations import Observation, Part
from jpegproof.reports.explanation_sheets import ExplanationColumn, ExplanationSheet, brightness, draw_explanations
from jpegproof.reports.figures import png
from jpegproof.reports.observations_text import observations_markdown

SEEN = np.full((30, 40, 3), 120, dtype=np.uint8)
GRADIENT = np.zeros((3, 30, 40), dtype=np.float32)
CAM = np.zeros((30, 40), dtype=np.float32)
GRADIENT[1, 5, 6] = -2.0
CAM[10:20, 10:20] = 3.0


def column(heading: str = "JPEG, quality 10", **changes) -> ExplanationColumn:
    fields = {"seen": SEEN, "gradient": GRADIENT, "cam": CAM, "gradient_note": "3 dB", "cam_note": "0.9", **changes}
    return ExplanationColumn(heading, **fields)


def axes_of(sheet: ExplanationSheet) -> list[Axes]:
    return draw_explanations(sheet).axes


def test_each_version_is_a_column_with_its_gradient_above_its_map():
    columns = [column("Cured"), column(), column("Original", gradient_note="", cam_note="")]
    axes = axes_of(ExplanationSheet("some picture", columns))
    assert len(axes) == 6
    assert [one.get_title() for one in axes[:3]] == ["Cured", "JPEG, quality 10", "Original"]
    assert [one.get_xlabel() for one in axes] == ["3 dB", "3 dB", "", "0.9", "0.9", ""]
    assert [len(one.images) for one in axes] == [1, 1, 1, 2, 2, 2]
    assert [axes[0].get_ylabel(), axes[3].get_ylabel()] == ["Gradient", "Grad-CAM"]


def test_the_explained_box_or_region_is_marked():
    (above, below) = axes_of(ExplanationSheet("", [column()], box=np.array([2.0, 3.0, 12.0, 9.0])))
    assert not above.patches
    (patch,) = below.patches
    assert isinstance(patch, Rectangle)
    assert patch.get_bbox().bounds == (1.5, 2.5, 10, 6)
    outline = np.zeros((30, 40), dtype=bool)
    assert not axes_of(ExplanationSheet("", [column()], outline=outline))[1].collections
    outline[5:9] = True
    assert axes_of(ExplanationSheet("", [column()], outline=outline))[1].collections


def test_a_version_without_an_explanation_has_empty_places_and_says_why():
    empty = column("Cured", seen=None, gradient=None, cam=None, gradient_note="cannot be decoded", cam_note="")
    axes = axes_of(ExplanationSheet("", [empty, column()]))
    assert axes[0].get_xlabel() == "cannot be decoded"
    assert [len(one.images) for one in axes] == [0, 1, 0, 2]
    assert axes_of(ExplanationSheet("", [empty]))


def test_a_sheet_is_the_same_file_every_time_and_formulas_in_names_stay_text():
    sheet = ExplanationSheet("a $x^2$ name", [column()])
    once, again = (png(draw_explanations(sheet)) for _ in range(2))
    assert once == again
    with Image.open(io.BytesIO(once)) as image:
        assert image.width > 300


def test_gradients_are_bright_where_they_are_large_whatever_their_sign():
    found = brightness(GRADIENT)
    assert found.shape == (30, 40)
    assert found[5, 6] == 1
    assert found.sum() == 1
    spread = np.random.default_rng(0).normal(size=(3, 50, 50)).astype(np.float32)
    assert brightness(spread).max() == 1
    np.testing.assert_allclose(brightness(spread), brightness(7 * spread), rtol=1e-5)
    assert (brightness(np.zeros_like(GRADIENT)) == 0).all()


@pytest.mark.parametrize("verdict", ["true", "false", "undecided"])
def test_the_document_has_a_section_per_statement_and_escapes_names(verdict):
    part = Part("the gradient improves", "gradient_snr", True, 1.5, 1.0, 2.0, 30, verdict)
    found = [
        Observation("off_the_shelf", "It blurs", "classification", "photos", "net|<b>", "restorer", quality, (part,))
        for quality in (10, 30)
    ]
    text = observations_markdown(found)
    assert text.count("## It blurs") == 1
    line = next(line for line in text.splitlines() if "| 30 |" in line)
    assert line.startswith(f"| net\\|&lt;b&gt; | restorer | 30 | {verdict} | the gradient improves: {verdict}, +1.5 dB")
    assert "none of the edges" in observations_markdown([])
