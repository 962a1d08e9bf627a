"""Expressions from frame to frame: in pictures, in labels, in datasets."""

import dataclasses
import hashlib

import numpy as np
import pytest

from synhead_tools.errors import HeadError, PlanError
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.expression_laws import conversation
from synhead_tools.heads.expressions import ARKIT_NAMES, coefficient_vector, express
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.heads.library import load_head
from synhead_tools.heads.projected_mesh import project_face_mesh
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.annotate import point_visibility
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_dataset import render_dataset
from synhead_tools.rendering.scene import Camera, studio_lighting

pytest.importorskip("numba", reason="rendered by the cpu backend here")

FACE = Camera(160, 160, [[700, 0, 80], [0, 700, 60], [0, 0, 1]])
HERE = np.array([0.0, 0.0, 0.7])
POSES = np.stack([rotmat_from_euler((pitch, yaw, 0.0), "biwi+") for pitch, yaw in ((0, 0), (5, 30), (-10, -20))])


def eye_pixels(cpu, head, rotmat):
    return int((cpu.render(head, rotmat, HERE, FACE, studio_lighting()).region == Region.EYE).sum())


@pytest.mark.parametrize("name", ["f01", "m02", "m04"])
def test_shut_lids_hide_the_eyeballs(cpu, name):
    head = load_head(name)
    head = dataclasses.replace(head, parts=tuple(part for part in head.parts if part.name in ("skin", "eyes")))
    shut, half = (express(head, {"eyeBlinkLeft": c, "eyeBlinkRight": c}) for c in (1.0, 0.5))
    for pitch, yaw in ((0, 0), (0, 30), (0, -30), (20, 0), (-20, 0)):
        rotmat = rotmat_from_euler((float(pitch), float(yaw), 0.0), "biwi+")
        seen = [eye_pixels(cpu, shape, rotmat) for shape in (head, half, shut)]
        assert seen[0] > 150
        assert seen[1] < 0.6 * seen[0]
        assert seen[2] <= 0.005 * seen[0]


def test_an_expressed_head_is_drawn_as_a_head_of_its_own(cpu):
    head = load_head("f01")
    shape = express(head, {"jawOpen": 0.7, "mouthSmileLeft": 0.5})
    alone = dataclasses.replace(shape, rest=None)
    frames = [cpu.render(h, POSES[1], HERE, FACE, studio_lighting()) for h in (head, shape, alone, head)]
    assert np.array_equal(frames[1].image, frames[2].image)
    assert np.array_equal(frames[0].image, frames[3].image)
    assert not np.array_equal(frames[0].image, frames[1].image)


def test_the_dense_mesh_lies_on_the_picture_and_its_far_side_is_hidden(cpu):
    head = load_head("m04")
    expression = {"jawOpen": 0.4}
    mesh = load_face_mesh()
    for yaw in (0.0, 50.0, -50.0):
        rotmat = rotmat_from_euler((0.0, yaw, 0.0), "biwi+")
        frame = cpu.render(express(head, expression), rotmat, HERE, FACE, studio_lighting())
        points = project_face_mesh(head, rotmat, HERE, FACE.intrinsics, expression)
        seen = point_visibility(points, frame.depth_m) == 2
        column, row = points[seen, :2].astype(int).T
        depth = frame.depth_m[row, column]
        assert (np.abs(depth - points[seen, 2]) < 0.006)[depth > 0].mean() > 0.93  # not at the outline
        left = mesh.mean_m[:, 0] > 0.03
        if yaw == 0:
            assert seen.mean() > 0.6
        else:  # a positive yaw of this convention turns the face towards the subject's right
            near, far = (left, left[mesh.mirror])[:: 1 if yaw > 0 else -1]
            near, far = (seen[side].mean() for side in (near, far))
            assert max(near, far) > 0.7
            assert min(near, far) < 0.45


@pytest.fixture(scope="module")
def plan():
    return RenderPlan(("f01", "m04"), POSES, size_px=32, seed=5, expressions="random")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, plan):
    return render_dataset(plan, tmp_path_factory.mktemp("sets") / "random", rows_per_shard=4)


def test_a_dataset_stores_the_coefficients_it_was_drawn_with(finished, plan):
    with open_dataset(finished) as dataset:
        coefficients = dataset.read("expression_coefficients")
        assert coefficients.shape == (6, 52)
        assert set(dataset.read("expression").tolist()) == {b"random"}
        assert len(np.unique(coefficients, axis=0)) == 6
        for index in range(len(plan)):
            setup = plan.sample(index)
            assert np.array_equal(coefficients[index], setup.expression)
            mesh = project_face_mesh(
                load_head(setup.head_name), dataset.read("rotmat", [index])[0], setup.translation_m,
                plan.camera().intrinsics, coefficients[index],
            )  # fmt: skip
            stored = dataset.read("landmarks68", [index])[0]
            assert np.abs(mesh[load_face_mesh().landmarks68] - stored).max() < 1e-4


def test_the_same_plan_gives_the_same_bytes_by_two_processes(finished, plan, tmp_path):
    again = render_dataset(plan, tmp_path / "again", workers=2, rows_per_shard=4)
    for shard in sorted((finished / "shards").iterdir()):
        ours, theirs = (hashlib.sha256(p.read_bytes()).hexdigest() for p in (shard, again / "shards" / shard.name))
        assert ours == theirs


def test_expressions_change_no_other_draw(plan):
    neutral = dataclasses.replace(plan, expressions="none", lighting="random")
    random = dataclasses.replace(plan, lighting="random")
    for index in range(len(plan)):
        one, other = neutral.sample(index), random.sample(index)
        assert one.expression is None
        assert one.lighting == other.lighting
        assert np.array_equal(one.translation_m, other.translation_m)
    assert neutral.sha256() != random.sha256()


def test_given_rows_go_with_poses_and_begin_again(tmp_path, cpu):
    rows = np.stack([coefficient_vector({"jawOpen": 1.0}), np.zeros(52)])
    plan = RenderPlan(("f01",), POSES, size_px=32, expressions=rows)
    copy = RenderPlan.from_dict(plan.to_dict())
    assert copy.sha256() == plan.sha256()
    assert plan.sha256() != dataclasses.replace(plan, expressions=rows[::-1]).sha256()
    with open_dataset(render_dataset(plan, tmp_path / "given")) as dataset:
        assert np.array_equal(dataset.read("expression_coefficients"), rows[[0, 1, 0]].astype(np.float32))
        assert dataset.read("expression").tolist() == [b"given", b"neutral", b"given"]
        mouth = dataset.read("landmarks68")[:, [62, 66], 1]
        gaps = mouth[:, 1] - mouth[:, 0]
        assert gaps[0] > gaps[1] + 1
        assert gaps[2] > gaps[1] + 1


def test_heads_at_rest_have_no_coefficients(tmp_path, egg):
    with open_dataset(
        render_dataset(RenderPlan(("egg",), POSES, size_px=16), tmp_path / "rest", heads={"egg": egg})
    ) as set_:
        assert "expression_coefficients" not in set_.columns
        assert set(set_.read("expression").tolist()) == {b"neutral"}


def test_heads_without_a_recipe_are_refused_before_anything_is_written(tmp_path, egg):
    plan = RenderPlan(("egg",), POSES, size_px=16, expressions="random")
    with pytest.raises(HeadError, match="egg.*imported"):
        render_dataset(plan, tmp_path / "out", heads={"egg": egg})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("expressions", "message"),
    [
        ("smiling", "unknown expressions 'smiling'"),
        (np.zeros((3, 51)), "52"),
        (np.zeros((0, 52)), "at least 1"),
        (np.full((2, 52), 1.5), f"expression 0 has {ARKIT_NAMES[0]}"),
        (np.full((2, 52), np.nan), "expression 0"),
    ],
)
def test_wrong_expressions_of_a_plan_are_named(expressions, message):
    with pytest.raises(PlanError, match=message):
        RenderPlan(("f01",), POSES, expressions=expressions)


def test_the_law_of_a_plan_is_that_of_its_name(plan):
    setup = plan.sample(4)
    stream = np.random.SeedSequence(setup.seed).spawn(4)[3]
    assert np.array_equal(setup.expression, conversation(np.random.default_rng(stream)).astype(np.float32))
