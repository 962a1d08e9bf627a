"""Files of named tensors, read without running code from them."""

from __future__ import annotations

from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from synhead_tools.errors import CheckpointError


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """Named tensors of a .safetensors file, or of a torch file that holds nothing but tensors.

    Raises
    ------
    CheckpointError
        The file is missing or is not such a file.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"there is no weights file {path}")
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # each reader has its own family of errors; all mean the same to the user
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(f"{path} cannot be read as named tensors: {reason}") from None
    if not isinstance(tensors, dict) or not all(isinstance(value, Tensor) for value in tensors.values()):
        raise CheckpointError(f"{path} holds more than named tensors; save a plain state dict")
    return tensors


def read_tensor_notes(path: str | Path) -> dict[str, str]:
    """The notes in the header of a .safetensors file.

    Raises
    ------
    CheckpointError
        The file is missing or is not such a file.
    """
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            return file.metadata() or {}
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"{path} cannot be read as named tensors: {str(error).splitlines()[0]}") from None


def tensors_to_bytes(tensors: dict[str, Tensor], notes: dict[str, str] | None = None) -> bytes:
    """The .safetensors file of `tensors`, byte for byte the same for the same tensors and notes."""
    plain = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
    return safetensors.torch.save(plain, metadata=notes)
