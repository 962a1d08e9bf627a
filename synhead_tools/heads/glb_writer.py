"""A binary glTF file put together piece by piece; equal pieces give equal bytes.

Source: Khronos Group, "glTF 2.0 Specification", 2021.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

_FLOAT, _UINT, _USHORT = 5126, 5125, 5123
_ARRAY, _ELEMENTS = 34962, 34963
_TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3"}
_JSON, _BIN = 0x4E4F534A, 0x004E4942


class GlbWriter:
    """Collects arrays and pictures in one buffer, and the JSON that points into it."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._views: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []
        self._images: list[dict[str, Any]] = []
        self._image_of: dict[bytes, int] = {}

    def vectors(self, rows: np.ndarray, bounds: bool = False) -> int:
        """Add float vectors (N, 2) or (N, 3), N at least 1, and return their accessor; positions need `bounds`."""
        rows = np.ascontiguousarray(rows, "<f4")
        view = self._view(rows.tobytes(), target=_ARRAY)
        accessor = {"bufferView": view, "componentType": _FLOAT, "count": len(rows), "type": _TYPES[rows.shape[1]]}
        return self._accessor(accessor | (_bounds(rows) if bounds else {}))

    def indices(self, numbers: np.ndarray, vertices: int) -> int:
        """Add the corners of triangles, numbers below `vertices`, and return their accessor."""
        # the largest number of a type starts strips anew and may not be used
        kind, dtype = (_USHORT, "<u2") if vertices < 65535 else (_UINT, "<u4")
        data = np.ascontiguousarray(numbers.reshape(-1), dtype)
        view = self._view(data.tobytes(), target=_ELEMENTS)
        return self._accessor({"bufferView": view, "componentType": kind, "count": len(data), "type": "SCALAR"})

    def moves(self, rows: np.ndarray) -> int:
        """Add displacements (N, 3) most of which may be zero, for a morph target, and return their accessor."""
        rows = np.ascontiguousarray(rows, "<f4")
        moved = np.flatnonzero(rows.any(axis=1))
        accessor = {"componentType": _FLOAT, "count": len(rows), "type": "VEC3", **_bounds(rows)}
        if len(moved):
            accessor["sparse"] = {
                "count": len(moved),
                "indices": {"bufferView": self._view(moved.astype("<u4").tobytes()), "componentType": _UINT},
                "values": {"bufferView": self._view(rows[moved].tobytes())},
            }
        return self._accessor(accessor)

    def image(self, data: bytes, mime_type: str, name: str) -> int:
        """Add a PNG or JPEG file and return its number; the same bytes are stored once."""
        if data not in self._image_of:
            self._image_of[data] = len(self._images)
            self._images.append({"bufferView": self._view(data), "mimeType": mime_type, "name": name})
        return self._image_of[data]

    def finish(self, tree: dict[str, Any]) -> bytes:
        """Return the file: `tree`, with buffers, views, accessors and images put in."""
        tree = dict(tree)
        tree |= {"accessors": self._accessors, "bufferViews": self._views}
        tree |= {"images": self._images} if self._images else {}
        tree["buffers"] = [{"byteLength": len(self._buffer)}]
        text = json.dumps(tree, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        data = bytes(self._buffer) + b"\0" * (-len(self._buffer) % 4)
        length = 12 + 8 + len(text) + 8 + len(data)
        head = struct.pack("<4sII", b"glTF", 2, length)
        return b"".join([head, struct.pack("<II", len(text), _JSON), text, struct.pack("<II", len(data), _BIN), data])

    def _view(self, data: bytes, target: int | None = None) -> int:
        self._buffer += b"\0" * (-len(self._buffer) % 4)
        view = {"buffer": 0, "byteOffset": len(self._buffer), "byteLength": len(data)}
        self._buffer += data
        self._views.append(view | ({} if target is None else {"target": target}))
        return len(self._views) - 1

    def _accessor(self, accessor: dict[str, Any]) -> int:
        self._accessors.append(accessor)
        return len(self._accessors) - 1


def _bounds(rows: np.ndarray) -> dict[str, list[float]]:
    """Smallest and largest value of each column, exactly those of the stored floats."""
    return {"min": rows.min(axis=0).astype(float).tolist(), "max": rows.max(axis=0).astype(float).tolist()}
