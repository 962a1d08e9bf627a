"""glTF 2.0 (``.glb``, and ``.gltf`` with its files beside it): the triangles of a scene."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.colour import linear_to_srgb
from synhead_tools.heads.foreign.folder_files import FolderFiles
from synhead_tools.heads.foreign.gltf_materials import GltfMaterial, read_material
from synhead_tools.heads.foreign.gltf_tree import GltfTree, is_whole, open_gltf
from synhead_tools.heads.foreign.pictures import PictureShelf
from synhead_tools.heads.foreign.raw_mesh import MAX_PARTS, MAX_TRIANGLES, MAX_VERTICES, RawMesh, RawPart

MAX_BYTES = 1 << 29

_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_MAX_DEPTH = 256
_KNOWN = ("KHR_materials_", "KHR_lights_", "KHR_texture_transform", "KHR_mesh_quantization", "EXT_texture_webp")


def read_gltf(data: bytes, where: str, files: FolderFiles, textures: bool = True) -> RawMesh:
    """Return the mesh of a glTF file: one part for each primitive of each node of its scene.

    Skins and morph targets are left at rest, animations, cameras and lights left out.

    Parameters
    ----------
    data : bytes
    where : str
        Names the file in messages.
    files : FolderFiles
        Where buffers and pictures of their own files are.
    textures : bool
        Whether to read pictures.

    Raises
    ------
    HeadError
        The file is damaged or cut short, needs an extension that is not known, or is not a tree.
    """
    tree = open_gltf(data, where, files)
    _check_extensions(tree)
    shelf, parts, notes = PictureShelf(), [], []
    for node, matrix in _nodes(tree):
        if "mesh" not in node:
            continue
        mesh = tree.item("meshes", node["mesh"])
        primitives = mesh.get("primitives")
        if not isinstance(primitives, list):
            raise HeadError(f"{where}: mesh {node['mesh']} has no primitives; export it anew")
        if "skin" in node:
            notes.append("the skeleton is left out: the mesh is read at rest")
        for primitive in primitives:
            part = _part(tree, _name(node, mesh), primitive, matrix, shelf, textures, len(primitives) > 1, notes)
            parts += [part] if part is not None else []
            _check_sizes(parts, where)
    points = parts[0].vertices if len(parts) == 1 else None
    return RawMesh(tuple(parts), tuple(shelf.pictures), points, notes=tuple(dict.fromkeys(notes)))


def _check_extensions(tree: GltfTree) -> None:
    required = tree.json.get("extensionsRequired", [])
    for name in required if isinstance(required, list) else []:
        if not str(name).startswith(_KNOWN):
            raise HeadError(f"{tree.where} needs {str(name)[:60]}, which is not read; export it without compression")


def _check_sizes(parts: list[RawPart], where: str) -> None:
    vertices, triangles = sum(len(p.vertices) for p in parts), sum(len(p.triangles) for p in parts)
    if len(parts) > MAX_PARTS:
        raise HeadError(f"{where} has more than {MAX_PARTS} parts; join some")
    if vertices > MAX_VERTICES or triangles > MAX_TRIANGLES:
        raise HeadError(f"{where} has over {MAX_VERTICES} vertices or {MAX_TRIANGLES} triangles; simplify the mesh")


def _nodes(tree: GltfTree) -> Iterator[tuple[dict[str, Any], np.ndarray]]:
    """Nodes of the scene, parents first, with what takes them to the scene's axes (4, 4)."""
    todo = [(index, np.eye(4), 0) for index in reversed(_roots(tree))]
    seen: set[int] = set()
    while todo:
        index, above, depth = todo.pop()
        node = tree.item("nodes", index)
        if index in seen or depth > _MAX_DEPTH:
            raise HeadError(f"{tree.where}: node {index} has two parents, or contains itself; export the mesh anew")
        seen.add(index)
        matrix = above @ _matrix(node, f"{tree.where}: node {index}")
        yield node, matrix
        children = node.get("children", [])
        if not isinstance(children, list):
            raise HeadError(f"{tree.where}: node {index} has children {children!r:.40}; export the mesh anew")
        todo += [(child, matrix, depth + 1) for child in reversed(children)]


def _roots(tree: GltfTree) -> list[int]:
    if tree.json.get("scenes"):
        roots = tree.item("scenes", tree.json.get("scene", 0)).get("nodes", [])
    else:
        nodes = tree.json.get("nodes", [])
        nodes = [tree.item("nodes", index) for index in range(len(nodes) if isinstance(nodes, list) else 0)]
        below = [node.get("children") for node in nodes]
        inner = {child for children in below if isinstance(children, list) for child in children if is_whole(child)}
        roots = [index for index in range(len(nodes)) if index not in inner]
    if not isinstance(roots, list) or not all(map(is_whole, roots)):
        raise HeadError(f"{tree.where}: the scene's nodes are {roots!r:.40}; export the mesh anew")
    return roots


def _matrix(node: dict[str, Any], what: str) -> np.ndarray:
    try:
        if "matrix" in node:
            matrix = np.array(node["matrix"], np.float64).reshape(4, 4).T
        else:
            x, y, z, w = np.array(node.get("rotation", [0, 0, 0, 1]), np.float64)
            turn = np.array(
                [
                    [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                    [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                    [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
                ]
            )
            matrix = np.eye(4)
            matrix[:3, :3] = turn * np.array(node.get("scale", [1, 1, 1]), np.float64).reshape(3)
            matrix[:3, 3] = np.array(node.get("translation", [0, 0, 0]), np.float64)
    except (TypeError, ValueError):
        matrix = np.full((4, 4), np.nan)
    if not np.isfinite(matrix).all() or np.abs(matrix).max() > 1e9:
        raise HeadError(f"{what} has a transform that is none; export the mesh anew")
    return matrix


def _name(node: dict[str, Any], mesh: dict[str, Any]) -> str:
    return next((n for n in (node.get("name"), mesh.get("name")) if isinstance(n, str) and n), "mesh")


def _part(
    tree: GltfTree, name: str, primitive: Any, matrix: np.ndarray, shelf: PictureShelf, textures: bool,
    one_of_many: bool, notes: list[str],
) -> RawPart | None:  # fmt: skip
    if not isinstance(primitive, dict) or not isinstance(primitive.get("attributes"), dict):
        raise HeadError(f"{tree.where}: a primitive of {name!r:.40} has no attributes; export the mesh anew")
    mode, attributes = primitive.get("mode", _TRIANGLES), primitive["attributes"]
    if mode not in (_TRIANGLES, _STRIP, _FAN):
        notes.append("points and lines are left out")
        return None
    vertices = tree.accessor(attributes.get("POSITION"), 3).astype(np.float64)
    triangles = _triangles(tree, primitive, mode, len(vertices), name)
    material = read_material(tree, primitive.get("material"), shelf, textures)
    uv = _uv(tree, attributes, material, len(vertices), name)
    normals = tree.accessor(attributes["NORMAL"], 3).astype(np.float64) if "NORMAL" in attributes else None
    if normals is not None and normals.shape != vertices.shape:
        raise HeadError(
            f"{tree.where}: {name!r:.40} has {len(vertices)} vertices, {len(normals)} normals; export it anew"
        )
    if np.linalg.det(matrix[:3, :3]) < 0:
        triangles = triangles[:, ::-1]
    colours = None
    if "COLOR_0" in attributes and material.picture is None:
        colours = _colours(tree, attributes["COLOR_0"], len(vertices), name)[triangles]
    elif "COLOR_0" in attributes:
        notes.append("colours of vertices that have a picture too are left out")
    if "targets" in primitive:
        notes.append("morph targets are left out")
    picture = material.picture
    if picture is not None and material.alpha < 1:
        faded = shelf.pictures[picture].copy()
        faded[..., 3] = (faded[..., 3] * material.alpha).round()
        picture = shelf.keep((primitive["material"], "faded"), faded, tree.where)
    return RawPart(
        name=f"{name}/{material.name}" if one_of_many and material.name else name,
        vertices=vertices @ matrix[:3, :3].T + matrix[:3, 3],
        triangles=np.ascontiguousarray(triangles),
        normals=None if normals is None else _turned(normals, matrix[:3, :3]),
        uv=uv,
        corner_rgba=colours,
        rgb=material.rgb,
        picture=picture if uv is not None else None,
        alpha_mode=material.alpha_mode,
        alpha_cutoff=material.alpha_cutoff,
        two_sided=material.two_sided,
        specular=material.specular,
        gloss=material.gloss,
    )


def _triangles(tree: GltfTree, primitive: dict[str, Any], mode: int, vertices: int, name: str) -> np.ndarray:
    if "indices" in primitive:
        index = tree.accessor(primitive["indices"], 1).ravel()
    else:
        index = np.arange(vertices)
    if index.dtype.kind not in "iu" or (len(index) and int(index.max()) >= vertices):
        raise HeadError(f"{tree.where}: a triangle of {name!r:.40} names a vertex outside of 0..{vertices - 1}")
    if mode == _TRIANGLES:
        if len(index) % 3:
            raise HeadError(f"{tree.where}: {name!r:.40} has {len(index)} corners, not threes; export the mesh anew")
        return index.reshape(-1, 3)
    if len(index) < 3:
        return np.zeros((0, 3), np.int64)
    if mode == _FAN:
        return np.stack([np.full(len(index) - 2, index[0]), index[1:-1], index[2:]], axis=1)
    strip = np.stack([index[:-2], index[1:-1], index[2:]], axis=1)
    strip[1::2] = strip[1::2, [1, 0, 2]]
    return strip


def _uv(tree: GltfTree, attributes: dict, material: GltfMaterial, vertices: int, name: str) -> np.ndarray | None:
    key = f"TEXCOORD_{material.coordinates}"
    if material.picture is None or key not in attributes:
        return None
    uv = tree.accessor(attributes[key], 2).astype(np.float64)
    if len(uv) != vertices:
        raise HeadError(f"{tree.where}: {name!r:.40} has {vertices} vertices, {len(uv)} {key}; export the mesh anew")
    if material.transform is not None:
        uv = uv @ material.transform[:, :2].T + material.transform[:, 2]
    return uv


def _colours(tree: GltfTree, index: Any, vertices: int, name: str) -> np.ndarray:
    """SRGB (V, 4) uint8 of linear colours, with or without alpha."""
    width = 4 if tree.item("accessors", index).get("type") == "VEC4" else 3
    linear = np.clip(np.nan_to_num(tree.accessor(index, width).astype(np.float64)), 0, 1)
    if len(linear) != vertices:
        raise HeadError(f"{tree.where}: {name!r:.40} has {vertices} vertices, {len(linear)} colours; export it anew")
    rgba = np.concatenate([linear_to_srgb(linear[:, :3]), linear[:, 3:], np.ones((vertices, 4 - width))], axis=1)
    return (rgba * 255).round().astype(np.uint8)


def _turned(normals: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Normals of a surface that `matrix` moves; their length does not matter."""
    if np.array_equal(matrix, np.eye(3)):
        return normals
    cofactor = np.cross(matrix[[1, 2, 0]], matrix[[2, 0, 1]])
    return normals @ cofactor.T * np.sign(np.linalg.det(matrix))
