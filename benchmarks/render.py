"""Rendering to labelled shards against the loop a user would write: stock pyrender on EGL, a PNG per frame.

    python benchmarks/render.py [--quick]

Ours renders, projects landmarks, judges visibility, compresses and writes a shard; the peer renders and writes a PNG.
Both in one process, taken in turns, medians. Frames per second of processor time over all threads, so that the
figures are per core and a busy machine does not change their ratio; wall-clock figures beside them.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import report

from synhead_tools.geometry.pose_laws import biwi_like_rotations
from synhead_tools.heads.head import Head
from synhead_tools.heads.library import load_head

HEAD = "f01"
PEER = "stock pyrender on EGL, PNG files"


def rotations(count: int) -> np.ndarray:
    return biwi_like_rotations(count, np.random.default_rng(0))


def measure(function) -> tuple[float, float]:
    """Processor seconds of all threads, and wall-clock seconds."""
    processor, wall = time.process_time(), time.perf_counter()
    function()
    return time.process_time() - processor, time.perf_counter() - wall


class Ours:
    """Renders and writes one shard after another."""

    def __init__(self, size_px: int, count: int) -> None:
        from synhead_tools.rendering.annotate import FaceAreas
        from synhead_tools.rendering.backend import open_backend
        from synhead_tools.rendering.plan import RenderPlan
        from synhead_tools.rendering.render_shard import HeadShelf, ShardRenderer

        plan = RenderPlan((HEAD,), rotations(count), size_px=size_px)
        backend = open_backend("cpu")
        self.count, self.antialiasing = count, backend.description
        self.renderer = ShardRenderer(plan, HeadShelf(plan.heads), backend, FaceAreas(backend))
        self.attributes = {"convention": plan.convention}
        self.renderer.columns(0, 2)  # compiles

    def run(self, folder: Path) -> None:
        """Render and write all samples."""
        from synhead_tools.formats.shards import write_shard

        write_shard(folder / "0.h5", self.renderer.columns(0, self.count), self.attributes, overwrite=True)

    def render_only(self) -> None:
        """Render all samples, and throw them away."""
        plan, backend = self.renderer.plan, self.renderer.backend
        head, camera = self.renderer.heads[HEAD], plan.camera()
        for index in range(self.count):
            setup = plan.sample(index)
            backend.render(head, plan.rotmats[index], setup.translation_m, camera, setup.lighting)


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
    focal = size_px / 1.7 / 0.285
    scene.add(pyrender.IntrinsicsCamera(focal, focal, size_px / 2, size_px / 2))
    for turn in (-0.6, 0.0, 0.6):
        pose = trimesh.transformations.rotation_matrix(turn, (0, 1, 0))
        scene.add(pyrender.DirectionalLight(intensity=2.0), pose=pose)
    return scene, nodes


def run_peer(size_px: int, count: int) -> None:
    """Child process: the naive loop; prints its processor and wall-clock seconds."""
    os.environ["PYOPENGL_PLATFORM"] = "egl"
    if not hasattr(np, "infty"):
        vars(np)["infty"] = np.inf  # without this pyrender 0.1.45 does not run on numpy 2
    import pyrender
    from PIL import Image

    scene, nodes = naive_scene(pyrender, load_head(HEAD), size_px)
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


def peer_seconds(size_px: int, count: int) -> tuple[tuple[float, float] | None, str]:
    """Processor and wall-clock seconds per frame of the peer, or None and why there are none."""
    command = [sys.executable, __file__, "--peer", str(size_px), str(count)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    processor, wall = json.loads(done.stdout.splitlines()[-1])
    return (processor / count, wall / count), ""


def bench(size_px: int, count: int, peer_count: int, rounds: int) -> None:
    ours, head = Ours(size_px, count), load_head(HEAD)
    whole, drawn, peers, reason = [], [], [], ""
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            whole.append(measure(lambda: ours.run(Path(folder))))
            drawn.append(measure(ours.render_only))
            if not reason:
                seconds, reason = peer_seconds(size_px, peer_count)
                peers += [seconds] if seconds else []
    middle = [statistics.median(times) / count for times in zip(*whole, strict=True)]
    peer = [statistics.median(times) for times in zip(*peers, strict=True)] if peers else None
    report.record(
        "render",
        f"cpu_{size_px}_end_to_end",
        round(1 / middle[0], 1),
        "frames/s per core",
        peer=PEER,
        ratio=round(peer[0] / middle[0], 2) if peer else None,
        **(
            {"peer_value": round(1 / peer[0], 1), "peer_wall": round(1 / peer[1], 1)}
            if peer
            else {"why_no_peer": reason}
        ),
        wall=round(1 / middle[1], 1),
        render_only_ms=round(1e3 * statistics.median(times[0] for times in drawn) / count, 3),
        vertices=sum(len(part.vertices_m) for part in head.parts),
        triangles=sum(len(part.triangles) for part in head.parts),
        pixels=size_px**2,
        antialiasing={"ours": ours.antialiasing, "peer": "4x MSAA"},
        frames=count,
        peer_frames=peer_count,
        rounds=rounds,
    )


def main() -> None:
    if "--peer" in sys.argv:
        run_peer(*map(int, sys.argv[-2:]))
        return
    quick = "--quick" in sys.argv
    for size_px, count in ((128, 256), (256, 128)):
        if quick:
            bench(size_px, count // 2, 12, rounds=3)
        else:
            bench(size_px, 2 * count, 60, rounds=7)


if __name__ == "__main__":
    main()
