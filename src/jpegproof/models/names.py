"""The forms of a model's name, told apart without importing any library."""

from __future__ import annotations

from jpegproof.exceptions import nearest
from jpegproof.models.file_names import FILES

#: Libraries whose models are known by name; each is imported when a model of it is asked for.
LIBRARIES = (
    *("torchvision", "timm", "hf", "detectron2", "ade20k", "smp", "forensics", "jpegproof"),
    *FILES,
)


def is_entry_point(name: str) -> bool:
    """Whether a model name is ``path/file.py:function`` or ``package.module:function``."""
    place, colon, function = name.rpartition(":")
    if not colon or place in LIBRARIES or not function.isidentifier():
        return False
    return place.endswith(".py") or all(part.isidentifier() for part in place.split("."))


def unknown_model(name: str) -> str:
    """The message for a model name of no known form."""
    library, colon, rest = name.partition(":")
    hint = nearest(f"{library}:", [f"{known}:" for known in LIBRARIES]) if colon else ""
    if name.replace(".", "_").isidentifier():
        hint = f" Did you mean 'torchvision:{name}' or 'timm:{name}'?"
    if rest and hint:
        hint = hint.replace(":'", f":{rest}'")
    return (
        f"model {name!r} is not known.{hint} Models are named torchvision:NAME, timm:NAME, hf:NAME or "
        "hf:FOLDER, detectron2:NAME, ade20k:NAME, smp:NAME, forensics:NAME, jpegproof:NAME, torchscript:FILE, "
        "export:FILE, onnx:FILE, path/file.py:function or package.module:function."
    )
