"""A model of one's own, from a function that builds it. Calling it runs the user's code: the caller asks first."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from jpegproof.exceptions import ModelError, UnknownNameError, nearest
from jpegproof.models.model import Model, state_digest, wrap
from jpegproof.models.names import LIBRARIES
from jpegproof.weights import load_into, read_weights


def entry_point_model(
    name: str,
    weights: str | None,
    arguments: Mapping[str, Any],
    seed: int = 0,
    task: str | None = None,
    features: Sequence[str] = (),
) -> Model:
    """Builds a model by calling a function of the user's.

    Args:
        name: ``path/file.py:function`` or ``package.module:function``.
        weights: a local file to load into what the function answers, or None to take it as it is.
        arguments: keyword arguments for the function.
        seed: of the random numbers that the function draws from torch.
        task: what a bare network does; classification unless given.
        features: of a bare detector: see `wrap`.

    Returns:
        What the function answers, where it is a `Model`; a network wrapped as `wrap` does it, where it is a
        ``torch.nn.Module``.

    Raises:
        ModelError: the file or module cannot be imported, or the function fails or answers something else.
        UnknownNameError: the module has no such function.
        WeightsError: the weights do not fit.
    """
    place, _, attribute = name.rpartition(":")
    file = Path(place).expanduser() if place.endswith(".py") else None
    with _neighbours_of(file):
        function = _function(_module_from_file(file) if file else _module_by_name(place), place, attribute)
        try:
            # Seeded, so that a network left as it was initialised is the same one in every process.
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                answer = function(**arguments)
        except (Exception, SystemExit) as error:
            raise ModelError(f"{name}: the function failed: {type(error).__name__}: {error}") from error
    if not isinstance(answer, (Model, torch.nn.Module)):
        raise ModelError(
            f"{name}: answered a {type(answer).__name__}; a torch.nn.Module or jpegproof.wrap(...) is needed"
        )
    network = answer.network if isinstance(answer, Model) else answer
    if weights is not None:
        path = Path(weights).expanduser()
        load_into(network, read_weights(path), path)
    if isinstance(answer, Model) and task not in (None, answer.task.name):
        raise ModelError(f"{name}: answers with a model of {answer.task.name}, not of {task}; leave the task out")
    model = (
        answer if isinstance(answer, Model) else wrap(network, task or "classification", features=features, trial=False)
    )
    # Digested anew, so that the identity is that of the weights just loaded.
    identity = {**model.identity, "state": state_digest(network), "source": _source_digest(function, file)}
    return Model(model.network, model.task, model.preparation, identity)


@contextmanager
def _neighbours_of(file: Path | None) -> Iterator[None]:
    """Lets a file import what stands beside it, as it can when it is run as a script."""
    before = list(sys.path)
    if file is not None:
        sys.path.insert(0, str(file.resolve().parent))
    try:
        yield
    finally:
        sys.path[:] = before


def _function(module: ModuleType, place: str, attribute: str) -> Callable[..., Any]:
    function = getattr(module, attribute, None)
    if not callable(function):
        known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise UnknownNameError(f"{place} has no function {attribute!r}.{nearest(attribute, known)}")
    return function


def _module_from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file; a model of your own is named path/file.py:function")
    name = f"jpegproof_entry_point_{blake2b(str(path.resolve()).encode(), digest_size=6).hexdigest()}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ModelError(f"{path}: cannot be imported as a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # as an import would: dataclasses and pickling look themselves up here
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise ModelError(f"{path}: importing it failed: {type(error).__name__}: {error}") from error
    return module


def _module_by_name(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        hint = nearest(name, LIBRARIES)
        raise ModelError(f"{name}: cannot be imported ({error}); is it installed, or on PYTHONPATH?{hint}") from error
    except (Exception, SystemExit) as error:
        raise ModelError(f"{name}: importing it failed: {type(error).__name__}: {error}") from error


def _source_digest(function: Callable[..., Any], file: Path | None) -> str:
    """A digest of the named file and of the one that holds the function; empty where there is none (compiled)."""
    try:
        holder = inspect.getsourcefile(function)
    except TypeError:
        holder = None
    sources = ([file] if file else []) + ([Path(holder)] if holder and Path(holder).is_file() else [])
    digest = blake2b(digest_size=16)
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest() if sources else ""
