"""Models of one's own: from a file or a module, with errors that say whose fault it is; and what identifies them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from jpegproof.exceptions import JpegproofError, ModelError, UnknownNameError, WeightsError
from jpegproof.models.find import find_model
from jpegproof.models.model import Model, state_digest, wrap
from jpegproof.models.preparation import ResizeCrop
from jpegproof.tasks.batch import Batch

NETWORK = """
import torch

def build(classes=3, fill=None):
    network = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(3, classes))
    if fill is not None:
        torch.nn.init.constant_(network[2].weight, fill)
    return network.train()
"""
WRAPPED = """
import torch
from jpegproof import ResizeCrop, wrap

def build():
    return wrap(torch.nn.Flatten(), prepare=ResizeCrop(8, (8, 8), mean=(0, 0, 0), std=(1, 1, 1)))
"""


@pytest.fixture
def own(tmp_path: Path):
    """Writes a file of the user's and answers with the name of its function ``build``."""

    def write(source: str, file: str = "own.py") -> str:
        (tmp_path / file).write_text(source)
        return f"{tmp_path / file}:build"

    return write


def complaint(name: str, **options: Any) -> str:
    with pytest.raises(JpegproofError) as caught:
        find_model(name, **options)
    return str(caught.value)


# What a function may answer


def test_a_network_becomes_an_imagenet_classifier_ready_to_be_measured(own: Any):
    model = find_model(own(NETWORK))
    assert model.task.name == "classification"
    assert model.preparation == ResizeCrop()
    assert not model.network.training
    assert model.task.observe(model.network, Batch.of(torch.zeros(2, 3, 8, 8))).shape == (2, 3)


def test_a_wrapped_network_keeps_its_own_preparation(own: Any):
    model = find_model(own(WRAPPED))
    assert model.preparation == ResizeCrop(8, (8, 8), mean=(0, 0, 0), std=(1, 1, 1))


def test_arguments_reach_the_function(own: Any):
    assert find_model(own(NETWORK), arguments={"classes": 7}).network[2].out_features == 7  # pyright: ignore


def test_weights_are_loaded_into_what_the_function_answers(own: Any, tmp_path: Path):
    name = own(NETWORK)
    state = {key: torch.full_like(value, 0.5) for key, value in find_model(name).network.state_dict().items()}
    save_file(state, tmp_path / "own.safetensors")
    model = find_model(name, weights=str(tmp_path / "own.safetensors"))
    assert all((value == 0.5).all() for value in model.network.state_dict().values())
    save_file({"other": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match=r"other\.safetensors: these weights are not of this network"):
        find_model(name, weights=str(tmp_path / "other.safetensors"))


def test_a_task_of_ones_own_and_its_identity_are_kept(own: Any):
    source = """
import torch
from jpegproof.models.model import Model
from jpegproof.models.preparation import ResizeCrop
from jpegproof.tasks.classification import Classification

class Own(Classification):
    name = "own"

def build():
    return Model(torch.nn.Flatten(), Own(), ResizeCrop(), {"revision": 3})
"""
    model = find_model(own(source))
    assert model.task.name == "own"
    assert model.identity["revision"] == 3
    assert "state" in model.identity


def test_a_module_by_name_is_imported(own: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own(NETWORK, "a_model_for_this_test.py")
    monkeypatch.syspath_prepend(tmp_path)
    assert find_model("a_model_for_this_test:build").task.name == "classification"


@pytest.mark.parametrize("place", ["", "    "], ids=["at import", "when called"])
def test_a_file_can_import_its_neighbours(place: str, own: Any, tmp_path: Path):
    (tmp_path / "neighbour_for_this_test.py").write_text(NETWORK)
    line = f"{place}from neighbour_for_this_test import build as other\n"
    before = list(sys.path)
    find_model(own(f"def build():\n{line}    return other()" if place else f"{line}def build():\n    return other()"))
    assert sys.path == before


def test_a_class_of_a_file_can_be_pickled_as_after_an_import(own: Any):
    source = NETWORK + "\nimport copy, pickle\nclass Thing: pass\npickle.loads(pickle.dumps(Thing()))\n"
    assert find_model(own(source))


# What can be wrong


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def build(", "importing it failed: SyntaxError"),
        ("1 / 0", "importing it failed: ZeroDivisionError: division by zero"),
        ("import nothing_of_this_name", "importing it failed: ModuleNotFoundError"),
        ("import sys; sys.exit(3)", "importing it failed: SystemExit: 3"),
        ("def build(): raise RuntimeError('no luck')", "the function failed: RuntimeError: no luck"),
        ("import sys\ndef build(): sys.exit(3)", "the function failed: SystemExit: 3"),
        ("def build(size): pass", "the function failed: TypeError"),
        ("def build(): return 7", "answered a int; a torch.nn.Module or jpegproof.wrap"),
        ("def build(): pass", "answered a NoneType"),
    ],
)
def test_a_failing_file_is_named_with_its_own_error(source: str, reason: str, own: Any):
    name = own(source)
    message = complaint(name)
    assert message.startswith(name.removesuffix(":build"))
    assert reason in message


def test_a_failing_module_is_named_with_its_own_error(own: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own("1 / 0", "a_broken_module_for_this_test.py")
    monkeypatch.syspath_prepend(tmp_path)
    assert "importing it failed: ZeroDivisionError" in complaint("a_broken_module_for_this_test:build")


def test_the_cause_is_kept_for_whoever_must_mend_the_file(own: Any):
    with pytest.raises(ModelError) as caught:
        find_model(own("def build(): raise KeyError('no luck')"))
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_mistyped_function_is_answered_with_the_nearest(own: Any):
    with pytest.raises(UnknownNameError, match=r"own\.py has no function 'build'\. Did you mean 'bulid'\?"):
        find_model(own("def bulid(): pass"))


def test_what_is_no_function_is_refused(own: Any):
    with pytest.raises(UnknownNameError, match="has no function 'build'"):
        find_model(own("build = 3"))


def test_a_missing_file_or_module_is_named(tmp_path: Path):
    assert "gone.py: there is no such file" in complaint(f"{tmp_path}/gone.py:build")
    assert "No module named 'no_such_module_at_all'" in complaint("no_such_module_at_all.x:build")


# Identity


def test_an_identity_changes_with_weights_structure_and_source(own: Any):
    first = find_model(own(NETWORK), arguments={"fill": 1.0}).identity
    assert find_model(own(NETWORK), arguments={"fill": 1.0}).identity == first
    assert find_model(own(NETWORK), arguments={"fill": 2.0}).identity["state"] != first["state"]
    assert find_model(own(NETWORK), arguments={"fill": 1.0, "classes": 4}).identity["state"] != first["state"]
    commented = find_model(own(NETWORK + "\n# changed"), arguments={"fill": 1.0}).identity
    assert (commented["state"], commented["source"] != first["source"]) == (first["state"], True)


@pytest.mark.parametrize("ending", ["build = partial(other)", "build = other", "build = lambda: other()"])
def test_the_named_file_counts_wherever_the_function_comes_from(ending: str, own: Any):
    source = f"from functools import partial\nfrom torch.nn import Flatten as other\n{ending}\n"
    assert find_model(own(source)).identity["source"] != find_model(own(source + "#")).identity["source"]


def test_a_network_left_as_initialised_is_the_one_of_the_seed(own: Any):
    """So that two worker processes measure the same network, and a resumed study knows it again."""

    def state(seed: int, before: int) -> str:
        torch.manual_seed(before)
        expected = torch.rand(1, generator=torch.Generator().manual_seed(before))
        model = find_model(name, seed=seed)
        assert torch.equal(torch.rand(1), expected)  # the caller's own random numbers go on undisturbed
        return model.identity["state"]

    name = own(NETWORK)
    assert state(0, before=1) == state(0, before=2)
    assert state(0, before=1) != state(1, before=1)


class Holding(nn.Module):
    """Nothing but one buffer."""

    def __init__(self, value: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("value", value)


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3)])
@pytest.mark.parametrize(
    "kind",
    ["float32", "float64", "float16", "bfloat16", "float8_e4m3fn", "complex64", "int8", "uint16", "int64", "bool"],
)
def test_a_state_of_every_kind_has_a_digest_that_follows_its_values(kind: str, shape: tuple[int, ...]):
    zeros, ones = (torch.full(shape, value).to(getattr(torch, kind)) for value in (0.0, 1.0))
    assert state_digest(Holding(zeros)) == state_digest(Holding(zeros.clone()))
    assert (state_digest(Holding(zeros)) == state_digest(Holding(ones))) == (zeros.numel() == 0)


def test_a_digest_tells_kinds_shapes_and_names_apart():
    zeros = torch.zeros(4)
    named = nn.Module()
    named.register_buffer("other", zeros)
    each = [Holding(zeros), Holding(zeros.reshape(2, 2)), Holding(zeros.int()), Holding(zeros[:3]), named]
    assert len({state_digest(network) for network in each}) == len(each)


def test_a_digest_tells_structures_of_equal_weights_apart():
    assert state_digest(nn.Sequential(nn.ReLU())) != state_digest(nn.Sequential(nn.GELU()))


def test_order_in_memory_does_not_matter():
    network = nn.Conv2d(3, 4, 3)
    before = state_digest(network)
    assert state_digest(network.to(memory_format=torch.channels_last)) == before


def test_tied_weights_and_extra_state_have_a_digest():
    class Tied(nn.Module):
        def __init__(self, extra: str) -> None:
            super().__init__()
            self.first = nn.Linear(3, 3)
            self.second = nn.Linear(3, 3)
            self.second.weight = self.first.weight
            self.extra = extra
            for parameter in self.parameters():
                nn.init.ones_(parameter)

        def get_extra_state(self) -> str:
            return self.extra

    assert state_digest(Tied("a")) == state_digest(Tied("a"))
    assert state_digest(Tied("a")) != state_digest(Tied("b"))


def test_an_address_in_a_description_does_not_matter():
    class Calling(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.function = lambda x: x

        def extra_repr(self) -> str:
            return repr(self.function)

    first, second = Calling(), Calling()
    assert repr(first) != repr(second)
    assert state_digest(first) == state_digest(second)


def test_wrapping_names_the_class_and_puts_the_network_into_evaluation():
    network = nn.Sequential(nn.Flatten()).train()
    model = wrap(network)
    assert isinstance(model, Model)
    assert model.identity["class"] == "torch.nn.modules.container.Sequential"
    assert not network.training
    with pytest.raises(UnknownNameError, match="Did you mean 'classification'"):
        wrap(network, "classificaton")
