"""The JSON of a glTF file and the numbers it points to, with every index and length checked before it is used.

Read here and not by trimesh, which (5.2) takes sparse accessors for zeros, knows only the first texture coordinates,
does not scale normalised integers, and goes on without pictures that it cannot read.

Source: Khronos Group, "glTF 2.0 Specification", 2021.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.folder_files import FolderFiles
from synhead_tools.heads.foreign.raw_mesh import MAX_TRIANGLES

MAX_JSON_BYTES = 1 << 28
MAX_BUFFER_BYTES = 1 << 29

_DTYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_MAGIC, _JSON, _BIN = b"glTF", 0x4E4F534A, 0x004E4942


@dataclass(eq=False)
class GltfTree:
    """An opened glTF file.

    Parameters
    ----------
    where : str
        Names the file in messages.
    json : dict
    binary : bytes or None
        The binary chunk of a GLB.
    files : FolderFiles
        Where buffers and pictures of their own files are.
    """

    where: str
    json: dict[str, Any]
    binary: bytes | None
    files: FolderFiles
    _buffers: dict[int, bytes] = field(default_factory=dict)

    def item(self, kind: str, index: Any) -> dict[str, Any]:
        """Return ``json[kind][index]``, an object.

        Raises
        ------
        HeadError
            There is none.
        """
        items = self.json.get(kind, [])
        count = len(items) if isinstance(items, list) else 0
        if not is_whole(index) or not index < count or not isinstance(items[index], dict):
            raise HeadError(f"{self.where}: {kind} number {index!r:.40} is not there ({count} are); export it anew")
        return items[index]

    def bytes_of_view(self, index: Any) -> bytes:
        """Return the bytes of a buffer view."""
        view = self.item("bufferViews", index)
        buffer = self._buffer(view.get("buffer"))
        start, length = view.get("byteOffset", 0), view.get("byteLength")
        if not is_whole(start) or not is_whole(length) or start + length > len(buffer):
            raise HeadError(f"{self.where}: bufferView {index} ends outside of its buffer; export the mesh anew")
        return buffer[start : start + length]

    def bytes_of_uri(self, uri: Any, limit_bytes: int) -> bytes:
        """Return what a URI stands for: data written in it, or a file beside the mesh."""
        if not isinstance(uri, str):
            raise HeadError(f"{self.where}: a uri is {uri!r:.40}; export the mesh anew")
        if not uri.startswith("data:"):
            return self.files.read(unquote(uri, errors="surrogateescape"), self.where, limit_bytes)
        head, comma, payload = uri.partition(",")
        if not comma or not head.endswith(";base64") or len(payload) > limit_bytes * 4 // 3 + 4:
            raise HeadError(f"{self.where}: data of a uri are not base64, or more than {limit_bytes >> 20} MB")
        try:
            return base64.b64decode(payload, validate=True)
        except (binascii.Error, ValueError) as error:
            raise HeadError(f"{self.where}: data of a uri are damaged ({error}); export the mesh anew") from None

    def accessor(self, index: Any, width: int) -> np.ndarray:
        """Return the rows of an accessor, (N, `width`): integers, or float64 where it has floats or scaled integers.

        Raises
        ------
        HeadError
            It has another width, or its numbers are not all there.
        """
        accessor = self.item("accessors", index)
        what = f"{self.where}: accessor {index}"
        count, offset = accessor.get("count"), accessor.get("byteOffset", 0)
        kind, component = accessor.get("type"), accessor.get("componentType")
        if (
            not isinstance(kind, str)
            or _WIDTHS.get(kind) != width
            or not is_whole(component)
            or component not in _DTYPES
        ):
            raise HeadError(f"{what} is {component!r:.20} {kind!r:.20}, not {width} numbers; export the mesh anew")
        dtype = np.dtype(_DTYPES[component])
        if "sparse" in accessor or "bufferView" not in accessor:
            raise HeadError(f"{what} is sparse, or compressed by an extension; export the mesh without that")
        view = self.item("bufferViews", accessor["bufferView"])
        row = dtype.itemsize * width
        stride = view.get("byteStride", row)
        if not all(map(is_whole, (count, offset, stride))) or not row <= stride <= 255 or count > 3 * MAX_TRIANGLES:
            raise HeadError(
                f"{what} has {count!r:.40} rows every {stride!r:.40} bytes; simplify the mesh or export it anew"
            )
        data = self.bytes_of_view(accessor["bufferView"])
        if count and offset + (count - 1) * stride + row > len(data):
            raise HeadError(f"{what} ends outside of its bufferView; the file is cut short or damaged: export it anew")
        rows = (
            np.ndarray((count, width), dtype, data, offset, (stride, dtype.itemsize)) if count else np.zeros((0, width))
        )
        if dtype.kind == "f" or not accessor.get("normalized"):
            with np.errstate(invalid="ignore"):  # what is no number is told by whoever uses it
                return rows.astype(np.float64 if dtype.kind == "f" else np.int64)
        return np.maximum(rows / float(np.iinfo(dtype).max), -1.0)

    def _buffer(self, index: Any) -> bytes:
        buffer = self.item("buffers", index)
        if index not in self._buffers:
            if "uri" in buffer:
                self._buffers[index] = self.bytes_of_uri(buffer["uri"], MAX_BUFFER_BYTES)
            elif index == 0 and self.binary is not None:
                self._buffers[index] = self.binary
            else:
                raise HeadError(f"{self.where}: buffer {index} has no data; export the mesh anew")
        return self._buffers[index]


def is_whole(value: Any) -> bool:
    """Whether a JSON value is an integer from 0 on."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def open_gltf(data: bytes, where: str, files: FolderFiles) -> GltfTree:
    """Take a ``.glb`` or ``.gltf`` apart.

    Raises
    ------
    HeadError
        It is neither, is of version 1, or cut short.
    """
    if not data.startswith(_MAGIC):
        return GltfTree(where, _parse(data, where), None, files)
    if len(data) < 20:
        raise HeadError(f"{where} is cut short; export it anew")
    version, length, json_length, kind = struct.unpack("<4I", data[4:20])
    if version != 2:
        raise HeadError(f"{where} is GLB of version {version}; export it as version 2")
    if kind != _JSON or length > len(data) or 20 + json_length > length:
        raise HeadError(f"{where} is cut short or damaged: it has {len(data)} bytes of {length}; export it anew")
    tree = _parse(data[20 : 20 + json_length], where)
    binary, start = None, 20 + json_length
    if start + 8 <= length:
        chunk_length, kind = struct.unpack("<2I", data[start : start + 8])
        if start + 8 + chunk_length > length:
            raise HeadError(f"{where} is cut short or damaged: its binary part is not all there; export it anew")
        binary = data[start + 8 : start + 8 + chunk_length] if kind == _BIN else None
    return GltfTree(where, tree, binary, files)


def _parse(text: bytes, where: str) -> dict[str, Any]:
    if len(text) > MAX_JSON_BYTES:
        raise HeadError(
            f"{where} has {len(text) >> 20} MB of JSON, more than {MAX_JSON_BYTES >> 20}; simplify the mesh"
        )
    try:
        tree = json.loads(text.decode("utf-8-sig"))
        version = str(tree["asset"]["version"])
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise HeadError(f"{where} is no glTF 2.0 ({type(error).__name__}: {str(error):.80}); export it anew") from None
    if not version.startswith("2."):
        raise HeadError(f"{where} is glTF of version {version[:20]}; export it as version 2.0")
    return tree
