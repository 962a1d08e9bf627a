"""Little pictures with faces that a little network can learn: the mean face, turned, its regions painted."""

import numpy as np
import pytest

from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection.region_iou import region_picture
from synhead_tools.learning.detection.scene_sample import SceneSample

SIDE_PX = 64
MESH = load_face_mesh()
_PALETTE = np.zeros((256, 3), np.uint8)
_PALETTE[:17] = np.random.default_rng(3).integers(90, 255, (17, 3))
_PALETTE[0] = 30


def painted_scene(faces, side_px=SIDE_PX):
    """`faces`: (centre x, centre y, size in px, yaw in degrees) of each."""
    image = np.full((side_px, side_px, 3), 30, np.uint8)
    boxes, points, meshes, rotmats = [], [], [], []
    for x, y, size_px, yaw_deg in faces:
        rotmat = rotmat_from_euler((0.0, yaw_deg, 0.0), "biwi+")
        mesh = MESH.mean_m @ rotmat.T
        mesh = mesh * size_px / np.ptp(mesh[:, :2], axis=0).max()
        mesh[:, :2] += [x, y] - (mesh[:, :2].min(axis=0) + mesh[:, :2].max(axis=0)) / 2
        mesh[:, 2] -= mesh[MESH.points5[2], 2]
        picture = region_picture(mesh, (0, 0, side_px, side_px), side_px)
        image = np.where(picture[..., None] > 0, _PALETTE[picture], image)
        boxes.append(np.concatenate([mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)]))
        points.append(mesh[MESH.points5, :2])
        meshes.append(mesh)
        rotmats.append(rotmat)
    n = len(faces)
    return SceneSample(
        image, np.array(boxes, np.float32).reshape(n, 4), np.zeros(n, bool),
        np.array(points, np.float32).reshape(n, 5, 2),
        np.full((n, 5), 2, np.uint8), np.array(meshes, np.float32).reshape(n, 1024, 3),
        np.array(rotmats).reshape(n, 3, 3), np.array([[1e5, 0, side_px / 2], [0, 1e5, side_px / 2], [0, 0, 1]]),
    )  # fmt: skip


@pytest.fixture(scope="session")
def four_scenes():
    return [
        painted_scene([(30, 32, 36, 0)]),
        painted_scene([(18, 20, 30, 30), (46, 44, 30, -30)]),
        painted_scene([]),
        painted_scene([(36, 28, 44, -45)]),
    ]
