"""Where the data of the bundled heads lies, what is in it, and reading it once."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from synhead_tools.errors import HeadError
from synhead_tools.input_files import read_input

HAIRS = ("afro01", "bob01", "bob02", "braid01", "long01", "ponytail01", "short01", "short02", "short03", "short04")
BROWS = tuple(f"eyebrow{number:03d}" for number in range(1, 13))
LASHES = ("eyelashes01", "eyelashes02", "eyelashes03", "eyelashes04")
EYE_COLOURS = ("blue", "bluegreen", "brown", "brownlight", "deepblue", "green", "grey", "ice", "lightblue")
SKINS = (
    *(f"{age}_{ancestry}_{sex}" for age in ("young", "middleage", "old")
      for ancestry in ("african", "asian", "caucasian") for sex in ("female", "male")),
    "young_caucasian_female_2", "young_caucasian_male_2",
)  # fmt: skip
MASKS = ("beard", "occlusion")
EYEBALLS = "eyeballs"
PROXIES = (EYEBALLS, *LASHES, *BROWS, *HAIRS)
TEXTURE_KINDS = {
    "skin": SKINS, "hair": HAIRS, "brows": BROWS, "lashes": LASHES, "eyes": EYE_COLOURS,
    "scalp": HAIRS, "masks": MASKS,
}  # fmt: skip

ASSET_BYTES_LIMIT = 256 << 20

_UV_SCALE = 65535.0
_HOW = "set SYNHEAD_MESHES to the project's meshes folder, or rebuild it with maintainers/pack_heads"


@dataclass(frozen=True)
class Geometry:
    """The base head: one mesh, its morph targets and the ids the rest of the package refers to.

    Attributes
    ----------
    vertices_dm : (V, 3) float64
        Rest positions in the mesh frame: y up, face towards +z, x to the subject's left, decimetres.
    faces : (Q, 4) int64
        Quads of the skin, counter-clockwise seen from outside.
    uv, face_uv : (U, 2) float64, (Q, 4) int64
        Texture coordinates (u right, v down) and the quads' indices into them.
    face_region : (Q,) uint8
        `synhead_tools.heads.regions.Region` of each quad: skin, neck, inside of the mouth or eye socket.
    level_regions : tuple of int
        Regions that are cut out of skin and neck, see `synhead_tools.heads.borders`.
    region_levels : (L, V) float64
        For each of them a function on the vertices: positive inside, 0 on the border, in texels of some mm.
    target_names : tuple of str
        Names of the morph targets, `macrodetails/...`, `nose/...` and so on, sorted.
    target_indptr, target_indices, target_deltas_dm : (N+1,), (E,), (E, 3)
        Displacements of all targets, stacked: target n moves vertices ``indices[indptr[n]:indptr[n+1]]``.
    landmark_vertices : (68,) int64
        Vertices of the 68 landmarks in iBUG order.
    left_eye_vertices, right_eye_vertices : int64 arrays
        Closed helper spheres whose means are the centres of the subject's left and right eyeball.
    scale_vertices : (3, 2) int64
        Pairs whose distance along x, y and z scales the offsets of the proxies.
    """

    vertices_dm: np.ndarray
    faces: np.ndarray
    uv: np.ndarray
    face_uv: np.ndarray
    face_region: np.ndarray
    level_regions: tuple[int, ...]
    region_levels: np.ndarray
    target_names: tuple[str, ...]
    target_indptr: np.ndarray
    target_indices: np.ndarray
    target_deltas_dm: np.ndarray
    landmark_vertices: np.ndarray
    left_eye_vertices: np.ndarray
    right_eye_vertices: np.ndarray
    scale_vertices: np.ndarray


@dataclass(frozen=True)
class Proxy:
    """A mesh that rides on the base head: each vertex is a mix of three base vertices plus an offset.

    Attributes
    ----------
    reference : (P, 3) int64
        Base vertices each vertex is mixed from.
    weights : (P, 3) float64
        Their weights; rows sum to one.
    offsets_dm : (P, 3) float64
        Added after scaling with the head.
    scale_denominators_dm : (3,) float64
        Distances of `Geometry.scale_vertices` on the head the asset was modelled on.
    faces : (Q, 4) int64
        Quads; a triangle repeats its last vertex.
    uv, face_uv : (U, 2) float64, (Q, 4) int64
        Texture coordinates (v down) and the quads' indices into them.
    """

    reference: np.ndarray
    weights: np.ndarray
    offsets_dm: np.ndarray
    scale_denominators_dm: np.ndarray
    faces: np.ndarray
    uv: np.ndarray
    face_uv: np.ndarray


def meshes_dir() -> Path:
    """Return the folder with ``assets/`` and ``recipes/``.

    The environment variable ``SYNHEAD_MESHES`` wins; then data installed beside the package; then the repository's.

    Raises
    ------
    HeadError
        None of them holds an ``assets`` folder.
    """
    package = Path(__file__).resolve().parents[1]
    chosen = os.environ.get("SYNHEAD_MESHES")
    candidates = [Path(chosen)] if chosen else [package / "meshes", package.parent / "meshes"]
    for candidate in candidates:
        if (candidate / "assets").is_dir():
            return candidate
    raise HeadError(f"no head data in {', '.join(map(str, candidates))}: no 'assets' folder there; {_HOW}")


@lru_cache(maxsize=1)
def load_geometry() -> Geometry:
    """Read the base head and its morph targets (0.1 s, then cached).

    Raises
    ------
    HeadError
        The file is missing or is not the one this version was written for.
    """
    data = read_arrays("geometry.npz")
    _check_geometry(data)
    names = ("faces", "face_uv", "landmark_vertices", "left_eye_vertices", "right_eye_vertices", "scale_vertices")
    return Geometry(
        vertices_dm=data["vertices_dm"].astype(np.float64),
        uv=data["uv"] / _UV_SCALE,
        face_region=data["face_region"],
        level_regions=tuple(data["level_regions"].tolist()),
        region_levels=data["region_levels"] * float(data["region_level_quantum"]),
        **stacked_targets(data),
        **{name: data[name].astype(np.int64) for name in names},
    )


def stacked_targets(data: AssetArrays) -> dict[str, object]:
    """Return the attributes ``target_...`` of `Geometry` out of a file's arrays."""
    return {
        "target_names": tuple(data["target_names"].tolist()),
        "target_indptr": data["target_indptr"].astype(np.int64),
        "target_indices": data["target_indices"].astype(np.int64),
        "target_deltas_dm": data["target_deltas"] * float(data["target_quantum_dm"]),
    }


def _check_geometry(data: AssetArrays) -> None:
    shapes = {
        "face_uv": (len(data["faces"]), 4), "face_region": (len(data["faces"]),), "uv": (len(data["uv"]), 2),
        "landmark_vertices": (68,), "scale_vertices": (3, 2),
        "region_levels": (len(data["level_regions"]), len(data["vertices_dm"])),
    }  # fmt: skip
    pointing = ("landmark_vertices", "left_eye_vertices", "right_eye_vertices", "scale_vertices")
    check_arrays(data, shapes, {"face_uv": len(data["uv"])}, pointing)


def check_arrays(data: AssetArrays, shapes: dict[str, tuple], below: dict[str, int], pointing: tuple[str, ...]) -> None:
    """That arrays fit together and point only to what is there: a foreign or half-written file says so here.

    Parameters
    ----------
    data : AssetArrays
        Vertices, quads and targets.
    shapes : dict
        Shapes of further arrays.
    below : dict
        Further arrays of numbers, and how many things they number.
    pointing : tuple of str
        Further arrays of vertex numbers.

    Raises
    ------
    HeadError
        They do not; it names the array.
    """
    vertices, deltas, targets = (len(data[name]) for name in ("vertices_dm", "target_indices", "target_names"))
    shapes = {
        "vertices_dm": (vertices, 3), "faces": (len(data["faces"]), 4), "target_indptr": (targets + 1,),
        "target_deltas": (deltas, 3), **shapes,
    }  # fmt: skip
    for name, shape in shapes.items():
        if data[name].shape != shape:
            raise HeadError(f"head data {data.path}: {name} has shape {data[name].shape}, not {shape}; {_HOW}")
    below = below | {"target_indptr": deltas + 1} | dict.fromkeys(("faces", "target_indices", *pointing), vertices)
    for name, count in below.items():
        numbers = data[name]
        if numbers.dtype.kind not in "iu" or not numbers.size or numbers.min() < 0 or numbers.max() >= count:
            raise HeadError(f"head data {data.path}: {name} points outside of 0 to {count - 1}; {_HOW}")
    if not np.isfinite(data["vertices_dm"]).all() or not np.isfinite(data["target_quantum_dm"]).all():
        raise HeadError(f"head data {data.path} holds numbers that are not finite; {_HOW}")


@lru_cache(maxsize=64)
def load_proxy(name: str) -> Proxy:
    """Read one proxy mesh by the name used in recipes, or ``eyeballs``.

    Raises
    ------
    HeadError
        The name is unknown or the data is missing.
    """
    if name not in PROXIES:
        raise HeadError(f"unknown proxy {name!r}; known: {', '.join(PROXIES)}")
    data = read_arrays("proxies.npz", prefix=f"{name}/")
    weights = data["weights"].astype(np.float64)
    return Proxy(
        reference=data["reference"].astype(np.int64),
        weights=weights / weights.sum(axis=1, keepdims=True),
        offsets_dm=data["offsets_dm"].astype(np.float64),
        scale_denominators_dm=data["scale_denominators_dm"].astype(np.float64),
        faces=data["faces"].astype(np.int64),
        uv=data["uv"] / _UV_SCALE,
        face_uv=data["face_uv"].astype(np.int64),
    )


@lru_cache(maxsize=16)
def load_texture(kind: str, name: str) -> Image.Image:
    """Read one source picture; do not write into it, it is shared.

    Parameters
    ----------
    kind : str
        One of `TEXTURE_KINDS`.
    name : str
        An entry of that kind.

    Raises
    ------
    HeadError
        The kind or name is unknown, or the file is missing or damaged.
    """
    if name not in TEXTURE_KINDS.get(kind, ()):
        raise HeadError(f"unknown {kind} texture {name!r}; known: {', '.join(TEXTURE_KINDS.get(kind, ()))}")
    path = meshes_dir() / "assets" / "textures" / kind / f"{name}.webp"
    data = read_input(path, ASSET_BYTES_LIMIT, HeadError, _HOW)
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            return image.copy()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise HeadError(f"cannot read texture {path}: {error}; {_HOW}") from error


def read_arrays(file_name: str, prefix: str = "") -> dict[str, np.ndarray]:
    """Return the arrays of a file in ``assets`` whose names start with `prefix`, by the rest of their names.

    Raises
    ------
    HeadError
        The file is missing or damaged; also where a name is asked for that is not there.
    """
    path = meshes_dir() / "assets" / file_name
    raw = read_input(path, ASSET_BYTES_LIMIT, HeadError, _HOW)
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as data:
            arrays = {key[len(prefix):]: data[key] for key in data.files if key.startswith(prefix)}  # fmt: skip
    except Exception as error:  # zipfile, zlib and NumPy each have their own; all mean the same
        reason = str(error) if len(str(error)) < 200 else type(error).__name__
        raise HeadError(f"cannot read head data {path}: {reason}; {_HOW}") from error
    return AssetArrays(path, arrays)


class AssetArrays(dict):
    """Arrays of an asset file by name; one that is missing is a damaged file, not a programming error."""

    def __init__(self, path: Path, arrays: dict[str, np.ndarray]) -> None:
        super().__init__(arrays)
        self.path = path

    def __missing__(self, name: str) -> np.ndarray:
        raise HeadError(f"head data {self.path} has no {name!r}; {_HOW}")
