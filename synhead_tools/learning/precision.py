"""In which arithmetic the backbone computes."""

from __future__ import annotations

import torch

from synhead_tools.errors import TrainingError

# At 16 px the last stage strides over a single pixel; there torch 2.13's bfloat16 convolutions on the CPU read memory
# that nobody has written, and weights become numbers that differ from run to run, or none at all.
LEAST_BFLOAT16_CPU_PX = 32


def resolve_precision(precision: str, device: torch.device | str, input_px: int) -> str:
    """float32 or bfloat16: `precision`, with ``auto`` resolved by what `device` computes quickly, and rightly.

    Raises
    ------
    TrainingError
        bfloat16 was asked for where it computes wrongly.
    """
    on_cpu = torch.device(device).type == "cpu"
    if precision == "bfloat16" and on_cpu and input_px < LEAST_BFLOAT16_CPU_PX:
        raise TrainingError(
            f"bfloat16 cannot be trusted on a CPU with input_px = {input_px}, below {LEAST_BFLOAT16_CPU_PX}; give "
            "precision = float32"
        )
    if precision != "auto":
        return precision
    if not on_cpu:
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return "bfloat16" if supported() and input_px >= LEAST_BFLOAT16_CPU_PX else "float32"
