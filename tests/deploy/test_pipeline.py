"""The pipeline: bytes in, answers out, whatever comes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from exported_folders import GATE, upload, uploads
from jpeg_files import file_bytes, png_of_size, smooth_picture, with_size
from jpeg_fixtures import fixtures
from small_training import thin_corrector, tiny_model

from jpegproof.correctors.protocol import to_pixels
from jpegproof.deploy.answers import Answer, Classes, Verdict
from jpegproof.deploy.pipeline import Pipeline
from jpegproof.exceptions import JpegproofError
from jpegproof.jpeg.codec import decode
from jpegproof.jpeg.intake import MAX_PIXELS, UnusablePictureError, open_picture
from jpegproof.models.find import find_model
from jpegproof.models.preparation import ResizeCrop
from jpegproof.tasks.class_map import ClassMap
from jpegproof.tasks.objects import Detections

CORRECTOR = thin_corrector(awake=True)
MODEL = tiny_model()


def logits(answer: Answer) -> np.ndarray:
    assert isinstance(answer.value, Classes), answer.error
    return answer.value.logits


def asked(pixels: np.ndarray) -> np.ndarray:
    """What the model says of a decoded picture."""
    framed = np.ascontiguousarray(MODEL.preparation.frame(pixels)[0])
    with torch.inference_mode():
        return MODEL.network(MODEL.preparation.normalise(framed)[None])[0].numpy()


def test_an_upload_is_corrected_prepared_and_answered():
    data = upload(60, 72)
    answer = Pipeline(MODEL, CORRECTOR, budget=None)(data)
    wanted = asked(to_pixels(CORRECTOR([decode(data)])[0]))
    np.testing.assert_array_equal(logits(answer), wanted)
    assert not np.array_equal(wanted, asked(decode(data).pixels))
    assert (answer.ok, answer.size, answer.corrected) == (True, (60, 72), "source")


def test_classes_are_named_and_ordered():
    answer = Pipeline(MODEL, top=2, classes=("one", "two", "three"))(upload(60, 72))
    assert isinstance(answer.value, Classes)
    best = np.argsort(-answer.value.logits)[:2].tolist()
    assert [score.label for score in answer.value.top] == best
    assert [score.name for score in answer.value.top] == [("one", "two", "three")[label] for label in best]
    everything = Pipeline(MODEL, top=99)(upload(60, 72)).value
    assert isinstance(everything, Classes)
    assert sum(score.probability for score in everything.top) == pytest.approx(1, abs=1e-6)


def test_a_batch_answers_as_its_uploads_do_alone():
    pipeline = Pipeline(MODEL, CORRECTOR, GATE, batch=2)
    for together, data in zip(pipeline(uploads()), uploads(), strict=True):
        alone = pipeline(data)
        np.testing.assert_allclose(logits(together), logits(alone), atol=1e-5)
        assert (together.corrected, together.size) == (alone.corrected, alone.size)
    assert pipeline([]) == []


def test_what_cannot_be_used_has_an_answer_that_says_why_and_stops_nobody():
    good = upload(60, 72)
    answers = Pipeline(MODEL, CORRECTOR)([b"", good, b"not a picture", good[:300], with_size(good, 9_000, 9_000)])
    assert [answer.ok for answer in answers] == [False, True, False, False, False]
    assert [answer.hazard for answer in answers][1] is None
    assert answers[0].error == "the file is empty"
    assert "error" in answers[2].plain()


def opened_or_not(data: bytes) -> np.ndarray | str:
    """A picture as studies read it, or why they do not."""
    try:
        return open_picture(data)
    except UnusablePictureError as error:
        return str(error)


@pytest.mark.parametrize("budget", [None, 1e6])
def test_every_odd_file_is_answered_as_the_study_reads_it_or_refused(budget):
    plain = Pipeline(MODEL, budget=None, max_pixels=MAX_PIXELS)
    cured = Pipeline(MODEL, CORRECTOR, GATE, budget=budget)
    for name, data in fixtures().items():
        answer, pixels = plain(data), opened_or_not(data)
        if isinstance(pixels, str):
            assert answer.error == pixels, name
        else:
            np.testing.assert_array_equal(logits(answer), asked(pixels), err_msg=name)
        assert cured(data).ok == answer.ok, name


def test_too_large_a_picture_is_refused_by_its_header():
    pipeline = Pipeline(MODEL, CORRECTOR, max_pixels=4_000)
    for data in (upload(60, 72), png_of_size(60_000, 60_000), file_bytes(smooth_picture(70, 70), "PNG")):
        answer = pipeline(data)
        assert answer.hazard == "too large"
    assert pipeline(upload(60, 60)).ok


def test_other_formats_are_answered_as_they_are():
    pixels = smooth_picture(50, 60)
    answer = Pipeline(MODEL, CORRECTOR)(file_bytes(pixels, "PNG"))
    np.testing.assert_array_equal(logits(answer), asked(pixels))
    assert answer.corrected == "nowhere"


def test_the_gate_keeps_good_pictures():
    cured, bare = Pipeline(MODEL, CORRECTOR, GATE, budget=None), Pipeline(MODEL, budget=None)
    for quality, place in ((10, "source"), (90, "nowhere")):
        data = upload(60, 72, quality)
        assert cured(data).corrected == place
        assert np.array_equal(logits(cured(data)), logits(bare(data))) == (place == "nowhere")


def test_large_uploads_are_decoded_at_a_fraction_even_without_a_corrector():
    answer = Pipeline(MODEL)(upload(1000, 1040))
    assert answer.decoded_at == 8
    whole = Pipeline(MODEL, budget=None)(upload(1000, 1040))
    assert whole.decoded_at == 1
    np.testing.assert_allclose(logits(answer), logits(whole), atol=0.2)


def test_tiny_uploads_are_answered_under_the_tightest_budget():
    model = replace(MODEL, preparation=ResizeCrop(None, None))
    pipeline = Pipeline(model, CORRECTOR, budget=CORRECTOR.multiply_adds_per_pixel)
    assert pipeline(upload(9, 11)).ok


def test_the_models_input_is_there_on_request():
    answer = Pipeline(MODEL)(upload(60, 72), keep_input=True)
    assert answer.framed is not None
    assert answer.framed.shape == (32, 32, 3)
    assert Pipeline(MODEL)(upload(60, 72)).framed is None


def test_threads_get_the_answers_that_one_thread_gets():
    pipeline = Pipeline(MODEL, CORRECTOR, GATE, at_once=3)
    files = [*uploads(), *fixtures().values()] * 3
    wanted = [pipeline(data).plain() for data in files]
    with ThreadPoolExecutor(8) as pool:
        assert [answer.plain() for answer in pool.map(pipeline, files)] == wanted


class Fragile(torch.nn.Module):
    """Fails where a picture is bright, and answers with infinity where it is dark."""

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        if (batch.mean((1, 2, 3)) > 1.5).any():
            raise RuntimeError("too bright\nand more")
        return torch.stack([1 / (batch.mean((1, 2, 3)) + 2).clamp(min=0).floor(), batch.mean((1, 2, 3))], dim=1)


def test_a_network_that_fails_on_one_picture_answers_the_others():
    def flat(level: int) -> bytes:
        return file_bytes(np.full((50, 50, 3), level, np.uint8), "PNG")

    answers = Pipeline(replace(MODEL, network=Fragile()))([flat(130), flat(255), flat(0)])
    assert answers[0].ok
    assert answers[1].error == "the model failed: RuntimeError: too bright"
    assert answers[2].error == "the model's answer is not finite"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("jpegproof:world-detector", Detections),
        ("jpegproof:world-segmenter", Detections),
        ("jpegproof:world-semantic-segmenter", ClassMap),
        ("jpegproof:world-patch-fake-detector", Verdict),
    ],
)
def test_every_task_has_its_answer(name, kind):
    answer = Pipeline(find_model(name), CORRECTOR)(upload(96, 128, 30))
    assert isinstance(answer.value, kind), answer.error
    assert answer.plain()["answer"] is not None
    if isinstance(answer.value, ClassMap):
        assert answer.value.numbers.shape == (96, 128)


@pytest.mark.parametrize("options", [{"batch": 0}, {"at_once": 0}, {"max_pixels": 0}, {"top": 0}, {"budget": 10.0}])
def test_numbers_that_make_no_sense_are_refused(options):
    with pytest.raises(JpegproofError, match=next(iter(options))):
        Pipeline(MODEL, CORRECTOR, **options)
