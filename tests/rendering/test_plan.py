import json

import numpy as np
import pytest

from synhead_tools.errors import PlanError, SynheadError
from synhead_tools.geometry.boxes import face_box_xyxy
from synhead_tools.geometry.pose_laws import uniform_rotations
from synhead_tools.geometry.projection import project_points
from synhead_tools.rendering.plan import RenderPlan

ROTMATS = uniform_rotations(5, np.random.default_rng(0))


def make_plan(**options):
    return RenderPlan(heads=("a", "b"), rotmats=ROTMATS, **options)


def test_plans_of_before_there_were_looks_are_read():
    values = make_plan(seed=2).to_dict()
    for name in ("fov_deg", "intrinsics", "place", "looks"):
        del values[name]
    assert RenderPlan.from_dict(values).sha256() == make_plan(seed=2).sha256()


def test_samples_are_head_major():
    plan = make_plan()
    assert len(plan) == 10
    order = [(plan.sample(k).head_name, plan.sample(k).pose_index) for k in range(10)]
    assert order == [(head, pose) for head in "ab" for pose in range(5)]


def test_round_trip_through_json():
    plan = make_plan(
        seed=4, lighting="random", background="noise", track_id=[0, 0, 1, 1, 2], frame_id=range(5), size_px=(64, 48),
        intrinsics=(80, 81, 30, 22), place="anywhere", looks=("sensor", "occluder:0.5"),
    )  # fmt: skip
    again = RenderPlan.from_dict(json.loads(json.dumps(plan.to_dict())))
    assert again.sha256() == plan.sha256()
    assert again.camera() == plan.camera()
    assert again.sample(7).values.keys() == plan.sample(7).values.keys()
    np.testing.assert_array_equal(again.rotmats, plan.rotmats)
    assert again.sample(7).lighting == plan.sample(7).lighting


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"size_px": 64},
        {"lighting": "random"},
        {"convention": "biwi+"},
        {"store_depth": True},
        {"fov_deg": 30.0},
        {"intrinsics": (100, 100, 64, 64)},
        {"place": "anywhere"},
        {"looks": ("tint",)},
        {"looks": ("tint:0.5",)},
        {"background": "noise"},
    ],
)
def test_hash_sees_every_change(change):
    assert make_plan(**change).sha256() != make_plan().sha256()


def test_hash_sees_poses_but_not_where_they_are_from():
    moved = RenderPlan(("a", "b"), ROTMATS[::-1])
    assert moved.sha256() != make_plan().sha256()
    assert make_plan(poses_from={"grid": "0:10:5"}).sha256() == make_plan().sha256()


def test_seed_of_a_sample_depends_on_run_and_number_only():
    plan, shorter = make_plan(seed=9), RenderPlan(("z",), ROTMATS[:2], seed=9, size_px=32)
    assert plan.sample(1).seed == shorter.sample(1).seed
    seeds = {make_plan(seed=seed).sample_seed(index) for seed in range(4) for index in range(10)}
    assert len(seeds) == 40


def test_streams_are_apart():
    """Jitter of the place changes nothing else."""
    still, moved = make_plan(lighting="random"), make_plan(lighting="random", distance_jitter=0.2, offset_jitter=0.1)
    assert still.sample(3).lighting == moved.sample(3).lighting
    assert (still.sample(3).translation_m == (0, 0, 1)).all()
    assert (still.sample(3).translation_m != moved.sample(3).translation_m).all()


def test_default_camera_gives_the_face_box_its_share():
    plan = make_plan(size_px=170)
    box = face_box_xyxy(np.eye(3), np.array([0, 0, 1.0]), plan.camera().intrinsics)
    assert box[2] - box[0] == pytest.approx(100)
    assert plan.camera().intrinsics[0, 2] == 85


def test_jitter_stays_inside_its_bounds():
    plan = RenderPlan(("a",), np.tile(np.eye(3), (200, 1, 1)), distance_jitter=0.25, offset_jitter=0.1, size_px=100)
    places = np.array([plan.sample(k).translation_m for k in range(200)])
    assert 0.75 <= places[:, 2].min() < 0.8
    assert 1.2 < places[:, 2].max() <= 1.25
    px = np.array([project_points(np.zeros((1, 3)), np.eye(3), t, plan.camera().intrinsics)[0][0] for t in places])
    assert np.abs(px - 50).max() <= 10 + 1e-9
    assert np.abs(px - 50).max() > 9


@pytest.mark.parametrize(
    "bad",
    [
        {"heads": ()},
        {"heads": ("a", "a")},
        {"rotmats": np.eye(3)},
        {"rotmats": np.zeros((2, 3, 3))},
        {"rotmats": -np.eye(3)[None]},
        {"rotmats": np.full((1, 3, 3), np.nan)},
        {"track_id": [1]},
        {"size_px": 4},
        {"distance_m": -1.0},
        {"lighting": "moonlight"},
        {"lighting": "random:3"},
        {"background": "plaid"},
        {"background": "environment"},
        {"background": "folder:/no/such/folder"},
        {"looks": ("wig",)},
        {"looks": ("tint", "tint")},
        {"place": "nowhere"},
        {"convention": "nobody's"},
        {"seed": -1},
    ],
)
def test_refuses(bad):
    with pytest.raises(SynheadError) as caught:
        RenderPlan(**{"heads": ("a",), "rotmats": ROTMATS, **bad})
    assert "\n" not in str(caught.value)


def test_error_names_the_pose():
    rotmats = np.tile(np.eye(3), (4, 1, 1))
    rotmats[2, 0, 0] = 1.1
    with pytest.raises(PlanError, match="pose 2 "):
        RenderPlan(("a",), rotmats)
