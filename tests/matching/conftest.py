import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.geometry.pose_laws import biwi_like_rotations
from synhead_tools.matching.synhead_plus import VisibleFaceRule, build_synhead_plus
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_dataset import render_dataset


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """Two heads in twelve poses each, 32 px, with depth: ``synhead`` and ``synhead+`` side by side."""
    folder = tmp_path_factory.mktemp("small")
    poses = biwi_like_rotations(12, np.random.default_rng(3))
    plan = RenderPlan(("f01", "m02"), poses, size_px=32, backend="cpu", store_depth=True, expressions="random")
    render_dataset(plan, folder / "synhead")
    build_synhead_plus(folder / "synhead", folder / "synhead+", rule=VisibleFaceRule(0, 0.0))
    return folder


@pytest.fixture
def plus(small):
    with open_dataset(small / "synhead+") as dataset:
        yield dataset


@pytest.fixture(scope="session")
def target_npz(tmp_path_factory):
    """Biwi+ labels of two sequences, made up."""
    path = tmp_path_factory.mktemp("target") / "Biwi_test.npz"
    rng = np.random.default_rng(5)
    names = [f"{sequence:02d}/frame_{number:05d}_rgb.png" for sequence in (1, 2) for number in range(3, 13)]
    boxes = np.column_stack([rng.integers(100, 400, (20, 2)), np.full((20, 2), 132)])
    np.savez(path, images=np.array(names), pyr=rng.uniform(-40, 40, (20, 3)), bbox=boxes)
    return path
