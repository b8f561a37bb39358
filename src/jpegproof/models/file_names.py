"""The libraries whose models are files; nothing heavy is imported here."""

from __future__ import annotations

FILES = ("torchscript", "export", "onnx")
