"""Materials of glTF: base colour, its picture, and how alpha is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.gltf_tree import GltfTree
from synhead_tools.heads.foreign.pictures import PictureShelf
from synhead_tools.heads.foreign.raw_mesh import CUTOUT, OPAQUE

PICTURE_BYTES_LIMIT = 1 << 28
_MODES = {"OPAQUE": OPAQUE, "MASK": CUTOUT, "BLEND": CUTOUT}
_TRANSFORM, _WEBP, _OLD = "KHR_texture_transform", "EXT_texture_webp", "KHR_materials_pbrSpecularGlossiness"


@dataclass(frozen=True)
class GltfMaterial:
    """What is drawn of a material.

    Attributes
    ----------
    name : str
    rgb : tuple of 3 floats
        Linear factor.
    alpha : float
        Factor on the picture's alpha.
    picture : int or None
        Number on the shelf.
    coordinates : int
        Which set of texture coordinates the picture uses.
    transform : (2, 3) float64
        Applied to them.
    alpha_mode, alpha_cutoff, two_sided, specular, gloss
        As in `RawPart`.
    """

    name: str = ""
    rgb: tuple[float, float, float] = (1.0, 1.0, 1.0)
    alpha: float = 1.0
    picture: int | None = None
    coordinates: int = 0
    transform: np.ndarray | None = None
    alpha_mode: str = OPAQUE
    alpha_cutoff: float = 0.5
    two_sided: bool = False
    specular: float = 0.04
    gloss: float = 0.0


def read_material(tree: GltfTree, index: Any, shelf: PictureShelf, textures: bool) -> GltfMaterial:
    """Return a material; the one of the specification where `index` is None.

    Raises
    ------
    HeadError
        It, or its picture, is not there or damaged.
    """
    if index is None:
        return GltfMaterial()
    material = tree.item("materials", index)
    what = f"{tree.where}: material {index}"
    surface = _object(material, "pbrMetallicRoughness", what)
    names = ("baseColorFactor", "baseColorTexture")
    old = _object(material, "extensions", what).get(_OLD)
    if isinstance(old, dict) and not surface:
        surface, names = old, ("diffuseFactor", "diffuseTexture")
    factor = _numbers(surface.get(names[0], [1, 1, 1, 1]), 4, what)
    picture, coordinates, transform = None, 0, None
    if textures and names[1] in surface:
        picture, coordinates, transform = _picture(tree, _object(surface, names[1], what), what, shelf)
    mode = material.get("alphaMode", "OPAQUE")
    if not isinstance(mode, str) or mode not in _MODES:
        raise HeadError(f"{what} has alphaMode {mode!r:.20}; known: {', '.join(_MODES)}")
    return GltfMaterial(
        name=material.get("name") if isinstance(material.get("name"), str) else "",
        rgb=tuple(np.clip(factor[:3], 0, 1).tolist()),
        alpha=float(np.clip(factor[3], 0, 1)),
        picture=picture,
        coordinates=coordinates,
        transform=transform,
        alpha_mode=_MODES[mode],
        alpha_cutoff=float(np.clip(_numbers([material.get("alphaCutoff", 0.5)], 1, what)[0], 0, 1)),
        two_sided=material.get("doubleSided") is True,
        **_shine(material, surface, what),
    )


def _shine(material: dict[str, Any], surface: dict[str, Any], what: str) -> dict[str, float]:
    """``specular`` and ``gloss``: as our own export says them exactly, or from the material of the specification.

    A roughness is the Blinn-Phong exponent 2 / roughness^4 - 2 (Karis, "Specular BRDF Reference", 2013).
    """
    own = _object(material, "extras", what) if isinstance(material.get("extras"), dict) else {}
    if {"specular", "gloss"} <= set(own):
        specular, gloss = _numbers([own["specular"], own["gloss"]], 2, what)
        return {"specular": float(np.clip(specular, 0, 1)), "gloss": float(np.clip(gloss, 0, 1e4))}
    roughness = float(_numbers([surface.get("roughnessFactor", 1.0)], 1, what)[0])
    extension = _object(_object(material, "extensions", what), "KHR_materials_specular", what)
    factor = float(_numbers([extension.get("specularFactor", 1.0)], 1, what)[0])
    return {"specular": 0.04 * min(max(factor, 0.0), 1.0), "gloss": 2.0 / min(max(roughness, 0.25), 1.0) ** 4 - 2.0}


def _picture(
    tree: GltfTree, info: dict[str, Any], what: str, shelf: PictureShelf
) -> tuple[int, int, np.ndarray | None]:
    """Number of a texture's picture, its set of coordinates and their transform."""
    texture = tree.item("textures", info.get("index"))
    extensions = _object(texture, "extensions", what)
    source = extensions[_WEBP].get("source") if isinstance(extensions.get(_WEBP), dict) else texture.get("source")
    image = tree.item("images", source)
    shown = f"{tree.where}: picture {source}"
    if "bufferView" in image:
        data = tree.bytes_of_view(image["bufferView"])
    else:
        data = tree.bytes_of_uri(image.get("uri"), PICTURE_BYTES_LIMIT)
    coordinates = info.get("texCoord", 0)
    moved = _object(_object(info, "extensions", what), _TRANSFORM, what)
    if moved:
        coordinates = moved.get("texCoord", coordinates)
    return shelf.add(source, data, shown), coordinates, _transform(moved, what) if moved else None


def _transform(moved: dict[str, Any], what: str) -> np.ndarray:
    """T R S of KHR_texture_transform as a (2, 3) matrix."""
    (u, v), (su, sv) = (_numbers(moved.get(key, [n, n]), 2, what) for key, n in (("offset", 0), ("scale", 1)))
    turn = _numbers([moved.get("rotation", 0)], 1, what)[0]
    c, s = np.cos(turn), np.sin(turn)
    return np.array([[su * c, sv * s, u], [-su * s, sv * c, v]])


def _object(parent: dict[str, Any], name: str, what: str) -> dict[str, Any]:
    value = parent.get(name, {})
    if not isinstance(value, dict):
        raise HeadError(f"{what} has {name} = {value!r:.40}, not an object; export the mesh anew")
    return value


def _numbers(values: Any, count: int, what: str) -> np.ndarray:
    good = isinstance(values, list) and len(values) == count
    good = good and all(isinstance(value, (int, float)) and abs(value) < 1e9 for value in values)
    if not good:
        raise HeadError(f"{what} has {values!r:.60} where {count} numbers belong; export the mesh anew")
    return np.array(values, np.float64)
