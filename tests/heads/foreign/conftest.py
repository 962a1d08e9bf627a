"""A head that is an egg with a nose, and mesh files of it as strangers write them."""

import io
import struct
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from synhead_tools.heads.foreign.folder_files import FolderFiles

HEAD_TO_YUP = np.diag([1.0, -1.0, -1.0])


def make_egg(rows=24, columns=32):
    """Vertices (V, 3) in metres, y up, face towards +z, +x the subject's left; triangles and uv (v down)."""
    u, v = np.meshgrid(np.linspace(0, 1, columns + 1), np.linspace(0, 1, rows + 1))
    turn, down = (u - 0.5) * 2 * np.pi, v * np.pi
    unit = np.stack([np.sin(down) * np.sin(turn), np.cos(down), np.sin(down) * np.cos(turn)], -1)
    bump = 0.25 * np.exp(-((turn / 0.18) ** 2) - ((down - 1.75) / 0.22) ** 2)
    # rounded to floats, so that every file says the same number
    vertices = (unit * (0.075, 0.11, 0.095) * (1 + bump[..., None])).reshape(-1, 3).astype(np.float32).astype(float)
    vertices = vertices + np.float64(0)
    first = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).ravel()
    below = first + columns + 1
    triangles = np.concatenate([np.stack([first, below, first + 1], 1), np.stack([first + 1, below, below + 1], 1)])
    return vertices, triangles, np.stack([u, v], -1).reshape(-1, 2)


def picture(size=16):
    """Red on the left, green below: turned and mirrored pictures differ."""
    ramp = np.linspace(0, 255, size).astype(np.uint8)
    rgb = np.stack([np.tile(255 - ramp, (size, 1)), np.tile(ramp[:, None], (1, size)), np.full((size, size), 90)], -1)
    return Image.fromarray(rgb.astype(np.uint8))


def png(image=None):
    file = io.BytesIO()
    (image or picture()).save(file, "PNG")
    return file.getvalue()


def obj_text(vertices, triangles, uv=None, material=None):
    lines = [f"mtllib {material}.mtl", f"usemtl {material}"] if material else []
    lines += [f"v {x!r} {y!r} {z!r}" for x, y, z in vertices.tolist()]
    lines += [f"vt {u!r} {1 - v!r}" for u, v in ([] if uv is None else uv.tolist())]
    corner = "{0}/{0}" if uv is not None else "{0}"
    lines += ["f " + " ".join(corner.format(n + 1) for n in row) for row in triangles.tolist()]
    return "\n".join(lines) + "\n"


def glb_bytes(tree, binary=b"", version=2):
    """A GLB of JSON text or values, and a binary chunk."""
    import json

    text = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    chunks += struct.pack("<II", len(binary), 0x004E4942) + binary if binary else b""
    return struct.pack("<4sII", b"glTF", version, 12 + len(chunks)) + chunks


def triangle_tree(**changes):
    """The JSON of one triangle, and its binary: three float positions, then three unsigned short indices."""
    binary = np.array([[0, 0, 0], [0.2, 0, 0], [0, 0.2, 0]], "<f4").tobytes() + np.array([0, 1, 2], "<u2").tobytes()
    tree = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"name": "t", "primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": 3, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": 36},
            {"buffer": 0, "byteOffset": 36, "byteLength": 6},
        ],
        "buffers": [{"byteLength": 42}],
    }
    return tree | changes, binary


@pytest.fixture(scope="session")
def make():
    """The makers of this module."""
    return SimpleNamespace(
        egg=make_egg, picture=picture, png=png, obj_text=obj_text, glb_bytes=glb_bytes, triangle_tree=triangle_tree
    )


@pytest.fixture(scope="session")
def egg():
    return make_egg()


@pytest.fixture
def files(tmp_path):
    return FolderFiles(tmp_path)
