"""Pairs of checkpoint files: every form is loaded whole, and what does not fit is named."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from jpegproof.exceptions import WeightsError
from jpegproof.models.ade20k.build import ade20k_segmenter
from jpegproof.models.ade20k.checkpoint import checkpoint_files
from jpegproof.models.local_weights import local_weights

MOBILE, RESNET = "mobilenetv2dilated-c1_deepsup", "resnet18dilated-ppm_deepsup"
State = dict[str, Tensor]


def built(name: str = MOBILE, weights: str = "random", seed: int = 0, **arguments: Any) -> Any:
    return ade20k_segmenter(name, weights, seed, arguments)[0]


@pytest.fixture(scope="module")
def parts() -> tuple[State, State]:
    """An encoder's and a decoder's state, as the official code saves them: with its own norms' further buffers."""
    network = built(seed=3)
    return with_extras(network.encoder.state_dict()), with_extras(network.decoder.state_dict())


def with_extras(state: State) -> State:
    saved = dict(state)
    for key, value in state.items():
        layer, _, leaf = key.rpartition(".")
        if leaf == "running_mean":
            extras = {"_tmp_running_mean": value + 1, "_tmp_running_var": value + 2, "_running_iter": torch.ones(1)}
            saved |= {f"{layer}.{name}": extra for name, extra in extras.items()}
    return saved


def write(folder: Path, encoder: State, decoder: State) -> str:
    folder.mkdir(exist_ok=True)
    torch.save(encoder, folder / "encoder_epoch_20.pth")
    torch.save(decoder, folder / "decoder_epoch_20.pth")
    return str(folder)


def same(network: Any, encoder: State, decoder: State) -> bool:
    return all(
        torch.equal(value, state[key])
        for part, state in ((network.encoder, encoder), (network.decoder, decoder))
        for key, value in part.state_dict().items()
        if key in state
    )


def test_a_folder_a_pair_and_one_file_of_both_are_loaded(parts: tuple[State, State], tmp_path: Path):
    folder = write(tmp_path, *parts)
    assert not same(built(), *parts)
    network = built(weights=folder)
    assert same(network, *parts)
    pair = f"{tmp_path / 'encoder_epoch_20.pth'}, {tmp_path / 'decoder_epoch_20.pth'}"
    assert same(built(weights=pair), *parts)
    save_file(network.state_dict(), tmp_path / "fitted.safetensors")
    assert same(built(weights=str(tmp_path / "fitted.safetensors")), *parts)


def test_the_identity_is_that_of_both_files(parts: tuple[State, State], tmp_path: Path):
    encoder, decoder = parts
    changed = {key: value + 1 if key == "conv_last.bias" else value for key, value in decoder.items()}
    folders = [write(tmp_path / "a", encoder, decoder), write(tmp_path / "b", encoder, changed)]
    identities = [str(ade20k_segmenter(MOBILE, folder, 0, {})[2]) for folder in folders]
    identities += [str(ade20k_segmenter(MOBILE, "random", seed, {})[2]) for seed in (0, 1)]
    identities += [str(ade20k_segmenter(MOBILE, folders[0], 0, {"multi_scale": sizes})[2]) for sizes in (True, [300])]
    assert len(set(identities)) == 6
    again = write(tmp_path / "c", encoder, decoder)
    assert str(ade20k_segmenter(MOBILE, again, 0, {})[2]) == identities[0]


def test_buffers_that_do_not_matter_may_be_absent(parts: tuple[State, State], tmp_path: Path):
    loose = ("_tmp_running_mean", "_tmp_running_var", "_running_iter", "num_batches_tracked")
    bare: Any = [{key: value for key, value in part.items() if not key.endswith(loose)} for part in parts]
    assert all("features.17.conv.7.running_var" in part or "cbr.1.running_var" in part for part in bare)
    assert sum(map(len, bare)) < sum(map(len, parts))
    assert same(built(weights=write(tmp_path, *bare)), *parts)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("missing", r"1 missing: {key}"),
        ("renamed", r"1 missing: {key}; 1 unknown: {key}s"),
        ("extra", r"1 unknown: head\.weight"),
        ("extra buffer", r"1 unknown: head\._running_iter"),
        ("other shape", r"1 of another shape: {key} is \(1,\) in the file"),
    ],
)
def test_what_does_not_fit_is_named_with_its_official_key(
    place: int, change: str, words: str, parts: tuple[State, State], tmp_path: Path
):
    key = ("features.2.conv.3.weight", "conv_last_deepsup.bias")[place]
    part = dict(parts[place])
    if change in ("missing", "renamed"):
        value = part.pop(key)
        part |= {f"{key}s": value} if change == "renamed" else {}
    part |= {"extra": {"head.weight": torch.ones(1)}, "extra buffer": {"head._running_iter": torch.ones(1)}}.get(
        change, {}
    )
    part |= {key: torch.ones(1)} if change == "other shape" else {}
    changed: Any = [part if number == place else whole for number, whole in enumerate(parts)]
    folder = write(tmp_path, *changed)
    file = ("encoder", "decoder")[place]
    with pytest.raises(WeightsError, match=f"{file}_epoch_20.pth: .*" + words.format(key=key.replace(".", r"\."))):
        built(weights=folder)


def test_a_decoder_given_twice_and_another_networks_files_are_refused(parts: tuple[State, State], tmp_path: Path):
    with pytest.raises(WeightsError, match=r"missing: features\.0\.0\.weight.* unknown: cbr_deepsup"):
        built(weights=write(tmp_path, parts[1], parts[1]))
    with pytest.raises(WeightsError, match=r"missing: cbr_deepsup\.0\.weight.* unknown: features"):
        built(weights=write(tmp_path, parts[0], parts[0]))
    with pytest.raises(WeightsError, match=r"missing: conv1\.weight, bn1\.weight"):
        built(RESNET, weights=write(tmp_path, *parts))
    with pytest.raises(
        WeightsError, match=r"of another shape: conv_last_deepsup\.weight is \(150, 80, 1, 1\) in the file"
    ):
        built(weights=write(tmp_path, *parts), classes=7)


def test_files_are_found_or_the_mend_is_told(tmp_path: Path):
    for name in ("encoder_epoch_20.pth", "notes.txt", "decoder.txt"):
        (tmp_path / name).touch()
    with pytest.raises(WeightsError, match="holds no decoder"):
        checkpoint_files(str(tmp_path))
    (tmp_path / "decoder_epoch_20.pth").touch()
    files = [tmp_path / "encoder_epoch_20.pth", tmp_path / "decoder_epoch_20.pth"]
    assert checkpoint_files(str(tmp_path)) == files
    (tmp_path / "encoder_epoch_30.pth").touch()
    with pytest.raises(WeightsError, match=r"2 files encoder\* \(encoder_epoch_20.pth, encoder_epoch_30.pth\)"):
        checkpoint_files(str(tmp_path))
    assert checkpoint_files(f"{files[0]},{files[1]}") == files
    for wrong in ("a.pth,", ",b.pth", "a.pth,b.pth,c.pth"):
        with pytest.raises(WeightsError, match=r"ENCODER\.pth,DECODER\.pth"):
            checkpoint_files(wrong)
    with pytest.raises(WeightsError, match="no such weights file"):
        built(weights=str(tmp_path / "absent"))


def test_a_file_that_would_run_code_is_refused(parts: tuple[State, State], tmp_path: Path):
    class Command:
        def __reduce__(self) -> Any:
            return (print, ("code ran",))

    folder = write(tmp_path, *parts)
    torch.save({**parts[1], "conv_last.bias": Command()}, tmp_path / "decoder_epoch_20.pth")
    with pytest.raises(WeightsError, match=r"decoder_epoch_20\.pth: holds more than tensors"):
        built(weights=folder)


@pytest.mark.parametrize("name", [MOBILE, RESNET])
def test_a_copied_network_saves_and_loads_by_the_official_keys_too(name: str):
    network = built(name, seed=1)
    copied = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    state = copied.state_dict()
    assert list(state) == list(network.state_dict())
    assert any(value.abs().max() > 0 for value in state.values())
    other = built(name, seed=2)
    assert other.load_state_dict(state, strict=True).missing_keys == []
    assert all(torch.equal(value, other.state_dict()[key]) for key, value in state.items())


def test_the_local_files_of_a_name_are_told_without_reading_any():
    for source, weights, files in (
        ("ade20k:hrnetv2-c1", "a/hrnetv2-c1", ["a/hrnetv2-c1"]),
        ("ade20k:hrnetv2-c1", "a/e.pth, b/d.pth", ["a/e.pth", "b/d.pth"]),
        ("ade20k:hrnetv2-c1", "random", []),
        ("torchvision:fcn_resnet50", "COCO_WITH_VOC_LABELS_V1", []),
        ("torchvision:fcn_resnet50", "a,b.pth", ["a,b.pth"]),
        ("smp:Unet", None, []),
    ):
        assert local_weights(source, weights) == [Path(file) for file in files]
