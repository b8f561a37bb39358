"""TorchScript: a network and its program in one file, which torch's own interpreter runs and Python does not."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import torch

from jpegproof.exceptions import ModelError
from jpegproof.models.detectors.adapter import Adapter

_ZIP = b"PK\x03\x04"

#: The operators that reach beyond tensors: they write a file of the program's choice, map one into memory, or call
#: other machines.
_REACHING = re.compile(rb"(?<![A-Za-z0-9_])(save|from_file|rpc_sync|rpc_async|rpc_remote)(?![A-Za-z0-9_])")

#: Whatever calls an operator by its library, which is no attribute of a module and no declaration of one; and the
#: libraries that only compute.
_OPERATOR = re.compile(rb"(?<![A-Za-z0-9_.])ops(?![A-Za-z0-9_])(?! : )(?:\.([A-Za-z0-9_]+)\.)?")
_COMPUTING = frozenset([b"aten", b"prim", b"prims", b"quantized", b"torchvision"])

#: Classes that are written in C++ and set themselves up while a file is read.
_FOREIGN = re.compile(rb"__torch__\s*\.\s*torch\s*\.\s*classes")

#: What the interpreter passes over between two words, besides white space.
_PASSED_OVER = re.compile(rb"\\\r?\n|#[^\n]*")


class ScriptNetwork(Adapter):
    """A TorchScript module. Gradients pass through it, and it learns where it was not frozen.

    Detectors of torchvision answer as scripts with their losses too, which are left out.
    """

    def forward(self, pictures: Any) -> Any:
        """What the script answers."""
        answer = self.network(pictures)
        if (
            isinstance(answer, tuple)
            and len(answer) == 2
            and isinstance(answer[0], dict)
            and isinstance(answer[1], list)
        ):
            return answer[1]
        return answer

    def __deepcopy__(self, memo: dict[int, Any]) -> ScriptNetwork:
        with torch.no_grad():  # or its weights would be results of the first one's
            # A frozen script does not know its mode unless it is told.
            twin = ScriptNetwork(copy.deepcopy(self.network, memo).train(self.network.training))
        for own, other in zip(self.network.parameters(), twin.network.parameters(), strict=True):
            other.requires_grad_(own.requires_grad)
        return twin


def script_network(path: Path, allow_code: bool) -> ScriptNetwork:
    """Loads a file that ``torch.jit.save`` wrote.

    A script is a program, though none of Python's: nothing of it can import or call Python. It is looked through first,
    by the reader that loads it, and refused where it could do anything but compute: write or map files, call operators
    of other libraries than torch's and torchvision's, or set up foreign classes.

    Args:
        path: of the file.
        allow_code: loads it whatever it holds.

    Raises:
        ModelError: it is missing, of another format, damaged, or refused.
    """
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file")
    with path.open("rb") as file:
        zipped = file.read(len(_ZIP)) == _ZIP
    try:
        reader = torch._C.PyTorchFileReader(str(path)) if zipped else None
    except RuntimeError:
        reader = None
    if reader is None or not any(name.startswith("code/") for name in reader.get_all_records()):
        raise ModelError(
            f"{path}: is no TorchScript file; torch.jit.save(torch.jit.script(network), FILE) writes one. A plain "
            "state_dict goes behind the name of a network: --weights FILE"
        )
    if not allow_code and (found := _reaching(reader)):
        raise ModelError(
            f"{path}: its program {found}, which a network needs not; it was not loaded. If you trust it, add "
            "--allow-code"
        )
    try:
        return ScriptNetwork(torch.jit.load(str(path), map_location="cpu").eval())
    # Damaged files and missing operators fail in whatever way the reader stumbles.
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{path}: cannot be loaded as TorchScript: {reason}") from error


def _reaching(reader: Any) -> str:
    """What the program does beyond computing; empty where nothing was found."""
    names = reader.get_all_records()
    if "model.json" in names:
        return "is in a format of 2019 that is not looked through"
    for name in names:
        if not name.endswith((".py", ".pkl")):  # tensors, and places in the source for messages
            continue
        content = reader.get_record(name)
        if _FOREIGN.search(content) or _FOREIGN.search(_PASSED_OVER.sub(b"", content)):
            return "holds objects of foreign classes"
        if name.startswith("code/") and name.endswith(".py"):
            if found := _REACHING.search(content):
                return f"calls {found[1].decode()}, which reaches beyond it"
            for found in _OPERATOR.finditer(content):
                if found[1] not in _COMPUTING:
                    return f"calls operators of {(found[1] or b'an unnamed library').decode()}"
    return ""
