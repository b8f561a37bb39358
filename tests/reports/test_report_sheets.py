"""Sheets and single pictures on paper: nothing lost at the border, nothing covered, and no name does harm."""

from __future__ import annotations

import io

import matplotlib.text
import numpy as np
import pytest
from detected_scenes import SIZE, detections, objects
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image
from shown_pictures import WHOLE, noise, shown, shown_boxes, shown_labels

from jpegproof.analysis.chosen import Choice
from jpegproof.probes.draw import draw
from jpegproof.probes.drawn import Drawn, Layer, Mark
from jpegproof.probes.shown import ShownPicture
from jpegproof.reports.figures import png
from jpegproof.reports.overlays import draw_over, shortened, width_of
from jpegproof.reports.sheet_of import gain_in_words, sheet_of
from jpegproof.reports.sheets import draw_sheet
from jpegproof.reports.single_pictures import LONGEST_SIDE, MOST_BYTES, single_pictures

HOSTILE = ["<script>alert(1)</script>", r"$\frac{1}{0}$", "=cmd()", "long " * 40, "two\nlines\x1b[31m", ""]


def drawn_on_paper(drawn: Drawn, points: float = 166) -> Figure:
    figure = Figure(figsize=(points / 72, points / 72 * 0.75), dpi=200)
    axes = figure.add_axes((0, 0, 1, 1))
    draw_over(axes, drawn, points, 5.0)
    return figure


def renderer_of(figure: Figure) -> RendererAgg:
    return FigureCanvasAgg(figure).get_renderer()


def frames(figure: Figure) -> list[Rectangle]:
    return [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle) and patch.get_gid() == "box"]


def names(figure: Figure) -> list[matplotlib.text.Text]:
    return [text for text in figure.axes[0].texts if text.get_gid() == "name"]


def sheet_figure(picture: ShownPicture, class_names: list[str] | None = None, gain: float | None = 4.0) -> Figure:
    choice = Choice("largest_gain" if gain is not None else "named", 1, 0, gain)
    return draw_sheet(sheet_of(picture, draw(picture, class_names), choice, "task_targeted"))


def words_of(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


@pytest.mark.parametrize(
    "box", [(-20.0, -20.0, 30.0, 30.0), (100.0, 70.0, 300.0, 300.0), (0.0, 0.0, *SIZE[::-1]), (5.0, 95.9, 20.0, 96.0)]
)
def test_a_box_at_the_border_is_drawn_within_the_picture_with_its_name(box):
    figure = drawn_on_paper(Drawn(noise(), WHOLE, marks=(Mark(box, "cat 0.90", (200, 30, 30), "right"),)))
    (frame,) = frames(figure)
    left, bottom = frame.get_xy()
    right, top = left + frame.get_width(), bottom + frame.get_height()
    assert WHOLE[0] < left <= right < WHOLE[2]
    assert WHOLE[1] < bottom <= top < WHOLE[3]
    (name,) = names(figure)
    inside = name.get_window_extent(renderer_of(figure))
    assert inside.x0 >= 0
    assert inside.y0 >= 0
    assert inside.x1 <= figure.bbox.x1 + 1
    assert inside.y1 <= figure.bbox.y1 + 1


def test_a_box_outside_of_the_picture_is_not_drawn():
    figure = drawn_on_paper(Drawn(noise(), WHOLE, marks=(Mark((500.0, 10.0, 600.0, 20.0), "cat", (9, 9, 9), "right"),)))
    assert frames(figure) == names(figure) == []


def test_right_and_wrong_are_told_by_more_than_colour():
    marks = tuple(
        Mark((10.0, 10.0, 40.0, 40.0), "cat", (90, 90, 200), verdict) for verdict in ("right", "wrong", "ignored")
    )
    styles = [frame.get_linestyle() for frame in frames(drawn_on_paper(Drawn(noise(), WHOLE, marks=marks)))]
    assert sorted(styles) == sorted(["solid", "dashed", "dotted"]) or sorted(styles) == sorted(["-", "--", ":"])


def test_of_more_than_a_hundred_boxes_all_are_drawn_and_no_name_covers_another():
    random = np.random.default_rng(0)
    corners = [(float(x), float(y), float(x) + 12, float(y) + 9) for x, y in random.uniform(0, 84, (130, 2))]
    marks = tuple(Mark(box, f"class {place} 0.80", (30, 90, 160), "right") for place, box in enumerate(corners))
    figure = drawn_on_paper(Drawn(noise(), WHOLE, marks=marks))
    assert len(frames(figure)) == 130
    renderer = renderer_of(figure)
    places = [name.get_window_extent(renderer) for name in names(figure)]
    assert 3 < len(places) < 130
    for number, one in enumerate(places):
        assert not any(one.overlaps(other) for other in places[number + 1 :])
    assert any(name.get_text() == "class 0 0.80" for name in names(figure)), "the most certain has a name"


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_every_kind_are_drawn_as_they_are_on_one_line(name):
    truth = objects([[10.0, 10, 90, 80]], [1])
    said = detections([[10.0, 10, 90, 80]], [1], [0.9])
    picture = shown("detection", "F1", [said], [[said], None], truth, name=name)
    figure = sheet_figure(picture, ["none", name])
    assert png(figure).startswith(b"\x89PNG")
    assert "\x1b" not in words_of(figure)
    for text in figure.findobj(matplotlib.text.Text):
        assert isinstance(text, matplotlib.text.Text)
        assert not text.get_parse_math()
    labels = sheet_figure(shown_labels([[1.0, 2.0], [2.0, 1.0]], 0), [name, name])
    renderer = renderer_of(labels)
    labels.draw(renderer)
    for axes in labels.axes:
        for text in axes.texts:
            assert text.get_window_extent(renderer).x1 <= axes.get_window_extent(renderer).x1 + 1
    single_pictures([one for one in draw(picture, ["none", name]).looks if one is not None])


def test_a_text_is_cut_where_it_is_too_wide_and_left_alone_where_it_is_not():
    assert shortened("snail", 200, 7) == "snail"
    cut = shortened("long " * 40, 60, 7)
    assert cut.endswith("…")
    assert 50 < width_of(cut, 7) <= 60
    assert shortened("", 60, 7) == ""


def test_a_sheet_says_why_how_good_and_what_could_not_be_used():
    truth = objects([[10.0, 10, 90, 80]], [1])
    said = detections([[10.0, 10, 90, 80]], [1], [0.9])
    words = words_of(sheet_figure(shown_boxes(said, [said, None], truth), ["none", "cat"]))
    assert "street/0007.png, finder: largest gain of Task-Targeted Artifact Correction, +4.0 points" in words
    assert "JPEG, quality 10" in words
    assert "F1 50.0 %\n1 right, 0 wrong, 0 missed" in words
    assert "cannot be decoded" in words
    assert "Ground truth" in words
    unlabelled = words_of(sheet_figure(shown_boxes(said, [said], None), gain=None))
    assert "Ground truth" not in unlabelled
    assert "gain" not in unlabelled
    assert "what the model says of the original" in unlabelled.replace("\n", " ")


def test_gains_are_said_in_the_metrics_unit():
    assert gain_in_words(4.04, "F1") == "+4.0 points"
    assert gain_in_words(-0.5, "true_label_log_probability") == "-0.50 nats"
    assert gain_in_words(-0.001, "F1") == "+0.0 points"
    assert gain_in_words(0.25, "distance") == "+0.25"


@pytest.mark.parametrize(
    ("size", "wanted"),
    [((96, 128), (384, 288)), ((480, 300), (300, 480)), ((1500, 1000), (320, 480)), ((1, 3000), (480, 1))],
)
def test_single_pictures_have_one_size_and_fit_into_their_bounds(size, wanted):
    whole = (0.0, 0.0, float(size[1]), float(size[0]))
    files = single_pictures([Drawn(noise(size[0], size[1], seed), whole) for seed in range(7)])
    assert sum(map(len, files)) <= MOST_BYTES
    opened = [Image.open(io.BytesIO(file)) for file in files]
    assert {picture.format for picture in opened} == {"WEBP"}
    (found,) = {picture.size for picture in opened}
    assert max(found) <= LONGEST_SIDE
    assert found[0] / found[1] == pytest.approx(wanted[0] / wanted[1], rel=0.05)
    smooth = np.full((*size, 3), 90, np.uint8)
    (plain,) = single_pictures([Drawn(smooth, whole)])
    assert Image.open(io.BytesIO(plain)).size == wanted


def test_what_is_said_lies_over_a_single_picture_where_it_belongs():
    grey = np.full((96, 128, 3), 128, np.uint8)
    red = Layer(np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8), (64.0, 0.0, 128.0, 96.0), alone=False)
    (file,) = single_pictures([Drawn(grey, WHOLE, red)])
    pixels = np.asarray(Image.open(io.BytesIO(file)).convert("RGB")).astype(int)
    assert abs(pixels[144, 90] - 128).max() < 8, "the left half is as it was"
    assert pixels[144, 240, 0] > pixels[144, 240, 2] + 80
    assert pixels[144, 340, 2] > pixels[144, 340, 0] + 80


def test_a_verdict_stands_below_a_single_picture_and_a_box_upon_it():
    grey = np.full((96, 128, 3), 128, np.uint8)
    mark = Mark((32.0, 24.0, 96.0, 72.0), "cat", (220, 30, 30), "right")
    boxed, labelled = (
        np.asarray(Image.open(io.BytesIO(file)).convert("RGB")).astype(int)
        for file in single_pictures(
            [
                Drawn(grey, WHOLE, marks=(mark,)),
                draw(shown_labels([[1.0, 2.0]] * 2, 0), None).looks[0] or Drawn(None, WHOLE),
            ]
        )
    )
    assert boxed[150, 96, 0] > boxed[150, 96, 2] + 60
    assert abs(boxed[150, 192] - 128).max() < 8
    assert np.median(labelled[-6]) < 80
