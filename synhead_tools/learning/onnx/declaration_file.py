"""Declarations of ONNX models as TOML: reading, with every value checked, and writing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any

from synhead_tools.errors import CheckpointError, SynheadError
from synhead_tools.input_files import read_input
from synhead_tools.learning.onnx.declaration import OUTPUT_WIDTHS, OnnxDeclaration

DECLARATION_BYTES_LIMIT = 1 << 20
FORMAT_VERSION = 1
DETECTOR_KIND = "face detector"
"""What the TOML file beside an exported detector says it is of."""

_Read = Callable[[Any], Any]
"""Turns a value of the file into one of the declaration, or raises ValueError with what is wanted."""


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 1000:
        raise ValueError("text of at most 1000 characters")
    return value


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _one_of(*choices: str) -> _Read:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return value

    return read


def _number(low: float, high: float, *, whole: bool = False, zero: bool = True) -> _Read:
    def read(value: Any) -> float:
        right_type = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not right_type or not low <= value <= high or (value == 0 and not zero):
            kind = "a whole number" if whole else "a number"
            raise ValueError(f"{kind} from {low} to {high}{'' if zero else ', not 0'}")
        return value if whole else float(value)

    return read


def _list_of(read: _Read, least: int, most: int) -> _Read:
    def read_all(value: Any) -> tuple:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise ValueError(f"a list of {least if least == most else f'{least} to {most}'}")
        return tuple(read(item) for item in value)

    return read_all


def _inside(value: Any) -> str:
    parts = PurePosixPath(_text(value)).parts
    if not parts or parts[0] == "/" or ".." in parts or any(char in value for char in "\\\0"):
        raise ValueError("the path of a file in or below the folder of this declaration")
    return value


_COUNT = _number(0, 2**63 - 1, whole=True)
_SECTIONS: dict[str, dict[str, tuple[str, _Read]]] = {
    "": {
        "name": ("name", _text),
        "source": ("source", _text),
        "licence": ("licence", _text),
        "files": ("files", _list_of(_inside, 1, 64)),
        "average": ("average", _one_of("rotations", "outputs")),
    },
    "input": {
        "name": ("input_name", _text),
        "layout": ("layout", _one_of("NCHW", "NHWC")),
        "size_px": ("size_px", _number(8, 2048, whole=True)),
        "channels": ("channels", _one_of("RGB", "BGR")),
        "scale": ("scale", _number(-1e6, 1e6, zero=False)),
        "mean": ("mean", _list_of(_number(-1e6, 1e6), 3, 3)),
        "std": ("std", _list_of(_number(1e-6, 1e6), 3, 3)),
        "batch": ("batch", _number(0, 4096, whole=True)),
    },
    "crop": {
        "scale": ("crop_scale", _number(0.1, 10)),
        "shape": ("crop_shape", _one_of("square", "stretched")),
        "shift": ("crop_shift", _list_of(_number(-2, 2), 2, 2)),
    },
    "output": {
        "names": ("output_names", _list_of(_text, 0, 16)),
        "kind": ("kind", _one_of(*OUTPUT_WIDTHS)),
        "convention": ("convention", _text),
        "order": ("order", _list_of(_text, 3, 3)),
        "unit": ("unit", _one_of("deg", "rad")),
        "vectors": ("vectors", _one_of("columns", "rows")),
        "frame": ("frame", _one_of("camera", "ray")),
    },
}
"""Section and key of the file to the field it fills and what reads its value."""

_REQUIRED = ("name", "files", "input.size_px", "output.kind")

_TRAINING: dict[str, _Read] = {
    "training_data": _text,
    "method": _text,
    "steps": _text,
    "initial_weights": _text,
    "seed": _COUNT,
    "random_background": _yes_or_no,
    "augmentation": _number(0, 1e6),
    "target_images_used_for_training": _text,
    "target_labels_used_for_training_or_matching": _yes_or_no,
    "recipe": _text,
}


def read_declaration(path: str | Path) -> OnnxDeclaration:
    """Read a declaration.

    Raises
    ------
    CheckpointError
        It is no such file, or a key is unknown, missing or has a wrong value; one line that names file and key.
    """
    data = read_input(path, DECLARATION_BYTES_LIMIT, CheckpointError, "give a TOML file that declares ONNX models")
    return parse_declaration(data, str(path))


def declares_detector(path: str | Path) -> bool:
    """Whether a TOML file is one that was written beside an exported face detector.

    Raises
    ------
    CheckpointError
        It is no TOML file.
    """
    data = read_input(path, DECLARATION_BYTES_LIMIT, CheckpointError, "give a TOML file that declares ONNX models")
    return _table(data, str(path)).get("kind") == DETECTOR_KIND


def parse_declaration(data: bytes, where: str) -> OnnxDeclaration:
    """A declaration of the bytes of a file; `where` names it in errors, which are those of `read_declaration`."""
    table = _table(data, where)
    if table.get("kind") == DETECTOR_KIND:
        raise CheckpointError(f"{where} declares a face detector, which finds faces; synhead detect takes it")
    version = table.pop("format_version", FORMAT_VERSION)
    if version != FORMAT_VERSION:
        raise CheckpointError(f"{where} has format version {version!r:.40}, this synhead reads {FORMAT_VERSION}")
    values = _fields_of(table, where)
    try:
        return OnnxDeclaration(**values)
    except SynheadError as error:
        raise CheckpointError(f"{where}: {error}") from None


def _table(data: bytes, where: str) -> dict[str, Any]:
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{where} is no TOML file: {error}") from None


def declaration_to_toml(declaration: OnnxDeclaration) -> str:
    """The text of a file that `read_declaration` reads back as `declaration`."""
    lines = [f"format_version = {FORMAT_VERSION}"]
    for section, keys in _SECTIONS.items():
        lines += ["", f"[{section}]"] if section else []
        pairs = {key: getattr(declaration, name) for key, (name, _) in keys.items()}
        lines += [f"{key} = {_toml(value)}" for key, value in pairs.items() if value not in ("", ())]
    if declaration.training:
        lines += ["", "[training]", *(f"{key} = {_toml(value)}" for key, value in declaration.training.items())]
    return "\n".join(lines) + "\n"


def _fields_of(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Fields of a declaration, by name, of a parsed file."""
    top, sections = dict(table), {}
    for section in (*filter(None, _SECTIONS), "training"):
        sections[section] = top.pop(section, {})
        if not isinstance(sections[section], dict):
            raise CheckpointError(f"{where}: {section} must be a section [{section}]")
    values = {}
    for section, keys in _SECTIONS.items():
        found = sections[section] if section else top
        readers = {key: read for key, (_, read) in keys.items()}
        extra = () if section else (*sections, "format_version")
        values |= {keys[key][0]: value for key, value in _read_keys(found, readers, section, where, extra).items()}
    missing = [key for key in _REQUIRED if _field_of(key) not in values]
    if missing:
        raise CheckpointError(f"{where}: {missing[0]} is missing; docs/onnx-models.md says what it means")
    return {**values, "training": _read_keys(sections["training"], _TRAINING, "training", where)}


def _read_keys(
    found: Mapping[str, Any], readers: Mapping[str, _Read], section: str, where: str, extra: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The values of one section, by key; `extra` are names that a wrong key may have been meant for."""
    values = {}
    for key, value in found.items():
        shown = f"{section}.{key}" if section else key
        if key not in readers:
            near = get_close_matches(key, [*readers, *extra], 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join([*readers, *extra])}"
            raise CheckpointError(f"{where}: unknown key {shown[:60]!r}; {hint}")
        try:
            values[key] = readers[key](value)
        except ValueError as wanted:
            raise CheckpointError(f"{where}: {shown} = {repr(value)[:60]} must be {wanted}") from None
    return values


def _field_of(shown: str) -> str:
    section, _, key = shown.rpartition(".")
    return _SECTIONS[section][key][0]


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else repr(value)
