"""The loops that a user would write with stock pyrender, each in a process of its own; see `render.py`.

    python benchmarks/render_peers.py HEAD SIZE_PX FRAMES SAMPLES

prints the processor and the wall-clock seconds of all frames.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time

import numpy as np

from synhead_tools.errors import SynheadError
from synhead_tools.geometry.boxes import FACE_BOX_SIDE_M
from synhead_tools.geometry.pose_laws import biwi_like_rotations
from synhead_tools.heads.head import Head
from synhead_tools.heads.library import load_head
from synhead_tools.rendering.opengl.platform import import_pyrender
from synhead_tools.rendering.plan import PICTURE_TO_BOX

#: The loops, by their samples per pixel. pyrender always asks for four; the second loop turns them off.
PEERS = {4: "stock pyrender on EGL, 4x MSAA, PNG files", 0: "pyrender on EGL, no antialiasing, PNG files"}


def rotations(count: int) -> np.ndarray:
    return biwi_like_rotations(count, np.random.default_rng(0))


def measure(function) -> tuple[float, float]:
    """Processor seconds of all threads, and wall-clock seconds."""
    processor, wall = time.process_time(), time.perf_counter()
    function()
    return time.process_time() - processor, time.perf_counter() - wall


def naive_scene(pyrender, head: Head, size_px: int):
    """The head as a user would load it: textured meshes, three lights, one camera; Y-up."""
    import trimesh
    from PIL import Image

    flip = np.diag([1.0, -1.0, -1.0])
    meshes = []
    for part in head.parts:
        uv = part.uv * (1, -1) + (0, 1)
        material = trimesh.visual.material.PBRMaterial(
            baseColorTexture=Image.fromarray(part.texture), metallicFactor=0.0, roughnessFactor=0.7
        )
        visual = trimesh.visual.TextureVisuals(uv=uv, material=material)
        normals, vertices = part.normals @ flip, part.vertices_m @ flip
        meshes.append(trimesh.Trimesh(vertices, part.triangles, vertex_normals=normals, visual=visual, process=False))
    scene = pyrender.Scene(bg_color=(0, 0, 0, 0), ambient_light=(0.3, 0.3, 0.3))
    nodes = [scene.add(pyrender.Mesh.from_trimesh(mesh)) for mesh in meshes]
    focal = size_px / PICTURE_TO_BOX / FACE_BOX_SIDE_M
    scene.add(pyrender.IntrinsicsCamera(focal, focal, size_px / 2, size_px / 2))
    for turn in (-0.6, 0.0, 0.6):
        pose = trimesh.transformations.rotation_matrix(turn, (0, 1, 0))
        scene.add(pyrender.DirectionalLight(intensity=2.0), pose=pose)
    return scene, nodes


def run(head: str, size_px: int, count: int, samples: int) -> None:
    """The naive loop: one head, a pose and a PNG per frame."""
    pyrender = import_pyrender("egl")
    from PIL import Image

    if samples == 0:
        import pyrender.renderer as names  # where pyrender looks for what it imported from PyOpenGL by star

        make = names.glRenderbufferStorageMultisample
        names.glRenderbufferStorageMultisample = lambda target, _, *rest: make(target, 0, *rest)

    scene, nodes = naive_scene(pyrender, load_head(head), size_px)
    renderer = pyrender.OffscreenRenderer(size_px, size_px)
    flip = np.diag([1.0, -1.0, -1.0])
    poses = np.tile(np.eye(4), (count, 1, 1))
    poses[:, :3, :3] = flip @ rotations(count) @ flip
    poses[:, 2, 3] = -1.0

    def loop(frames: int, folder: str) -> None:
        for index in range(frames):
            for node in nodes:
                scene.set_pose(node, poses[index])
            colour, _ = renderer.render(scene)
            Image.fromarray(colour).save(f"{folder}/{index:06d}.png")

    with tempfile.TemporaryDirectory() as folder:
        loop(2, folder)
        print(json.dumps(measure(lambda: loop(count, folder))))


def seconds_per_frame(head: str, size_px: int, count: int, samples: int) -> tuple[tuple[float, float] | None, str]:
    """Processor and wall-clock seconds per frame of a peer, or None and why there are none."""
    command = [sys.executable, __file__, head, str(size_px), str(count), str(samples)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    processor, wall = json.loads(done.stdout.splitlines()[-1])
    return (processor / count, wall / count), ""


if __name__ == "__main__":
    try:
        run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    except SynheadError as error:
        sys.exit(str(error))
