"""Whether a face model made for photographs takes the heads for people: MediaPipe's FaceMesh over sampled identities.

    python benchmarks/heads_detectability.py --python FOLDER/bin/python [--quick] [--count N] [--seed N] [--misses PNG]

Each identity is rendered in nine poses, yaw 0, 30 and 60 degrees (to its left or right, in turn) by pitch -20, 0 and
20, over grey, 256 pixels, studio light. FaceMesh runs in a Python of its own, see face_mesh_requirements.txt; its path
may stand in SYNHEAD_FACE_MESH_PYTHON. `found_fraction` counts renders in which it finds a face. The landmark figures
compare its points with the exact ones, frontal: mean distance of the 51 inner points of the 68 (all but the jaw line,
which MediaPipe defines otherwise), in percent of the distance of the outer eye corners.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import report

from synhead_tools.geometry.boxes import FACE_BOX_SIDE_M
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.build import build_head
from synhead_tools.heads.library import load_head, preset_names
from synhead_tools.heads.sampling import sample_recipe
from synhead_tools.rendering.annotate import point_columns
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.background import composite_frame
from synhead_tools.rendering.scene import Camera, studio_lighting

SIZE_PX, DISTANCE_M, BOXES_PER_PICTURE = 256, 1.2, 1.4
YAWS_DEG, PITCHES_DEG = (0, 30, 60), (-20, 0, 20)
REQUIRED_FOUND, REQUIRED_INNER_PERCENT = 0.98, 5.0
WORKER = Path(__file__).with_name("face_mesh_worker.py")
# MediaPipe's vertex for each of iBUG's points 17 to 67, as commonly used.
INNER_51 = np.array([
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 168, 197, 5, 4, 75, 97, 2, 326, 305, 33, 160, 158, 133, 153, 144,
    362, 385, 387, 263, 373, 380, 61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14,
    87,
])  # fmt: skip
BROWS, OUTER_CORNERS = slice(0, 10), [36, 45]


def poses_deg(index: int) -> list[tuple[float, float, float]]:
    """Pitch, yaw, roll (biwi+) of the nine pictures of an identity; every second one turns the other way."""
    side = 1 if index % 2 else -1
    return [(pitch, side * yaw, 0) for yaw in YAWS_DEG for pitch in PITCHES_DEG]


def render_all(heads, count: int, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Write (9 count, H, W, 3) uint8 pictures to an npy file; return landmarks (9 count, 68, 2) px and poses."""
    shape = (9 * count, SIZE_PX, SIZE_PX, 3)
    pictures = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    focal_px = SIZE_PX / BOXES_PER_PICTURE / FACE_BOX_SIDE_M * DISTANCE_M
    camera = Camera(SIZE_PX, SIZE_PX, [[focal_px, 0, SIZE_PX / 2], [0, focal_px, SIZE_PX * 0.47], [0, 0, 1]])
    position, landmarks, poses = np.array([0, 0, DISTANCE_M]), [], []
    backend, grey = open_backend(), np.full(3, 150, np.uint8)
    for index, head in enumerate(heads):
        for pose in poses_deg(index):
            rotmat = rotmat_from_euler(pose, "biwi+")
            frame = backend.render(head, rotmat, position, camera, studio_lighting())
            pictures[len(poses)] = composite_frame(frame, grey)
            columns = point_columns(head, rotmat[None], position[None], camera.intrinsics[None])
            landmarks.append(columns["landmarks68"][0, :, :2])
            poses.append(pose)
    backend.close()
    pictures.flush()
    return np.array(landmarks), np.array(poses)


def measure(figure: str, heads, count: int, python: str, misses: Path | None, **facts) -> None:
    """Render, ask the model, print the figures; `heads` yields `count` of them."""
    with tempfile.TemporaryDirectory() as folder:
        pictures, answer = Path(folder) / "pictures.npy", Path(folder) / "answer.npz"
        landmarks, poses = render_all(heads, count, pictures)
        done = subprocess.run([python, str(WORKER), str(pictures), str(answer)], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{python} cannot run FaceMesh: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
        with np.load(answer, allow_pickle=False) as data:
            found, points, version = data["found"], data["points_px"], str(data["version"])
        if misses is not None and not found.all():
            _save_misses(np.load(pictures, mmap_mode="r"), np.flatnonzero(~found), misses)
    facts |= {"identities": count, "pictures": len(found), "size_px": SIZE_PX, "model": f"mediapipe {version} FaceMesh"}
    by_yaw = {f"found_yaw_{yaw}": float(found[np.abs(poses[:, 1]) == yaw].mean()) for yaw in YAWS_DEG}
    missed = [f"{k // 9}:{poses[k, 0]:.0f},{poses[k, 1]:.0f}" for k in np.flatnonzero(~found)][:40]
    value = float(found.mean())
    report.record("heads_detectability", f"found_fraction{figure}", value, "share", required=REQUIRED_FOUND,
                  met=value >= REQUIRED_FOUND, **by_yaw, missed_head_pitch_yaw=missed, **facts)  # fmt: skip
    frontal = found & (poses == 0).all(axis=1)
    eyes_px = np.linalg.norm(landmarks[frontal][:, OUTER_CORNERS[0]] - landmarks[frontal][:, OUTER_CORNERS[1]], axis=-1)
    error = np.linalg.norm(points[frontal][:, INNER_51] - landmarks[frontal][:, 17:], axis=-1) / eyes_px[:, None] * 100
    inner = {"heads_p90": float(np.percentile(error.mean(axis=1), 90)), "brows": float(error[:, BROWS].mean()),
             "nose": float(error[:, 10:19].mean()), "eyes": float(error[:, 19:31].mean()),
             "mouth": float(error[:, 31:].mean())}  # fmt: skip
    value = float(error.mean())
    report.record("heads_detectability", f"inner_landmark_distance{figure}", value, "percent of outer eye corners",
                  required=REQUIRED_INNER_PERCENT, met=value <= REQUIRED_INNER_PERCENT, **inner, **facts)  # fmt: skip


def _save_misses(pictures: np.ndarray, numbers: np.ndarray, path: Path) -> None:
    from PIL import Image

    tiles = [np.asarray(pictures[k]) for k in numbers[:48]]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % 8)
    Image.fromarray(np.concatenate([np.concatenate(tiles[i : i + 8], axis=1) for i in range(0, len(tiles), 8)])).save(
        path
    )


def sampled(count: int, seed: int, bare: bool):
    """Yield the heads of a population, with or without glasses and headgear."""
    shares = {"glasses_share": 0.0, "headgear_share": 0.0} if bare else {}
    for index in range(count):
        yield build_head(sample_recipe(seed, index, **shares), f"p{index:04d}")


def presets():
    """Yield the ten presets."""
    yield from map(load_head, preset_names())


def main(given: argparse.Namespace) -> None:
    count = given.count or (20 if given.quick else 200)
    facts = {"seed": given.seed}
    measure("", sampled(count, given.seed, bare=True), count, given.python, given.misses, **facts)
    dressed = given.misses and given.misses.with_stem(given.misses.stem + "_dressed")
    measure("_dressed", sampled(count, given.seed, bare=False), count, given.python, dressed, **facts)
    measure("_presets", presets(), len(preset_names()), given.python, None)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=os.environ.get("SYNHEAD_FACE_MESH_PYTHON"))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--misses", type=Path, help="where to save a sheet of pictures without a found face")
    arguments = parser.parse_args()
    if not arguments.python:
        sys.exit(f"name a Python with mediapipe by --python or SYNHEAD_FACE_MESH_PYTHON; see {WORKER.parent}/README.md")
    main(arguments)
