"""Two toy domains drawn with NumPy: a shaded ball with a face, whose looks follow from its pose exactly."""

from __future__ import annotations

import numpy as np
import pytest

from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.rays import from_ray_frame, ray_rotation
from synhead_tools.learning.config import TrainConfig

PICTURE_PX, FOCAL_PX, BOX_PX = 64, 90.0, 30.0

# Marks on the ball: direction in the head frame (x subject's left, y down, z into the head), radius, colour.
# They are mirror-symmetric about x = 0, as a face is.
_MARKS = (
    ((0.0, -0.9, 0.5), 0.75, (0.25, 0.15, 0.10)),  # hair
    ((0.38, -0.25, -0.9), 0.20, (0.05, 0.05, 0.30)),
    ((-0.38, -0.25, -0.9), 0.20, (0.05, 0.05, 0.30)),
    ((0.0, 0.10, -1.0), 0.17, (1.00, 0.85, 0.55)),  # nose
    ((0.0, 0.50, -0.9), 0.22, (0.75, 0.10, 0.15)),  # mouth
)


def draw_ball(crop_rotmat, centre_px, radius_px, size_px=PICTURE_PX):
    """A ball seen along its own ray: premultiplied colour (H, W, 3) and alpha (H, W), uint8."""
    axis = np.arange(size_px) + 0.5
    x = (axis[None, :] - centre_px[0]) / radius_px
    y = (axis[:, None] - centre_px[1]) / radius_px
    inside = np.clip((1.0 - np.hypot(x, y)) * radius_px + 0.5, 0, 1)
    z = -np.sqrt(np.clip(1.0 - x**2 - y**2, 0, None))
    x, y, z = np.broadcast_arrays(x, y, z)
    on_head = np.stack([x, y, z], -1) @ crop_rotmat  # rows are R^T p
    colour = np.broadcast_to([0.85, 0.65, 0.5], on_head.shape).copy()
    for direction, radius, paint in _MARKS:
        direction = np.array(direction) / np.linalg.norm(direction)
        nearness = np.clip((radius - np.linalg.norm(on_head - direction, axis=-1)) * 12 + 0.5, 0, 1)[..., None]
        colour = colour + nearness * (np.array(paint) - colour)
    shaded = colour * (0.55 + 0.45 * np.clip(-z, 0, 1))[..., None]
    alpha = np.rint(inside * 255).astype(np.uint8)
    return np.rint(shaded * inside[..., None] * 255).astype(np.uint8), alpha


class ToySource:
    """A SampleSource in memory."""

    def __init__(self, columns, name="toy"):
        self._table, self._name = columns, name
        self.reads = []

    @property
    def columns(self):
        return tuple(self._table)

    def __len__(self):
        return len(self._table["image"])

    def read(self, name, rows=None):
        self.reads.append(name)
        return self._table[name] if rows is None else self._table[name][rows]

    def describe(self):
        return {
            "dataset": self._name, "subset": "all", "convention": "biwi+", "calibrated": True, "crop": "drawn",
            "frames": len(self), "target_labels_used": False,
        }  # fmt: skip


def make_toy(n, domain="source", seed=0, spread_deg=(15.0, 25.0, 10.0)):
    """Toy samples; `target` differs from `source` in colour and background and has no alpha."""
    rng = np.random.default_rng((seed, domain == "target"))
    crop_rotmat = rotmat_from_euler(rng.normal(0, spread_deg, (n, 3)), "biwi+")
    centre = PICTURE_PX / 2 + rng.uniform(-7, 7, (n, 2))
    intrinsics = np.array([[FOCAL_PX, 0, PICTURE_PX / 2], [0, FOCAL_PX, PICTURE_PX / 2], [0, 0, 1.0]])
    intrinsics = np.broadcast_to(intrinsics, (n, 3, 3)).copy()
    drawn = [draw_ball(r, c, BOX_PX * 0.45) for r, c in zip(crop_rotmat, centre, strict=True)]
    image, alpha = (np.stack(part) for part in zip(*drawn, strict=True))
    columns = {
        "image": image,
        "alpha": alpha,
        "rotmat": from_ray_frame(crop_rotmat, ray_rotation(centre, intrinsics)),
        "intrinsics": intrinsics,
        "face_box_xyxy": np.concatenate([centre - BOX_PX / 2, centre + BOX_PX / 2], -1).astype(np.float32),
        "sequence": (np.arange(n) % 2).astype(np.int32),
        "head_id": np.array([b"ball-a", b"ball-b"], "S16")[np.arange(n) % 2],
    }
    if domain == "target":
        wall = np.linspace(70, 130, PICTURE_PX)[:, None] * np.array([0.7, 0.9, 1.0])
        cover = 1 - columns.pop("alpha")[..., None] / 255.0
        tinted = columns["image"] * np.array([0.6, 0.75, 1.0]) + wall[None, :, None, :] * cover
        columns["image"] = np.rint(np.clip(tinted + rng.normal(0, 4, tinted.shape), 0, 255)).astype(np.uint8)
    return ToySource(columns, f"toy {domain}")


@pytest.fixture(scope="session")
def toy_source():
    return make_toy(160, "source")


@pytest.fixture(scope="session")
def toy_target():
    return make_toy(48, "target", spread_deg=(8.0, 12.0, 5.0))


@pytest.fixture(scope="session")
def small_config():
    """A network and settings that train in a second."""
    return TrainConfig(
        method="source-only", backbone_width=8, input_px=32, batch_size=16, stage1_steps=3, stage2_steps=3,
        discriminator_width=16, n_neighbours=5, precision="float32", log_every=1,
    )  # fmt: skip
