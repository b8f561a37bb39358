"""Models from files by the form of their name."""

from __future__ import annotations

from pathlib import Path

from jpegproof.exceptions import ModelError
from jpegproof.models.files.file_detector import FileDetector
from jpegproof.models.model import Model, wrap
from jpegproof.tasks.find import same_targets
from jpegproof.weights import file_digest


def model_of_file(library: str, name: str, weights: str | None, task: str | None, allow_code: bool) -> Model:
    """Builds a model from a file that holds the network and its weights.

    Args:
        library: ``torchscript``, ``export`` or ``onnx``.
        name: the file.
        weights: None: they are in the file.
        task: what it does; classification unless given.
        allow_code: whether it may be read though that can run code of the file.

    Returns:
        The model, prepared as its input's size asks for where that is fixed, and else as `wrap` does.

    Raises:
        ModelError, MissingExtraError: see the libraries' own.
        UnknownNameError: there is no such task.
    """
    path = Path(name).expanduser()
    if weights is not None:
        raise ModelError(f"{library}:{name}: has its weights in the file; leave --weights out")
    chosen = task or "classification"
    prepared = None
    if library == "torchscript":
        from jpegproof.models.files.torchscript import script_network

        network = script_network(path, allow_code)
    elif library == "export":
        from jpegproof.models.files.exported import exported_network

        network = exported_network(path, allow_code)
        prepared = network.shape.preparation(chosen)
    else:
        from jpegproof.models.files.onnx_network import OnnxNetwork

        network = OnnxNetwork(path)
        prepared = network.shape.preparation(chosen)
    if library != "torchscript" and same_targets(chosen, "detection"):
        network = FileDetector(network, str(path))
    model = wrap(network, chosen, prepared, trial=False)
    # ONNX keeps the weights of larger networks beside the graph.
    digests = [file_digest(file) for file in (path, path.with_name(f"{path.name}.data")) if file.is_file()]
    return Model(model.network, model.task, model.preparation, {"file": library, "digests": digests})
