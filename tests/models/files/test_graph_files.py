"""ONNX and torch.export files: fixed sizes and numbers of pictures, several outputs, detectors, and what is refused."""

from __future__ import annotations

import copy
import pickle
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from jpegproof.exceptions import MissingExtraError, ModelError
from jpegproof.models.files.input_shape import InputShape
from jpegproof.models.find import find_model
from jpegproof.models.gradients import refuse_without_gradients
from jpegproof.models.preparation import ResizeCrop
from jpegproof.tasks.batch import Batch

WEIGHTS = np.arange(15, dtype=np.float32).reshape(3, 5)
Sides = list[Any]


def classifier(path: Path, sides: Sides, kind: int = TensorProto.FLOAT, axes: tuple[int, int] = (2, 3)) -> Path:
    """The mean of each channel times `WEIGHTS`."""
    nodes = [
        helper.make_node("ReduceMean", ["pictures", "axes"], ["means"], keepdims=0),
        helper.make_node("Cast", ["means"], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["cast", "weights"], ["logits"]),
    ]
    given = [numpy_helper.from_array(np.array(axes), "axes"), numpy_helper.from_array(WEIGHTS, "weights")]
    return saved(path, nodes, given, sides, {"logits": [sides[0], 5]}, kind)


def saved(path: Path, nodes: Any, given: Any, sides: Sides, outputs: Any, kind: int = TensorProto.FLOAT) -> Path:
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("pictures", kind, sides)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        given,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, path)
    return path


def expected(inputs: Tensor) -> Tensor:
    return inputs.mean(dim=(2, 3)) @ torch.from_numpy(WEIGHTS)


def logits(model: Any, inputs: Tensor) -> Tensor:
    return model.task.observe(model.network, Batch.of(inputs))


@pytest.mark.parametrize("batch", ["N", 1, 2, 4])
def test_any_number_of_pictures_goes_through_whatever_number_it_takes(batch: Any, tmp_path: Path):
    model = find_model(f"onnx:{classifier(tmp_path / 'm.onnx', [batch, 3, 'H', 'W'])}")
    for count in (1, 2, 3, 5):
        inputs = torch.rand(count, 3, 6, 7)
        assert torch.allclose(logits(model, inputs), expected(inputs), atol=1e-5)
    assert model.preparation == ResizeCrop()


def test_pictures_may_have_their_channels_last_or_half_precision(tmp_path: Path):
    inputs = torch.rand(2, 3, 6, 7)
    last = find_model(f"onnx:{classifier(tmp_path / 'm.onnx', ['N', 'H', 'W', 3], axes=(1, 2))}")
    assert torch.allclose(logits(last, inputs), expected(inputs), atol=1e-5)
    half = find_model(f"onnx:{classifier(tmp_path / 'h.onnx', ['N', 3, 'H', 'W'], kind=TensorProto.FLOAT16)}")
    assert torch.allclose(logits(half, inputs), expected(inputs), atol=1e-2)


def test_a_fixed_size_decides_how_pictures_are_prepared(tmp_path: Path):
    name = f"onnx:{classifier(tmp_path / 'm.onnx', [1, 3, 28, 28])}"
    model = find_model(name)
    assert model.preparation == ResizeCrop(32, (28, 28))
    assert find_model(name, task="tensors").preparation == ResizeCrop((28, 28), None)
    changed = find_model(name, preparation={"mean": (0.5, 0.5, 0.5)})
    assert changed.preparation == ResizeCrop(32, (28, 28), mean=(0.5, 0.5, 0.5))
    with pytest.raises(ModelError, match="takes pictures of height 28 alone, and this one has 30"):
        logits(model, torch.rand(1, 3, 30, 28))


def test_several_outputs_are_told_apart_by_name(tmp_path: Path):
    nodes = [
        helper.make_node("ReduceMean", ["pictures", "axes"], ["means"], keepdims=0),
        helper.make_node("Relu", ["pictures"], ["map"]),
    ]
    path = saved(
        tmp_path / "m.onnx",
        nodes,
        [numpy_helper.from_array(np.array([2, 3]), "axes")],
        [1, 3, "H", "W"],
        {"means": [1, 3], "map": [1, 3, "H", "W"]},
    )
    model = find_model(f"onnx:{path}", task="tensors")
    (answer,) = model.task.observe(model.network, Batch.of(torch.rand(1, 3, 4, 4)))
    assert {name: tuple(item.shape) for name, item in answer.items()} == {"means": (3,), "map": (3, 4, 4)}


def onnx_detector(path: Path, sides: Sides, names: tuple[str, str, str]) -> Path:
    """Says two boxes whatever it sees, the second with the mean of the picture as its score."""
    boxes = np.array([[0, 0, 4, 4], [1, 2, 3, 4]], dtype=np.float32)
    single = len(sides) == 3
    mean = helper.make_node("ReduceMean", ["pictures"], ["mean"], keepdims=0)
    nodes = [
        mean,
        helper.make_node("Unsqueeze", ["mean", "first"], ["one"]),
        helper.make_node("Concat", ["half", "one"], [names[2]], axis=0),
        helper.make_node("Identity", ["boxes_"], [names[0]]),
        helper.make_node("Cast", ["labels_"], [names[1]], to=TensorProto.INT64),
    ]
    given = {
        "first": np.array([0]),
        "half": np.array([0.5], np.float32),
        "boxes_": boxes,
        "labels_": np.array([2.0, 3.0]),
    }
    constants = [numpy_helper.from_array(value, name) for name, value in given.items()]
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, sides)],
        [
            helper.make_tensor_value_info(names[0], TensorProto.FLOAT, [2, 4]),
            helper.make_tensor_value_info(names[1], TensorProto.INT64, [2]),
            helper.make_tensor_value_info(names[2], TensorProto.FLOAT, [2]),
        ],
        constants,
    )
    assert single or len(sides) == 4
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


@pytest.mark.parametrize("sides", [[1, 3, "H", "W"], [3, "H", "W"]])
@pytest.mark.parametrize("names", [("boxes", "labels", "scores"), ("x", "y", "z")])
def test_detectors_answer_with_boxes_labels_and_scores(sides: Sides, names: Any, tmp_path: Path):
    model = find_model(f"onnx:{onnx_detector(tmp_path / 'm.onnx', sides, names)}", task="detection")
    (found,) = model.task.answer(model.network, Batch.of(torch.full((1, 3, 8, 8), 0.75)))
    assert found.scores == pytest.approx([0.75, 0.5])
    assert found.labels.tolist() == [3, 2]
    assert found.boxes.tolist() == [[1, 2, 3, 4], [0, 0, 4, 4]]


def test_what_answers_like_no_detector_is_told(tmp_path: Path):
    model = find_model(f"onnx:{classifier(tmp_path / 'm.onnx', ['N', 3, 'H', 'W'])}", task="detection")
    with pytest.raises(ModelError, match="a detector in a file must answer with boxes"):
        model.task.answer(model.network, Batch.of(torch.rand(1, 3, 8, 8)))


def test_nothing_is_trained_through_onnx(tmp_path: Path):
    model = find_model(f"onnx:{classifier(tmp_path / 'm.onnx', [1, 3, 'H', 'W'])}")
    for network in (model.network, nn.Sequential(copy.deepcopy(model.network))):
        with pytest.raises(ModelError, match=r"^a training needs gradients, and model 'm' computes none"):
            refuse_without_gradients(network, "m", "a training")
    refuse_without_gradients(nn.Flatten(), "m", "a training")
    with pytest.raises(ModelError, match="computes no gradients"):
        logits(model, torch.rand(1, 3, 4, 4, requires_grad=True))
    assert model.device == torch.device("cpu")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_what_torch_exports_answers_as_the_network_does(tmp_path: Path):
    torch.manual_seed(0)
    network = Network().eval()
    torch.onnx.export(network, (torch.rand(1, 3, 16, 16),), str(tmp_path / "m.onnx"), verbose=False)
    model = find_model(f"onnx:{tmp_path / 'm.onnx'}")
    assert model.preparation == ResizeCrop(18, (16, 16))
    inputs = torch.rand(3, 3, 16, 16)
    assert torch.allclose(logits(model, inputs), network(inputs), atol=1e-5)


def test_the_weights_beside_a_graph_name_the_model_too(tmp_path: Path):
    path = classifier(tmp_path / "m.onnx", [1, 3, "H", "W"])
    alone = find_model(f"onnx:{path}").identity
    (tmp_path / "m.onnx.data").write_bytes(b"weights")
    assert find_model(f"onnx:{path}").identity != alone


def test_files_that_are_no_graphs_of_pictures_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def complaint(path: Path) -> str:
        with pytest.raises(ModelError) as caught:
            find_model(f"onnx:{path}")
        return str(caught.value)

    assert "there is no such file" in complaint(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"no graph")
    assert "cannot be loaded as ONNX" in complaint(tmp_path / "bad.onnx")
    grey = saved(
        tmp_path / "g.onnx",
        [helper.make_node("Relu", ["pictures"], ["x"])],
        [],
        ["N", 1, "H", "W"],
        {"x": ["N", 1, "H", "W"]},
    )
    assert "its input is (any, 1, any, any)" in complaint(grey)
    assert "one input of floating pictures" in complaint(
        saved(
            tmp_path / "i.onnx",
            [helper.make_node("Cast", ["pictures"], ["x"], to=1)],
            [],
            [1, 3, 2, 2],
            {"x": [1, 3, 2, 2]},
            TensorProto.INT64,
        )
    )
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'jpegproof\[onnx\]'"):
        find_model(f"onnx:{classifier(tmp_path / 'm.onnx', [1, 3, 'H', 'W'])}")


@pytest.mark.parametrize(
    ("sides", "shape"),
    [
        ([None, 3, None, None], InputShape()),
        ([2, 3, 8, 9], InputShape(2, 8, 9)),
        ([1, None, None, None], InputShape(1)),
        ([None, None, None, 3], InputShape(channels_last=True)),
        ([1, 8, 9, 3], InputShape(1, 8, 9, channels_last=True)),
        ([3, None, None], InputShape(single=True)),
    ],
)
def test_shapes_are_read_as_they_are_said(sides: list[int | None], shape: InputShape):
    assert InputShape.of(sides, "file") == shape


# torch.export


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 5)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.head(self.conv(pictures).relu().mean(dim=(2, 3)))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, nn.Module]:
    torch.manual_seed(0)
    network = Network().eval()
    path = tmp_path_factory.mktemp("export") / "network.pt2"
    torch.export.save(torch.export.export(network, (torch.rand(2, 3, 16, 16),)), path)
    return path, network


def test_an_exported_program_is_measured_and_trained_through(exported: tuple[Path, nn.Module]):
    path, network = exported
    model = find_model(f"export:{path}", allow_code=True)
    assert model.preparation == ResizeCrop(18, (16, 16))
    inputs = torch.rand(3, 3, 16, 16)
    assert torch.allclose(logits(model, inputs), network(inputs), atol=1e-5)
    twin = copy.deepcopy(model.network).to("cpu").eval().train().requires_grad_(False)
    wanted = inputs.clone().requires_grad_()
    twin(wanted).sum().backward()
    assert wanted.grad is not None
    assert wanted.grad.abs().sum() > 0
    assert model.network.state_dict().keys() == network.state_dict().keys()


def test_it_is_not_read_unless_code_is_allowed(exported: tuple[Path, nn.Module], tmp_path: Path):
    class Code:
        def __reduce__(self) -> Any:
            return open, (str(tmp_path / "ran"), "w")

    # As a file of somebody else's may be: the sample inputs are unpickled whatever they are.
    path = tmp_path / "hostile.pt2"
    with zipfile.ZipFile(exported[0]) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, pickle.dumps(Code()) if "sample_inputs" in name else old.read(name))
    with pytest.raises(ModelError, match=r"read with pickle.*--allow-code"):
        find_model(f"export:{path}")
    assert not (tmp_path / "ran").exists()


def test_what_is_no_exported_program_is_told(tmp_path: Path):
    with pytest.raises(ModelError, match="there is no such file"):
        find_model(f"export:{tmp_path / 'none.pt2'}", allow_code=True)
    (tmp_path / "bad.pt2").write_bytes(b"no program")
    with pytest.raises(ModelError, match="cannot be loaded as an exported program"):
        find_model(f"export:{tmp_path / 'bad.pt2'}", allow_code=True)
