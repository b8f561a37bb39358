"""Models whose name is a file or a folder: where it is, told without reading any."""

from __future__ import annotations

from pathlib import Path

from jpegproof.models.file_names import FILES


def absolute_source(source: str, root: Path) -> str:
    """A model's name that means the same from anywhere; of other models the name itself.

    Args:
        source: ``path/file.py:function``, ``torchscript:FILE``, ``export:FILE``, ``onnx:FILE``, or ``hf:FOLDER``, which
            is a name on the hub where there is no such folder.
        root: where relative paths begin.
    """
    place, colon, function = source.rpartition(":")
    if colon and place.endswith(".py"):
        return f"{root / Path(place).expanduser()}:{function}"
    library, _, rest = source.partition(":")
    path = root / Path(rest).expanduser()
    if library in FILES or (library == "hf" and rest and path.is_dir()):
        return f"{library}:{path}"
    return source


def missing_source(source: str, root: Path) -> Path | None:
    """The file that a model's name is and that is not there; None of other models."""
    library, _, rest = source.partition(":")
    path = root / Path(rest).expanduser()
    return path if library in FILES and not path.is_file() else None
