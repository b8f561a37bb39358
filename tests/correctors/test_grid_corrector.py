"""The default corrector: any size, each picture for itself, told by the file how coarse it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from jpeg_files import file_bytes, smooth_picture
from jpeg_fixtures import sampled
from PIL import Image
from safetensors.torch import save_file
from small_training import same_state, state_of, thin_corrector

from jpegproof.correctors.default import (
    corrector_bytes,
    default_corrector,
    load_corrector,
    trained_for,
    untrained_corrector,
)
from jpegproof.correctors.find import find_corrector
from jpegproof.correctors.grid_corrector import condition
from jpegproof.exceptions import WeightsError
from jpegproof.jpeg.codec import DecodedJpeg, decode, encode
from jpegproof.jpeg.compression import Compression, Subsampling
from jpegproof.jpeg.parts import part_of

#: Factors of luma and of chroma, across and down.
SAMPLINGS = {
    "4:1:1": ((4, 1), (1, 1), (1, 1)),
    "4:1:0": ((4, 2), (1, 1), (1, 1)),
    "4:4:0": ((1, 2), (1, 1), (1, 1)),
}


def jpeg(height: int = 40, width: int = 56, quality: int = 20, subsampling: Subsampling = "4:2:0") -> DecodedJpeg:
    return decode(encode(smooth_picture(height, width), Compression("jpeg", quality, subsampling)))


def test_an_untrained_corrector_gives_the_picture_back():
    image = jpeg()
    assert torch.equal(untrained_corrector(0)([image])[0], image.tensor())


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (7, 33), (40, 56), (65, 16)])
@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4", "4:2:2"])
def test_any_size_comes_out_as_it_went_in(size, subsampling):
    answer = thin_corrector(awake=True)([jpeg(*size, subsampling=subsampling)])[0]
    assert answer.shape == (3, *size)
    assert answer.dtype == torch.float32
    assert torch.isfinite(answer).all()
    assert answer.min() >= 0
    assert answer.max() <= 1


def test_neighbours_do_not_matter():
    corrector = thin_corrector(awake=True)
    images = [jpeg(quality=10), jpeg(24, 24, 50), jpeg(quality=90)]
    together = corrector(images)
    for image, answer in zip(images, together, strict=True):
        assert torch.equal(corrector([image])[0], answer)


def test_restoring_in_groups_of_equal_size_keeps_the_order():
    corrector = thin_corrector(awake=True)
    images = [jpeg(quality=10), jpeg(24, 24, 50), jpeg(quality=90), jpeg(24, 24, 5)]
    with torch.no_grad():
        for image, answer in zip(images, corrector.restore(images), strict=True):
            assert torch.allclose(corrector.restore([image])[0], answer, atol=1e-5)


def test_the_tables_and_the_sampling_decide_what_is_done():
    corrector = thin_corrector(awake=True)
    image = jpeg()
    other_tables = replace(image.header, luma=image.header.luma * 2)
    other_chroma = replace(image.header, chroma=image.header.luma)
    other_sampling = replace(image.header, subsampling="4:4:4")
    answers = [corrector([DecodedJpeg(image.pixels, header)])[0] for header in (image.header, other_tables)]
    answers += [corrector([DecodedJpeg(image.pixels, header)])[0] for header in (other_chroma, other_sampling)]
    assert all(not torch.equal(answers[0], other) for other in answers[1:])


def test_a_grey_file_repeats_its_table_and_says_that_there_is_no_chroma():
    header = replace(jpeg().header, chroma=None, subsampling="4:0:0")
    told = condition(header)
    assert told.shape == (132,)
    assert torch.equal(told[:64], told[64:128])
    assert told[128:].tolist() == [0, 0, 0, 1]


def test_conditions_are_small_numbers_at_every_quality():
    for quality in (1, 10, 50, 90, 100):
        assert condition(jpeg(quality=quality).header).abs().max() < 3


def test_gradients_are_not_clamped_away():
    corrector = thin_corrector(awake=True)
    corrector.network.requires_grad_(True)
    white = replace(jpeg(), pixels=np.full((16, 16, 3), 255, np.uint8))
    corrector.restore([white])[0].sum().backward()
    gradient = corrector.network.tail.weight.grad
    assert gradient is not None
    assert gradient.abs().sum() > 0


def test_a_file_gives_back_the_same_corrector(tmp_path):
    corrector = thin_corrector(awake=True)
    content = corrector_bytes(corrector.network.state_dict(), corrector.network, "task_targeted")
    assert content == corrector_bytes(corrector.network.state_dict(), corrector.network, "task_targeted")
    path = tmp_path / "corrector.safetensors"
    path.write_bytes(content)
    loaded = load_corrector(path)
    assert same_state(state_of(loaded.network), state_of(corrector.network))
    assert trained_for(path) == "task_targeted"
    image = jpeg()
    assert torch.equal(loaded([image])[0], corrector([image])[0])
    found = find_corrector("jpegproof", str(path), {"precision": "float32"}, torch.device("cpu"))
    assert found.describe() == loaded.describe()


def test_half_precision_is_for_storage_only(tmp_path):
    corrector = thin_corrector(awake=True)
    path = tmp_path / "half.safetensors"
    path.write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network, half=True))
    loaded = load_corrector(path)
    assert loaded.network.tail.weight.dtype == torch.float32
    assert torch.allclose(loaded([jpeg()])[0], corrector([jpeg()])[0], atol=2e-3)


def test_describing_changes_with_the_weights_and_the_precision(tmp_path):
    seen = set()
    for seed in (0, 1):
        corrector = thin_corrector(seed)
        path = tmp_path / f"{seed}.safetensors"
        path.write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))
        seen |= {str(load_corrector(path, precision=precision).describe()) for precision in ("float32", "bfloat16")}
    assert len(seen) == 4


def test_files_that_are_no_corrector_of_ours_are_refused(tmp_path):
    other = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(1)}, other)
    with pytest.raises(WeightsError, match="spandrel:FILE"):
        load_corrector(other)
    huge = tmp_path / "huge.safetensors"
    save_file({"weight": torch.zeros(1)}, huge, metadata={"jpegproof": '{"width": 99999999, "depth": 1}'})
    with pytest.raises(WeightsError, match="no corrector"):
        load_corrector(huge)
    short = tmp_path / "short.safetensors"
    save_file({"weight": torch.zeros(1)}, short, metadata={"jpegproof": '{"width": 8, "depth": 1}'})
    with pytest.raises(WeightsError, match="not of this network"):
        load_corrector(short)
    with pytest.raises(WeightsError, match="no such"):
        load_corrector(tmp_path / "none.safetensors")


def test_the_default_comes_with_weights_that_repair():
    corrector = default_corrector()
    original = smooth_picture(96, 96)
    image = decode(encode(original, Compression("jpeg", 10)))
    clean = torch.from_numpy(original).permute(2, 0, 1).float() / 255
    before = (image.tensor() - clean).square().mean()
    after = (corrector([image])[0] - clean).square().mean()
    assert after < before


def test_bfloat16_answers_nearly_as_float32():
    image = jpeg(96, 96, 10)
    exact, quick = default_corrector()([image])[0], default_corrector(precision="bfloat16")([image])[0]
    assert (exact - quick).abs().mean() < 0.5 / 255


@pytest.mark.parametrize("name", ["4:1:1", "4:1:0", "4:4:0"])
def test_a_part_that_begins_on_units_of_16_is_answered_as_in_the_whole_whatever_the_sampling(name):
    image, corrector = decode(sampled(*SAMPLINGS[name], size=(144, 192))), thin_corrector(awake=True)
    part, origin = part_of(image, (16, 16, 128, 176))
    assert origin == (16, 16)
    whole, alone = corrector([image])[0][:, 16:128, 16:176], corrector([part])[0]
    reach = 2 * 8 * corrector.network.depth  # pixels that an answer depends on beyond its own block
    inner = (slice(None), slice(reach, -reach), slice(reach, -reach))
    assert alone[inner].shape == (3, 48, 96)
    assert torch.allclose(alone[inner], whole[inner], atol=1e-5)
    # One block further, blocks take each other's part in a unit: 8 would not have done.
    shifted = corrector([replace(part, pixels=image.pixels[24:136, 24:184])])[0]
    assert not torch.allclose(shifted[:, 32:72, 32:72], whole[:, 40:80, 40:80], atol=1e-5)


def test_a_picture_of_four_inks_stays_as_it_is_and_one_stored_as_rgb_is_corrected():
    picture = Image.fromarray(smooth_picture(40, 56))
    inks, stored = (
        decode(file_bytes(picture.convert("CMYK"), quality=10)),
        decode(file_bytes(picture, quality=10, keep_rgb=True)),
    )
    corrector = thin_corrector(awake=True)
    assert torch.equal(corrector([inks])[0], inks.tensor())
    assert not torch.equal(corrector([stored])[0], stored.tensor())
    told = condition(stored.header)
    assert torch.equal(
        told,
        condition(replace(stored.header, luma=stored.header.steps[0], chroma=stored.header.steps[1], colours="YCbCr")),
    )


def test_a_grey_picture_stays_grey_and_its_absent_chroma_is_not_heard():
    corrector = thin_corrector(awake=True)
    grey = np.repeat(smooth_picture(40, 56)[..., :1], 3, axis=2)
    image = decode(encode(grey, Compression("jpeg", 90)))
    header = replace(image.header, chroma=None, subsampling="4:0:0")
    answer = corrector([DecodedJpeg(grey, header)])[0]
    assert not torch.allclose(answer, DecodedJpeg(grey, header).tensor(), atol=1e-3)
    assert (answer[0] - answer[1]).abs().max() < 1e-5
    assert (answer[0] - answer[2]).abs().max() < 1e-5
    tinted = grey.copy()
    tinted[..., 2] ^= 1  # a trace of colour in a file that says it has none
    with torch.no_grad():
        pure, other = corrector.restore([DecodedJpeg(grey, header), DecodedJpeg(tinted, header)])
    # It stays where it was, and moves the grey by what it adds to luma alone.
    assert (pure - other).abs().mean() < 2 / 255
    assert ((other - pure)[2] - (other - pure)[0]).abs().max() == pytest.approx(1 / 255, abs=1e-5)


def test_a_file_that_asks_for_more_than_memory_is_refused_first(tmp_path):
    false = tmp_path / "false.safetensors"
    save_file({"head.bias": torch.zeros(1)}, false, metadata={"jpegproof": '{"width": 4096, "depth": 512}'})
    with pytest.raises(WeightsError, match=r"head\.bias is \(1,\) in the file and \(4096,\) in the network"):
        load_corrector(false)  # 600 GB
