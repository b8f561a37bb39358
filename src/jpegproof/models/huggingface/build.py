"""Models of transformers by their name on the hub, or from a folder as ``save_pretrained`` leaves it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import torch

from jpegproof.exceptions import JpegproofError, ModelError, WeightsError
from jpegproof.models.huggingface.detector import HuggingFaceDetector, labels_of
from jpegproof.models.huggingface.library import quiet, transformers_library
from jpegproof.models.huggingface.processor import preparation_of
from jpegproof.models.model import state_digest
from jpegproof.models.preparation import Preparation
from jpegproof.weights import load_into, read_weights

_Made = TypeVar("_Made")

#: What a class of transformers does, by what its name holds; any other that takes pictures is compared by its outputs.
TASKS = {
    "ForImageClassification": "classification",
    "ForObjectDetection": "detection",
    "ForSemanticSegmentation": "semantic_segmentation",
}

#: A configuration may name code of the hub in place of the library's own under these keys.
_CODE = ("attn_implementation", "experts_implementation", "kernel")

_PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-00001-of-*.bin")


def huggingface_model(
    name: str, weights: str | None, seed: int, task: str | None, arguments: Mapping[str, Any]
) -> tuple[torch.nn.Module, str, Preparation, Mapping[str, Any]]:
    """Builds a model of transformers. Nothing runs but the library's own code.

    Args:
        name: a folder with ``config.json``, ``model.safetensors`` and ``preprocessor_config.json``, or else the model's
            name on the hub, from which transformers downloads these.
        weights: None for the model's own; ``random``; or a local file of the network's state, such as one that `fit`
            wrote, or a ``pytorch_model.bin``, of which nothing is run.
        seed: of random weights.
        task: what is asked of it where that is not what its class is for: ``tensors`` of any.
        arguments: of a detector ``categories``: the data set's category id of each class, in the order of its classes.

    Returns:
        The network, its task, its preparation as the image processor's file says it, and what identifies it.

    Raises:
        MissingExtraError: transformers is not installed.
        ModelError: it cannot be found or downloaded, needs code of its own, is no model of pictures, or is prepared for
            in a way that is not known here; or it does not do the task.
        WeightsError: the weights are missing, a pickle, or do not fit.
    """
    library = transformers_library()
    local = _is_folder(name)
    name = str(Path(name).expanduser()) if local else name
    with quiet(library):
        options = {"trust_remote_code": False, "local_files_only": local}
        said, _ = _asked(name, "config.json", lambda: library.PreTrainedConfig.get_config_dict(name, **options))
        _refuse_code(name, said)
        config = _asked(name, "config.json", lambda: library.AutoConfig.from_pretrained(name, **options))
        kind = _class_of(library, name, config)
        own_task = next((said for part, said in TASKS.items() if part in kind.__name__), "tensors")
        if task not in (None, own_task, "tensors"):
            raise ModelError(f"hf:{name} is a {kind.__name__}, made for {own_task}, not for {task}; leave the task out")
        network = _network(kind, name, config, weights, seed, local)
        processor = _asked(
            name,
            "preprocessor_config.json",
            lambda: library.AutoImageProcessor.from_pretrained(name, backend="pil", **options),
        )
        prepared = preparation_of(processor, f"hf:{name}")
    chosen = task or own_task
    identity: dict[str, Any] = {
        "class": f"transformers.{kind.__name__}",
        "config": _digest(config.to_dict()),
        "state": state_digest(network),
    }
    if chosen == "detection":
        labels = labels_of(config.id2label, arguments)
        identity["labels"] = list(labels)
        network = HuggingFaceDetector(network, processor, labels)
    return network.eval(), chosen, prepared, identity


#: Of a configuration, what says where a model comes from rather than what it is.
_NO_MATTER = ("_name_or_path", "transformers_version", "_commit_hash")


def _digest(config: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in config.items() if key not in _NO_MATTER}
    return blake2b(json.dumps(kept, sort_keys=True, default=str).encode(), digest_size=16).hexdigest()


def _is_folder(name: str) -> bool:
    """Whether a name is a folder's.

    Raises:
        ModelError: it looks like a folder's, and there is none.
    """
    if Path(name).expanduser().is_dir():
        return True
    if name.startswith(("/", ".", "~")) or name.count("/") > 1:
        raise ModelError(
            f"hf:{name}: there is no such folder; give one that save_pretrained wrote, or a name on the hub"
        )
    return False


def _asked(name: str, file: str, ask: Callable[[], _Made]) -> _Made:
    """What transformers answers.

    Raises:
        ModelError: whatever it finds at fault.
    """
    try:
        return ask()
    except JpegproofError:
        raise
    # Downloads, damaged files and unknown kinds fail in whatever way their layer does.
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        if "trust_remote_code" in str(error):
            reason = "it needs code of its own, which is never run; build it in a Python file and name that: FILE.py:F"
        elif not _is_folder(name):
            reason += "; download the model elsewhere and name its folder: hf:FOLDER"
        raise ModelError(f"hf:{name}: {file} cannot be used: {reason}") from error


def _refuse_code(name: str, content: Any) -> None:
    for key, value in _said(content):
        if any(part in key for part in _CODE) and isinstance(value, str) and "/" in value:
            raise ModelError(
                f"hf:{name}: its configuration asks for code of the hub ({key}: {value}), which is not run"
            )


def _said(content: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Everything that a configuration says, with the key that it stands under."""
    if isinstance(content, Mapping):
        for inner, value in content.items():
            yield from _said(value, str(inner))
    elif isinstance(content, list | tuple):
        for value in content:
            yield from _said(value, key)
    else:
        yield key, content


def _class_of(library: ModuleType, name: str, config: Any) -> type[Any]:
    architecture = (config.architectures or [""])[0]
    kind = getattr(library, architecture, None) if architecture else None
    if not isinstance(kind, type) or not issubclass(kind, library.PreTrainedModel):
        raise ModelError(f"hf:{name}: its config.json names the class {architecture!r}, which transformers has not")
    if getattr(kind, "main_input_name", "") != "pixel_values":
        raise ModelError(f"hf:{name}: a {architecture} takes more than pictures; wrap it in a Python file: FILE.py:F")
    return kind


def _network(kind: type[Any], name: str, config: Any, weights: str | None, seed: int, local: bool) -> torch.nn.Module:
    if weights is None:
        _refuse_pickles(name, local)
        options = {"use_safetensors": True, "trust_remote_code": False, "local_files_only": local}
        network, found = _asked(
            name,
            "model.safetensors",
            lambda: kind.from_pretrained(name, config=config, dtype=torch.float32, output_loading_info=True, **options),
        )
        _refuse_gaps(f"hf:{name}", kind, found)
        return network
    if hasattr(config, "use_pretrained_backbone"):
        config.use_pretrained_backbone = False  # or it would be downloaded, and overwritten
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _asked(name, "config.json", lambda: kind(config))
    if weights == "random":
        return network
    path = Path(weights).expanduser()
    state = read_weights(path)
    if set(state) <= set(network.state_dict()):
        load_into(network, state, path)
        return network
    # Files of the hub have the names of older versions, which the library brings up to date.
    options = {"state_dict": state, "dtype": torch.float32, "output_loading_info": True}
    network, found = _asked(name, str(path), lambda: kind.from_pretrained(None, config=config, **options))
    _refuse_gaps(str(path), kind, found)
    return network


def _refuse_gaps(where: str, kind: type[Any], found: Mapping[str, Any]) -> None:
    lacking = sorted(map(str, [*found["missing_keys"], *found["mismatched_keys"]]))
    if lacking:
        raise WeightsError(
            f"{where}: its weights are not those of a {kind.__name__}: {len(lacking)} are missing or of another shape "
            f"({', '.join(lacking[:4])}), and would be random"
        )


def _refuse_pickles(name: str, local: bool) -> None:
    folder = Path(name).expanduser()
    if not local or any(folder.glob("*.safetensors")):
        return
    pickles = [found for pattern in _PICKLES for found in sorted(folder.glob(pattern))]
    if pickles:
        raise WeightsError(
            f"hf:{name}: its weights are a pickle ({pickles[0].name}), which could run code on loading. Name it with "
            f"--weights {pickles[0]}, of which nothing is run, or save the model again: model.save_pretrained(FOLDER)"
        )
    raise WeightsError(f"hf:{name}: holds no model.safetensors")
