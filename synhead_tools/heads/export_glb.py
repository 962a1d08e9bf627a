"""A head as files that other programs open: binary glTF for its looks, JSON for what glTF has no words for.

Both are in glTF's own frame: metres, y up, the face towards +z, +x the subject's left; the origin is midway between
the eyeballs. The same head gives the same bytes, with the same version of Pillow.
"""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
from PIL import Image

from synhead_tools import __version__
from synhead_tools.errors import HeadError
from synhead_tools.geometry.frames import MESH_TO_HEAD
from synhead_tools.heads.expressions import ARKIT_NAMES, express
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.heads.glb_writer import GlbWriter
from synhead_tools.heads.head import Head, Part
from synhead_tools.heads.regions import Region

PICTURE_FORMATS = {"png": ("PNG", "image/png", {}), "jpg": ("JPEG", "image/jpeg", {"quality": 92, "subsampling": 0})}

_REFLECTANCE = 0.04  # of glTF's surfaces at normal incidence
_CLAMP, _LINEAR, _MIPMAPS = 33071, 9729, 9987
_STILL_M = 1e-6  # what moves less does not move
_DECIMALS = 7


def head_glb(head: Head, morphs: bool = False, picture_format: str = "png") -> bytes:
    """Return a head as a GLB file.

    Each part is a mesh of its name with one material: base colour, roughness, and alpha cut out where the part's is.

    Parameters
    ----------
    head : Head
    morphs : bool
        Whether to add the 52 ARKit shapes as morph targets, by name, to every part that they move. The head itself is
        then at rest, whatever expression its recipe has.
    picture_format : str
        ``png`` (exact), or ``jpg`` for pictures without alpha: a tenth of the size.

    Raises
    ------
    HeadError
        The format is unknown; or `morphs`, and the head was not made from a recipe.
    """
    if picture_format not in PICTURE_FORMATS:
        raise HeadError(f"unknown picture format {picture_format!r}; known: {', '.join(PICTURE_FORMATS)}")
    shapes = {name: express(head, {name: 1.0}) for name in ARKIT_NAMES} if morphs else {}
    rest = express(head, {}) if morphs else head
    writer, materials, meshes, textures = GlbWriter(), [], [], []
    for number, part in enumerate(rest.parts):
        materials.append(_material(writer, part, picture_format, textures))
        moved = {name: shape.parts[number].vertices_m for name, shape in shapes.items()}
        meshes.append(_mesh(writer, part, number, moved))
    nodes = [{"name": part.name, "mesh": number} for number, part in enumerate(rest.parts)]
    tree = {
        "asset": {
            "version": "2.0",
            "generator": f"synhead {__version__}",
            "copyright": head.licence,
            "extras": {"head": head.name, "recipe_sha256": head.recipe_sha256},
        },
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": head.name, "children": list(range(1, len(nodes) + 1))}, *nodes],
        "meshes": meshes,
        "materials": materials,
    }
    if textures:
        tree["textures"] = textures
        tree["samplers"] = [{"wrapS": _CLAMP, "wrapT": _CLAMP, "magFilter": _LINEAR, "minFilter": _MIPMAPS}]
    if any("extensions" in material for material in materials):
        tree["extensionsUsed"] = ["KHR_materials_specular"]
    return writer.finish(tree)


def head_json(head: Head, expressions: bool = False) -> str:
    """Return, as JSON text, what belongs to a head beside its meshes: points, regions, licence, recipe.

    Parameters
    ----------
    head : Head
    expressions : bool
        Whether its GLB has morph targets; their names are then listed.
    """
    points = {"points5": head.points5_m, "landmarks68": head.landmarks68_m, "face_mesh": head.face_mesh_m}
    points["neck_joints"] = head.neck_joints_m
    values: dict[str, Any] = {
        "name": head.name,
        "licence": head.licence,
        "recipe_sha256": head.recipe_sha256,
        "recipe": None if head.recipe is None else head.recipe.to_toml(),
        "units": "m",
        "axes": "x to the subject's left, y up, z out of the face",
        "origin": "midway between the eyeballs",
    }
    values |= {name: None if rows is None else _rows(rows) for name, rows in points.items()}
    values["face_mesh_triangles"] = None if head.face_mesh_m is None else load_face_mesh().triangles.tolist()
    values["expressions"] = list(ARKIT_NAMES) if expressions else []
    values["region_names"] = {str(int(region)): region.name.lower() for region in Region}
    values["triangle_regions"] = {part.name: part.triangle_region.tolist() for part in head.parts}
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n"


def _rows(points_m: np.ndarray) -> list[list[float]]:
    return (np.round(np.asarray(points_m, np.float64) @ MESH_TO_HEAD.T, _DECIMALS) + 0.0).tolist()


def _mesh(writer: GlbWriter, part: Part, material: int, moved: dict[str, np.ndarray]) -> dict[str, Any]:
    attributes = {
        "POSITION": writer.vectors(_to_mesh(part.vertices_m), bounds=True),
        "NORMAL": writer.vectors(_to_mesh(part.normals)),
    }
    if not _is_plain(part):
        attributes["TEXCOORD_0"] = writer.vectors(part.uv)
    indices = writer.indices(part.triangles, len(part.vertices_m))
    primitive = {"attributes": attributes, "indices": indices, "material": material}
    mesh: dict[str, Any] = {"name": part.name, "primitives": [primitive]}
    moves = {name: _to_mesh(shape - part.vertices_m) for name, shape in moved.items()}
    moves = {name: np.where(np.abs(move) < _STILL_M, 0, move) for name, move in moves.items()}
    moves = {name: move for name, move in moves.items() if move.any()}
    if moves:
        primitive["targets"] = [{"POSITION": writer.moves(move)} for move in moves.values()]
        mesh |= {"weights": [0.0] * len(moves), "extras": {"targetNames": list(moves)}}
    return mesh


def _to_mesh(vectors: np.ndarray) -> np.ndarray:
    """Head frame to glTF's; adding 0 makes -0 a plain 0."""
    return vectors @ MESH_TO_HEAD.T.astype(np.float32) + np.float32(0)


def _material(writer: GlbWriter, part: Part, picture_format: str, textures: list[dict[str, int]]) -> dict[str, Any]:
    # GGX's alpha, the square of glTF's roughness, of a Blinn-Phong exponent n is the root of 2 / (n + 2)
    roughness = (2.0 / (max(float(part.gloss), 0.0) + 2.0)) ** 0.25
    surface: dict[str, Any] = {
        "baseColorFactor": [*(min(max(float(value), 0.0), 1.0) for value in part.tint), 1.0],
        "metallicFactor": 0.0,
        "roughnessFactor": roughness,
    }
    if not _is_plain(part):
        image = _image(writer, part, picture_format)
        texture = {"sampler": 0, "source": image}
        if texture not in textures:
            textures.append(texture)
        surface["baseColorTexture"] = {"index": textures.index(texture)}
    material: dict[str, Any] = {"name": part.name, "pbrMetallicRoughness": surface}
    if part.alpha_mode == "cutout":
        material |= {"alphaMode": "MASK", "alphaCutoff": float(part.alpha_cutoff)}
    elif part.alpha_mode == "blend":
        material["alphaMode"] = "BLEND"
    if part.two_sided:
        material["doubleSided"] = True
    if part.specular < _REFLECTANCE:
        material["extensions"] = {"KHR_materials_specular": {"specularFactor": float(part.specular) / _REFLECTANCE}}
    # exactly what was drawn with here, for whoever reads the head back
    material["extras"] = {"specular": float(part.specular), "gloss": float(part.gloss)}
    return material


def _is_plain(part: Part) -> bool:
    return part.texture.shape[:2] == (1, 1) and (part.texture == 255).all()


def _image(writer: GlbWriter, part: Part, picture_format: str) -> int:
    opaque = part.alpha_mode == "opaque"
    kind, mime_type, options = PICTURE_FORMATS[picture_format if opaque else "png"]
    picture = Image.fromarray(np.ascontiguousarray(part.texture[..., :3] if opaque else part.texture))
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return writer.image(file.getvalue(), mime_type, part.name)
