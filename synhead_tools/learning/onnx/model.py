"""One foreign ONNX model as a function of a batch; a file that may be anything is looked through before it runs."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch

from synhead_tools.errors import CheckpointError
from synhead_tools.input_files import open_input, read_input

MODEL_BYTES_LIMIT = 1 << 30
WORKING_BYTES_LIMIT = 4 << 30
"""Memory that all models of a process may take while they run; a graph can ask for any amount."""

_ADVICE = "give an ONNX model"
_ENDLESS = ("Loop", "Scan")
_QUIET = 4
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}


class OnnxModel:
    """A model with one picture input.

    Parameters
    ----------
    path : path
        The .onnx file; data it keeps in other files must lie in or below its folder.
    input_name : str
        Of the input; empty for the only one.
    output_names : tuple of str
        Outputs to read; empty for the only one.

    Raises
    ------
    CheckpointError
        The file is no model, holds what is not run here, or lacks an input or output of that name; one line.
    """

    def __init__(self, path: str | Path, input_name: str = "", output_names: tuple[str, ...] = ()) -> None:
        self.path = Path(path)
        look_through(self.path)
        options = session_options()
        try:
            self._session = onnxruntime.InferenceSession(str(self.path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own classes have no common root
            raise CheckpointError(f"{self.path} cannot be loaded: {short_reason(error)}") from None
        entry = _chosen(self._session.get_inputs(), (input_name,) if input_name else (), "input", self.path)[0]
        if entry.type not in _TYPES:
            raise CheckpointError(f"{self.path}: input {entry.name!r} takes {entry.type}, not float or uint8 pictures")
        self._input_name, self._type = entry.name, _TYPES[entry.type]
        self.input_shape: tuple[int | None, ...] = tuple(n if isinstance(n, int) else None for n in entry.shape)
        self._outputs = [one.name for one in _chosen(self._session.get_outputs(), output_names, "output", self.path)]

    @property
    def takes_uint8(self) -> bool:
        """Whether pictures go in as they are, values 0 to 255."""
        return self._type is np.uint8

    def run(self, batch: np.ndarray) -> np.ndarray:
        """Outputs (n, k) float64 of a batch of n pictures: all that is said of each, side by side.

        Raises
        ------
        CheckpointError
            The model fails, or does not answer once per picture.
        """
        if self.takes_uint8:
            batch = np.clip(np.rint(batch), 0, 255)
        try:
            answers = self._session.run(self._outputs, {self._input_name: batch.astype(self._type, copy=False)})
        except Exception as error:
            raise CheckpointError(
                f"{self.path} fails on a batch of shape {batch.shape}: {short_reason(error)}"
            ) from None
        for name, answer in zip(self._outputs, answers, strict=True):
            if not isinstance(answer, np.ndarray) or answer.ndim == 0 or len(answer) != len(batch):
                shape = getattr(answer, "shape", type(answer).__name__)
                raise CheckpointError(
                    f"{self.path}: output {name!r} has shape {shape} for a batch of {len(batch)}; its first axis must "
                    "count the pictures (input.batch = 1 asks for one at a time)"
                )
        return np.concatenate([answer.reshape(len(batch), -1).astype(float) for answer in answers], axis=1)


def _chosen(entries: list[Any], names: tuple[str, ...], what: str, path: Path) -> list[Any]:
    """The inputs or outputs of those names, in that order; without names the only one."""
    known = {entry.name: entry for entry in entries}
    listed = ", ".join(list(known)[:20])
    if not names:
        if len(known) != 1:
            raise CheckpointError(f"{path} has {len(known)} {what}s ({listed}); say which in [{what}] of its TOML file")
        return list(known.values())
    missing = [name for name in names if name not in known]
    if missing:
        raise CheckpointError(f"{path} has no {what} {missing[0]!r}; it has {listed}")
    return [known[name] for name in names]


def look_through(path: Path) -> onnx.ModelProto:
    """The model in a file; CheckpointError if it is none, reads files outside its folder, or could run for ever."""
    data = read_input(path, MODEL_BYTES_LIMIT, CheckpointError, _ADVICE)
    try:
        model = onnx.load_model_from_string(data)
    except Exception:  # protobuf's own classes; which one depends on its implementation
        raise CheckpointError(f"{path} is no ONNX model; copy the file again") from None
    if not model.graph.node:
        raise CheckpointError(f"{path} is no ONNX model; copy the file again")
    for message in _messages(model):
        if isinstance(message, onnx.NodeProto) and message.op_type in _ENDLESS:
            raise CheckpointError(f"{path} holds the operator {message.op_type}, which may never end; it is not run")
        if isinstance(message, onnx.TensorProto):
            for entry in message.external_data:
                if entry.key == "location":
                    _check_external(path, entry.value)
    return model


def _check_external(path: Path, location: str) -> None:
    """Refuse data in a file that is not in or below the model's folder, or is no ordinary file of a sensible size."""
    parts = PurePosixPath(location).parts
    inside = bool(parts) and parts[0] != "/" and ".." not in parts and not set(location) & {"\\", "\0"}
    folder = path.resolve().parent
    if not inside or not (path.parent / location).resolve().is_relative_to(folder):
        raise CheckpointError(f"{path} keeps data in {location[:100]!r}, outside of its folder; it is not run")
    with open_input(path.parent / location, CheckpointError, f"{path.name} keeps its weights there") as file:
        if file.seek(0, 2) > MODEL_BYTES_LIMIT:
            raise CheckpointError(f"{file.name} has more than {MODEL_BYTES_LIMIT} bytes; {_ADVICE}")


def _messages(message: Any) -> Iterator[Any]:
    """A protobuf message and all in it, in no particular order; what a tensor holds is data, not messages."""
    waiting = [message]
    while waiting:
        message = waiting.pop()
        yield message
        if isinstance(message, onnx.TensorProto):
            continue
        for field, value in message.ListFields():
            if field.message_type is None:
                continue
            waiting += [value] if hasattr(value, "ListFields") else list(value)


def session_options() -> onnxruntime.SessionOptions:
    """Quiet, with as many threads as torch has, and with a limit on memory."""
    _limit_memory()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _QUIET  # what fails is raised as well
    options.intra_op_num_threads = torch.get_num_threads()
    options.add_session_config_entry("session.use_env_allocators", "1")
    return options


@functools.cache
def _limit_memory() -> None:
    """Once in a process: the arena that sessions share, with a limit."""
    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    arena = onnxruntime.OrtArenaCfg({"max_mem": WORKING_BYTES_LIMIT})
    onnxruntime.create_and_register_allocator(memory, arena)


def short_reason(error: Exception) -> str:
    """The end of what onnxruntime says, which is where the reason stands, on one line."""
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else f"...{text[-300:]}"
