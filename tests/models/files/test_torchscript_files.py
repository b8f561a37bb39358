"""TorchScript files: measured, trained through, and refused where their program does more than compute."""

from __future__ import annotations

import copy
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from jpegproof.exceptions import ModelError
from jpegproof.models.files.torchscript import _REACHING, script_network
from jpegproof.models.find import find_model
from jpegproof.tasks.batch import Batch

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning", "ignore:.*torch.jit.*:FutureWarning")


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.ops = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
        self.head = nn.Linear(4, 5)

    def forward(self, pictures: Tensor) -> Tensor:
        # Nothing is saved here, and ops.rpc is only spoken of.
        return self.head(self.ops(pictures).mean(dim=[2, 3]))


class Writer(nn.Module):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def forward(self, pictures: Tensor) -> Tensor:
        torch.save(pictures, self.path)
        return pictures.mean(dim=[2, 3])


class Mapper(nn.Module):
    def forward(self, pictures: Tensor) -> Tensor:
        return torch.from_file("somewhere", shared=True, size=4)


class Detector(nn.Module):
    """Answers as torchvision's detectors do as scripts."""

    def forward(self, pictures: list[Tensor]) -> tuple[dict[str, Tensor], list[dict[str, Tensor]]]:
        found = [
            {
                "boxes": torch.tensor([[0.0, 0.0, 2.0, 2.0]]),
                "labels": torch.tensor([1]),
                "scores": picture.mean().reshape(1),
            }
            for picture in pictures
        ]
        return {"loss": torch.zeros(1)}, found


Saved = Callable[[nn.Module], Path]


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    def save(network: nn.Module) -> Path:
        torch.manual_seed(0)
        torch.jit.save(torch.jit.script(network.eval()), str(tmp_path / "network.pt"))
        return tmp_path / "network.pt"

    return save


def rewritten(path: Path, change: Callable[[str, bytes], bytes | None], **added: bytes) -> Path:
    """The archive with other records."""
    out = path.with_name("rewritten.pt")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        root = old.namelist()[0].split("/")[0]
        for name, content in added.items():
            new.writestr(f"{root}/{name}", content)
    return out


def test_a_script_answers_as_the_network_it_was_made_of(saved: Saved):
    torch.manual_seed(1)
    network = Classifier().eval()
    model = find_model(f"torchscript:{saved(network)}")
    inputs = torch.rand(2, 3, 8, 8)
    assert torch.allclose(model.task.observe(model.network, Batch.of(inputs)), network(inputs), atol=1e-6)
    assert model.task.name == "classification"
    assert find_model(f"torchscript:{saved(Classifier())}").identity != model.identity


@pytest.mark.parametrize("frozen", [False, True])
def test_gradients_pass_through_it_and_copies_of_it(frozen: bool, tmp_path: Path):
    script = torch.jit.script(Classifier().eval())
    torch.jit.save(torch.jit.freeze(script) if frozen else script, str(tmp_path / "network.pt"))
    model = find_model(f"torchscript:{tmp_path / 'network.pt'}")
    network = copy.deepcopy(model.network).to("cpu").eval().requires_grad_(False)
    inputs = torch.rand(1, 3, 8, 8, requires_grad=True)
    model.task.observe(network, Batch.of(inputs)).sum().backward()
    assert inputs.grad is not None
    assert inputs.grad.abs().sum() > 0
    assert model.device == torch.device("cpu")


def test_a_scripted_detector_answers_without_its_losses(saved: Saved):
    model = find_model(f"torchscript:{saved(Detector())}", task="detection")
    (found,) = model.task.answer(model.network, Batch.of(torch.full((1, 3, 4, 4), 0.5)))
    assert found.scores == pytest.approx([0.5])


# What a program may do


def test_a_program_that_writes_files_is_refused_before_it_is_loaded(saved: Saved, tmp_path: Path):
    path = saved(Writer(str(tmp_path / "written")))
    with pytest.raises(ModelError, match=r"calls save, which reaches beyond it.*--allow-code"):
        find_model(f"torchscript:{path}")
    assert not (tmp_path / "written").exists()
    network = script_network(path, allow_code=True)
    network(torch.rand(1, 3, 2, 2))
    assert (tmp_path / "written").exists()


def test_a_program_that_maps_files_is_refused(saved: Saved):
    with pytest.raises(ModelError, match="calls from_file"):
        find_model(f"torchscript:{saved(Mapper())}")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ops.c10d.send(pictures)", "calls operators of c10d"),
        ("ops . c10d . send(pictures)", "of an unnamed library"),
        ("ops", "of an unnamed library"),
        ("pictures.save('file')", "calls save"),
        ("ops.prim.rpc_sync(pictures)", "calls rpc_sync"),
        ("__torch__.torch.classes.own.Thing()", "foreign classes"),
        ("__torch__.torch. \\\n classes.own.Thing()", "foreign classes"),
        ("(__torch__ . # a remark\n torch.classes.own.Thing())", "foreign classes"),
    ],
)
def test_programs_are_looked_through_however_they_are_written(code: str, said: str, saved: Saved):
    def change(name: str, content: bytes) -> bytes:
        return content + f"\n# appended\nx = {code}\n".encode() if re.search(r"code/.*\.py$", name) else content

    with pytest.raises(ModelError, match=said):
        find_model(f"torchscript:{rewritten(saved(Classifier()), change)}")


def test_operators_that_only_compute_are_allowed(saved: Saved):
    def change(name: str, content: bytes) -> bytes:
        return content.replace(b"torch.mean", b"ops.aten.mean") if name.endswith(".py") else content

    path = rewritten(saved(Classifier()), change)
    assert script_network(path, False)(torch.rand(1, 3, 8, 8)).shape == (1, 5)


def test_objects_of_foreign_classes_among_the_data_are_refused(saved: Saved):
    def change(name: str, content: bytes) -> bytes:
        return content + b"c__torch__.torch.classes.own\nThing\n" if name.endswith("/data.pkl") else content

    with pytest.raises(ModelError, match="foreign classes"):
        find_model(f"torchscript:{rewritten(saved(Classifier()), change)}")


def test_the_format_that_cannot_be_looked_through_is_refused(saved: Saved):
    path = rewritten(saved(Classifier()), lambda _, content: content, **{"model.json": b"{}"})
    with pytest.raises(ModelError, match="format of 2019"):
        find_model(f"torchscript:{path}")


def test_torch_has_no_other_operators_that_take_the_name_of_a_file():
    """Of all operators that a program may call, those that were found to reach files are the ones that are refused."""
    suspicious = re.compile(r"\b\w*(file|path|url|uri)\w*\b")
    reaching = set()
    for schema in torch._C._jit_get_all_schemas():
        library, name = schema.name.split("::")
        takes = [argument.name for argument in schema.arguments if str(argument.type) in ("str", "Optional[str]")]
        if library in ("aten", "prim", "prims", "quantized") and any(map(suspicious.search, takes)):
            reaching.add(name)
    assert reaching == {"save", "from_file"}
    assert all(_REACHING.search(name.encode()) for name in reaching)


# What is no script


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"PK\x03\x04" + b"\0" * 100, b"\x80\x02}.", b"PTMF" * 20])
def test_other_files_are_told(content: bytes, tmp_path: Path):
    (tmp_path / "network.pt").write_bytes(content)
    with pytest.raises(ModelError, match="is no TorchScript file"):
        find_model(f"torchscript:{tmp_path / 'network.pt'}")


def test_a_state_dict_is_told_from_a_script(tmp_path: Path):
    torch.save(Classifier().state_dict(), tmp_path / "network.pt")
    with pytest.raises(ModelError, match=r"is no TorchScript file.*--weights FILE"):
        find_model(f"torchscript:{tmp_path / 'network.pt'}")


def test_missing_files_and_superfluous_weights_are_told(saved: Saved, tmp_path: Path):
    with pytest.raises(ModelError, match="there is no such file"):
        find_model(f"torchscript:{tmp_path / 'none.pt'}")
    with pytest.raises(ModelError, match="leave --weights out"):
        find_model(f"torchscript:{saved(Classifier())}", weights="random")


def test_a_damaged_script_is_told(saved: Saved):
    def change(name: str, content: bytes) -> Any:
        return None if name.endswith("/data.pkl") else content

    with pytest.raises(ModelError, match="cannot be loaded as TorchScript"):
        find_model(f"torchscript:{rewritten(saved(Classifier()), change)}")
