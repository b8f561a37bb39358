"""In which precision a training computes convolutions; weights, pictures and losses stay float32."""

from __future__ import annotations

import torch

from jpegproof.training.recipe import Precision

_LOWER: dict[str, torch.dtype] = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def has_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 convolutions are faster than float32 ones there."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capability = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return device.type == "cpu" and bool(capability.get("avx512_bf16") or capability.get("amx_bf16"))


def lower_precision(precision: Precision, device: torch.device) -> torch.dtype | None:
    """What convolutions are computed in instead of float32; None for float32 itself."""
    if precision == "auto":
        return torch.bfloat16 if has_bfloat16(device) else None
    return _LOWER.get(precision)


def computing_in(lower: torch.dtype | None, device: torch.device) -> torch.autocast:
    """Autocast to what `lower_precision` answered."""
    return torch.autocast(device.type, lower or torch.bfloat16, enabled=lower is not None)


def name_of(lower: torch.dtype | None) -> str:
    """``float32``, ``bfloat16`` or ``float16``."""
    return str(lower or torch.float32).removeprefix("torch.")
