"""What happens to pictures and labels in a batch, against renders of the pose that the label then says.

The turned picture is compared with a render of the same head under equally turned light; the mirrored one with a
render of the mirrored head, since no head is its own mirror image, under mirrored light.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

pytest.importorskip("numba", reason="heads are rendered by the cpu backend here")

from synhead_tools.geometry.euler import euler_from_rotmat, rotmat_from_euler
from synhead_tools.heads.library import load_head
from synhead_tools.learning.pictures.augment_geometry import CropJitter, jitter_euler_deg, jitter_pictures, no_jitter
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.scene import Camera, DirectionalLight, Lighting

STORED_PX, INPUT_PX, MARGIN = 120, 80, 1.5
CAMERA = Camera(STORED_PX, STORED_PX, [[400, 0, STORED_PX / 2], [0, 400, STORED_PX / 2], [0, 0, 1]])
MIRROR = np.diag([-1.0, 1.0, 1.0])
GREY = (0.3, 0.3, 0.3)
POSES_DEG = [(7.0, 22.0, 8.0), (-18.0, -41.0, -13.0)]


@pytest.fixture(scope="module")
def backend():
    return open_backend("cpu", samples_per_axis=3)


def _mirrored(head):
    """The head reflected about its plane x = 0; its triangles are wound the other way round."""
    parts = [
        replace(part, vertices_m=np.ascontiguousarray(part.vertices_m * np.float32([-1, 1, 1])),
                normals=np.ascontiguousarray(part.normals * np.float32([-1, 1, 1])),
                triangles=np.ascontiguousarray(part.triangles[:, ::-1]))
        for part in head.parts
    ]  # fmt: skip
    return replace(head, parts=tuple(parts))


@pytest.fixture(scope="module")
def heads():
    """One head, as it is and mirrored, by the factor of x."""
    head = load_head("m03")
    return {1: head, -1: _mirrored(head)}


def _crop(backend, head, euler_deg, light_to_camera):
    """A stored crop (1, C, C, 4) around the optical axis, so that the head's rotation is that of the crop."""
    light = DirectionalLight(tuple(light_to_camera @ [-0.4, -0.5, -0.8]), (0.8, 0.8, 0.8))
    rotmat = rotmat_from_euler(np.asarray(euler_deg, float), "biwi+")
    frame = backend.render(head, rotmat, np.array([0.0, 0.0, 1.0]), CAMERA, Lighting((light,), GREY, GREY))
    return torch.from_numpy(np.concatenate([frame.image, frame.alpha[..., None]], axis=-1))[None]


def _psnr_db(one, other):
    """Over what both of two inputs (1, 4, S, S) cover, inside the circle that no turn leaves."""
    axis = (np.arange(INPUT_PX) + 0.5) / INPUT_PX * 2 - 1
    inside = torch.from_numpy(np.hypot(axis[:, None], axis[None]) < 1.0)
    covered = (one[0, 3] > 0.98) & (other[0, 3] > 0.98) & inside
    assert covered.sum() > 1500
    return -10 * np.log10(float(((one - other)[0, :3, covered] ** 2).mean()))


def _agreement(backend, heads, pose_deg, turn_deg, mirror, label_deg=None):
    """PSNR between the changed picture and a render at the label's pose, or at a given one."""
    jitter = CropJitter(*(torch.tensor([float(value)]) for value in (1, 0, 0, turn_deg, mirror)))
    changed = jitter_pictures(_crop(backend, heads[1], pose_deg, np.eye(3)), jitter, INPUT_PX, MARGIN)
    label = jitter_euler_deg(torch.tensor([pose_deg], dtype=torch.float64), jitter)[0].numpy()
    t = np.radians(turn_deg)
    turn = np.array([[np.cos(t), np.sin(t), 0], [-np.sin(t), np.cos(t), 0], [0, 0, 1]])  # y points down
    moved = turn @ np.diag([mirror, 1.0, 1.0])
    wanted = _crop(backend, heads[mirror], label if label_deg is None else label_deg, moved)
    return _psnr_db(changed, jitter_pictures(wanted, no_jitter(1), INPUT_PX, MARGIN)), label


@pytest.mark.parametrize("pose_deg", POSES_DEG)
@pytest.mark.parametrize(("turn_deg", "mirror"), [(0.0, -1), (25.0, 1), (17.0, -1)])
def test_the_changed_picture_is_the_render_of_the_changed_label(backend, heads, pose_deg, turn_deg, mirror):
    psnr_db, label = _agreement(backend, heads, pose_deg, turn_deg, mirror)
    assert psnr_db > 36
    for wrong in (label[0], -label[1], label[2]), (label[0], label[1], -label[2]):
        assert _agreement(backend, heads, pose_deg, turn_deg, mirror, wrong)[0] < psnr_db - 8


def test_the_label_of_a_mirrored_head_is_the_mirrored_rotation():
    """F R F, and turned: the same by matrices as by the rule on triples."""
    for pose_deg in POSES_DEG:
        jitter = CropJitter(*(torch.tensor([value]) for value in (1.0, 0.0, 0.0, 17.0, -1.0)))
        label = jitter_euler_deg(torch.tensor([pose_deg], dtype=torch.float64), jitter)[0].numpy()
        t = np.radians(17.0)
        turned = np.array([[np.cos(t), np.sin(t), 0], [-np.sin(t), np.cos(t), 0], [0, 0, 1]])
        rotmat = turned @ MIRROR @ rotmat_from_euler(np.array(pose_deg), "biwi+") @ MIRROR
        np.testing.assert_allclose(label, euler_from_rotmat(rotmat, "biwi+"), atol=1e-4)
