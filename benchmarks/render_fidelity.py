"""Pictures of the ``cpu`` renderer against those of stock pyrender, and of both against finer ones of their own kind.

    python benchmarks/render_fidelity.py [--quick] [--pictures DIR]

Bundled heads in five poses at 256 px, opaque parts alone: stock pyrender cuts nothing out. Two lights: the same light
from all sides, which shows geometry and textures; and two directional lights. For these stock pyrender is given a
roughness of 1, and our parts what its shader then computes: a specular reflection of 0.04, a GGX alpha of 1, and 0.96^2
of the diffuse light, its factor at normal incidence (it falls off towards grazing angles there, and not here: that
difference is left in). A light of 1 here is an intensity of pi there. Stock pyrender encodes with a power of 1/2.2;
its pictures are decoded with that and encoded as sRGB before they are compared.

The truth is each renderer's own picture of four times the size, averaged over 4 x 4 pixels. PSNR is taken over the
pixels that both pictures cover whole (``_edges``: that either covers at all), over all heads and poses.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import report

from synhead_tools.errors import SynheadError
from synhead_tools.geometry.boxes import FACE_BOX_SIDE_M
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.head import Head
from synhead_tools.heads.library import load_head
from synhead_tools.rendering.cpu.mipmap import linear_to_srgb
from synhead_tools.rendering.plan import PICTURE_TO_BOX
from synhead_tools.rendering.scene import Camera, DirectionalLight, Lighting

HEADS = ("f01", "m04", "f04")
POSES_DEG = ((0, 0, 0), (10, 35, 5), (-20, -60, 10), (25, -15, -20), (-5, 85, 0))  # pitch, yaw, roll in biwi+
SIZE_PX, FINER = 256, 4
DIFFUSE, SPECULAR = 0.96**2, 0.04
AT_1_M = np.array([0.0, 0.0, 1.0])
LIGHTINGS = {
    "ambient": Lighting((), (0.8, 0.8, 0.8), (0.8, 0.8, 0.8)),
    "lit": Lighting(
        (DirectionalLight((-0.4, -0.5, -0.8), (0.6, 0.6, 0.6)), DirectionalLight((0.7, 0.1, -0.7), (0.3, 0.3, 0.3))),
        (0.15, 0.15, 0.15),
        (0.15, 0.15, 0.15),
    ),
}
#: Rows and columns of the crops at 256 px, as shares of the picture, at the frontal pose.
CROPS = {"hairline": (0.27, 0.35), "eyelids": (0.44, 0.37), "nostrils": (0.55, 0.43)}
_CROP_PX, _ZOOM = 40, 6


def opaque_head(name: str) -> Head:
    """The opaque parts of a bundled head, with a material that both renderers can express."""
    head = load_head(name)
    look = {"specular": SPECULAR, "gloss": 0.0, "tint": (DIFFUSE,) * 3}
    # called otherwise than skin, so that no light wraps around it
    parts = (replace(part, name=f"plain {part.name}", **look) for part in head.parts if part.alpha_mode == "opaque")
    return replace(head, parts=tuple(parts))


def camera(size_px: int) -> Camera:
    focal = size_px / PICTURE_TO_BOX / FACE_BOX_SIDE_M
    return Camera(size_px, size_px, [[focal, 0, size_px / 2], [0, focal, size_px / 2], [0, 0, 1]])


def draw_ours(head: Head, size_px: int) -> np.ndarray:
    """Pictures (lightings, poses, H, W, 4) uint8 of the ``cpu`` renderer: colours over black, coverage."""
    from synhead_tools.rendering.backend import open_backend

    backend, pictures = open_backend("cpu"), []
    for lighting in LIGHTINGS.values():
        ambient = tuple(value / DIFFUSE for value in lighting.ambient_sky)  # not dimmed by stock's shader
        light = replace(lighting, ambient_sky=ambient, ambient_ground=ambient)
        for pose in POSES_DEG:
            frame = backend.render(head, rotmat_from_euler(pose, "biwi+"), AT_1_M, camera(size_px), light)
            pictures.append(np.dstack([frame.image, frame.alpha]))
    return np.array(pictures).reshape(len(LIGHTINGS), len(POSES_DEG), size_px, size_px, 4)


def draw_stock(head: Head, size_px: int) -> np.ndarray:
    """The same of stock pyrender: its own scene, shader, four samples per pixel and encoding."""
    from synhead_tools.rendering.opengl.platform import import_pyrender

    pyrender = import_pyrender("egl")
    flip = np.diag([1.0, -1.0, -1.0])
    pictures = []
    renderer = pyrender.OffscreenRenderer(size_px, size_px)
    for lighting in LIGHTINGS.values():
        scene = pyrender.Scene(bg_color=(0, 0, 0, 0), ambient_light=lighting.ambient_sky)
        nodes = [scene.add(_stock_mesh(pyrender, part, flip)) for part in head.parts]
        intrinsics = camera(size_px).intrinsics
        scene.add(pyrender.IntrinsicsCamera(intrinsics[0, 0], intrinsics[1, 1], size_px / 2, size_px / 2))
        for light in lighting.lights:
            pose = np.eye(4)
            pose[:3, :3] = _frame_along(flip @ light.direction)
            scene.add(pyrender.DirectionalLight(color=np.ones(3), intensity=np.pi * light.colour[0]), pose=pose)
        for pose_deg in POSES_DEG:
            pose = np.eye(4)
            pose[:3, :3], pose[:3, 3] = flip @ rotmat_from_euler(pose_deg, "biwi+") @ flip, flip @ AT_1_M
            for node in nodes:
                scene.set_pose(node, pose)
            pictures.append(renderer.render(scene, pyrender.RenderFlags.RGBA)[0])
    return np.array(pictures).reshape(len(LIGHTINGS), len(POSES_DEG), size_px, size_px, 4)


def _stock_mesh(pyrender, part, flip: np.ndarray):
    sampler = pyrender.Sampler(wrapS=33071, wrapT=33071)  # clamped to the edge, as ours
    picture = np.ascontiguousarray(part.texture[..., :3])
    texture = pyrender.Texture(source=picture, source_channels="RGB", sampler=sampler)
    material = pyrender.MetallicRoughnessMaterial(
        baseColorTexture=texture, metallicFactor=0.0, roughnessFactor=1.0, doubleSided=part.two_sided
    )
    uv = part.uv * (1, -1) + (0, 1)
    return pyrender.Mesh(
        [
            pyrender.Primitive(
                positions=part.vertices_m @ flip,
                normals=part.normals @ flip,
                texcoord_0=uv,
                indices=part.triangles,
                material=material,
            )
        ]
    )


def _frame_along(z: np.ndarray) -> np.ndarray:
    """A rotation whose third column is `z`."""
    x = np.cross((0.0, 1.0, 0.0), z)
    x /= np.sqrt((x**2).sum())
    return np.column_stack([x, np.cross(z, x), z])


def stock_pictures(name: str, size_px: int, folder: str) -> np.ndarray:
    """`draw_stock` in a process of its own: a second OpenGL context would disturb others of this one."""
    file = Path(folder, f"{name}-{size_px}.npy")
    command = [sys.executable, __file__, "--stock", name, str(size_px), str(file)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SynheadError((done.stderr.strip().splitlines() or ["stock pyrender ended without a word"])[-1])
    return np.load(file)


def as_srgb(stock: np.ndarray) -> np.ndarray:
    """Pictures of stock pyrender with colours encoded as sRGB, float64, 0 to 255.

    Of pixels that are covered in part the colour of the surface is encoded anew, not its mixture with black.
    """
    cover = np.maximum(stock[..., 3:], 1) / 255
    colours = np.minimum(stock[..., :3] / 255 / cover, 1)
    return np.concatenate([linear_to_srgb(colours**2.2) * cover * 255, stock[..., 3:]], axis=-1)


def averaged(pictures: np.ndarray) -> np.ndarray:
    """Mean of each FINER x FINER pixels."""
    *rest, height, width, channels = pictures.shape
    blocks = pictures.reshape(*rest, height // FINER, FINER, width // FINER, FINER, channels)
    return blocks.astype(np.float64).mean(axis=(-4, -2))


def squares(one: np.ndarray, other: np.ndarray, edges: bool) -> np.ndarray:
    """Squared differences of colours where both cover whole pixels, or where either covers any."""
    pair = np.stack([one[..., 3], other[..., 3]])
    mask = (pair > 0).any(axis=0) if edges else (pair > 254.5).all(axis=0)
    return ((one[..., :3].astype(np.float64) - other[..., :3])[mask] ** 2).ravel()


def psnr_db(differences: list[np.ndarray]) -> float:
    return round(10 * np.log10(255**2 / np.concatenate(differences).mean()), 2)


def write_pictures(folder: Path, name: str, rows: dict[str, np.ndarray]) -> None:
    """Write whole pictures side by side, one renderer below the other, and enlarged crops of the frontal ones."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    whole = [np.hstack(list(pictures[..., :3])) for pictures in rows.values()]
    Image.fromarray(np.vstack(whole).round().clip(0, 255).astype(np.uint8)).save(folder / f"{name}.png")
    crops = []
    for pictures in rows.values():
        row = []
        for down, across in CROPS.values():
            top, left = int(down * SIZE_PX), int(across * SIZE_PX)
            crop = pictures[0, top : top + _CROP_PX, left : left + _CROP_PX, :3]
            row.append(np.kron(crop, np.ones((_ZOOM, _ZOOM, 1))))
        crops.append(np.hstack(row))
    Image.fromarray(np.vstack(crops).round().clip(0, 255).astype(np.uint8)).save(folder / f"{name}-crops.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one head")
    parser.add_argument("--pictures", type=Path, help="folder for pictures side by side")
    parser.add_argument("--stock", nargs=3, help=argparse.SUPPRESS)  # this program's own child
    given = parser.parse_args()
    if given.stock:
        name, size_px, file = given.stock
        np.save(file, draw_stock(opaque_head(name), int(size_px)))
        return
    heads, folder = HEADS[:1] if given.quick else HEADS, given.pictures
    found: dict[str, dict[str, list[np.ndarray]]] = {}
    for name in heads:
        head = opaque_head(name)
        ours, finer = draw_ours(head, SIZE_PX).astype(np.float64), averaged(draw_ours(head, SIZE_PX * FINER))
        with tempfile.TemporaryDirectory() as scratch:
            stock = as_srgb(stock_pictures(name, SIZE_PX, scratch))
            stock_finer = averaged(as_srgb(stock_pictures(name, SIZE_PX * FINER, scratch)))
        pairs = {"cpu_vs_stock": (ours, stock), "cpu_vs_truth": (ours, finer), "stock_vs_truth": (stock, stock_finer)}
        for number, lighting in enumerate(LIGHTINGS):
            for pair, (one, other) in pairs.items():
                kept = found.setdefault(f"{pair} {lighting}", {"inside": [], "edges": []})
                kept["inside"].append(squares(one[number], other[number], edges=False))
                kept["edges"].append(squares(one[number], other[number], edges=True))
            if folder:
                write_pictures(folder, f"{name}-{lighting}", {"cpu": ours[number], "stock": stock[number]})
    for key, kept in found.items():
        pair, lighting = key.split()
        figure = {"cpu_vs_stock": "cpu_vs_stock_psnr_db"}.get(pair, f"{pair}_db")
        report.record(
            "render_fidelity",
            figure,
            psnr_db(kept["inside"]),
            "dB",
            light=lighting,
            with_edges_db=psnr_db(kept["edges"]),
            heads=heads,
            poses=len(POSES_DEG),
            pixels=SIZE_PX**2,
        )


if __name__ == "__main__":
    try:
        main()
    except SynheadError as error:
        sys.exit(str(error))
