"""A small BIWI database in the layouts it is handed around in."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

RGB_CAL = """517.679 0 320 
0 517.679 240.5 
0 0 1 

0 0 0 0 

0.999947 0.00432361 0.00929419 
-0.00446314 0.999877 0.0150443 
-0.009228 -0.015085 0.999844 

-24.0198 5.8896 -13.2308 

640 480"""  # noqa: W291  the published files have a blank at the end of each line

DEPTH_CAL = "575.816 0 320\n0 575.816 240\n0 0 1\n\n0 0 0 0\n\n1 0 0\n0 1 0\n0 0 1\n\n0 0 0\n\n640 480\n"

# 01/frame_00501: natanielruiz/deep-head-pose, issue 39; the other one is a head looking straight into the camera
POSES = {
    501: "0.45684 -0.404949 -0.792031 \n-0.103806 0.860022 -0.499587 \n0.883471 0.310449 0.350856 \n\n"
    "156.6 94.6106 893.541 \n\n",
    4: "1 0 0 \n0 1 0 \n0 0 1 \n\n10 20 900 \n\n",
    3: "0 0 1 \n0 1 0 \n-1 0 0 \n\n-30 5 1000 \n\n",
}
POSES_BIN = {
    501: (156.6, 94.6106, 893.541, 41.50347, -62.06395, -12.80173),
    4: (10, 20, 900, 0, 0, 0),
    3: (-30, 5, 1000, 0, 90, 0),
}
BASES = {
    "published": "hpdb",
    "published, whole": "kinect_head_pose_db/hpdb",
    "kaggle": "faces_0",
    "sequences only": ".",
}


def encode_depth(depth_mm):
    """Depth image (H, W) as bytes, written independently of the reader: run by run as the format describes it."""
    height, width = depth_mm.shape
    parts, pixels, place = [struct.pack("<ii", width, height)], depth_mm.ravel(), 0
    while place < pixels.size:
        start = place
        while place < pixels.size and pixels[place] == 0:
            place += 1
        empty, full_from = place - start, place
        while place < pixels.size and pixels[place] != 0:
            place += 1
        full = pixels[full_from:place]
        parts.append(struct.pack("<ii", empty, full.size) + full.astype("<i2").tobytes())
    return b"".join(parts)


@pytest.fixture(scope="session")
def depth_bytes():
    """depth_bytes(depth_mm): a depth image as the database codes it."""
    return encode_depth


@pytest.fixture
def make_biwi(tmp_path):
    """make_biwi(frames, layout="published", pose_txt=True, pose_bin=False): root of a small database.

    `frames` maps sequence names to frame numbers of `POSES`.
    """

    def make(frames, layout="published", pose_txt=True, pose_bin=False):
        root = tmp_path / "biwi"
        base = root / BASES[layout]
        for name, numbers in frames.items():
            folder = base / name
            folder.mkdir(parents=True)
            (folder / "rgb.cal").write_text(RGB_CAL)
            (folder / "depth.cal").write_text(DEPTH_CAL)
            (base / f"{name}.obj").write_text("mtllib head.mtl\nv 0 0 -56\nv 10 0 0\nv 0 20 0\nf 1/1/1 2/2/2 3/3/3\n")
            for number in numbers:
                _write_frame(root, folder, number, pose_txt, pose_bin)
        return root

    return make


def _write_frame(root: Path, folder: Path, number: int, pose_txt: bool, pose_bin: bool) -> None:
    stem = folder / f"frame_{number:05d}"
    Image.new("RGB", (640, 480), (number % 256, int(folder.name), 20)).save(f"{stem}_rgb.png", compress_level=1)
    depth_mm = np.zeros((480, 640), np.uint16)
    depth_mm[200:220, 300:310] = 800 + number
    Path(f"{stem}_depth.bin").write_bytes(encode_depth(depth_mm))
    if pose_txt:
        Path(f"{stem}_pose.txt").write_text(POSES[number])
    if pose_bin:
        annotations = root / "db_annotations" / folder.name
        annotations.mkdir(parents=True, exist_ok=True)
        (annotations / f"frame_{number:05d}_pose.bin").write_bytes(np.array(POSES_BIN[number], "<f4").tobytes())
