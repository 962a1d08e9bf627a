"""Bodies below the heads, in pictures: no cut edge, labels of the head alone, and shapes that leave no trace."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest

from synhead_tools.errors import PlanError
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.projection import project_points
from synhead_tools.heads.assets import load_geometry
from synhead_tools.heads.bust import skin_mesh
from synhead_tools.heads.library import load_head
from synhead_tools.heads.pose_neck import BODY_FOLLOW, bend_neck, body_rotmat
from synhead_tools.heads.regions import BODY_REGIONS, Region
from synhead_tools.heads.torso import below_neckline_dm, cut_triangles
from synhead_tools.rendering.annotate import FaceAreas, annotate
from synhead_tools.rendering.backend import Frame, open_backend
from synhead_tools.rendering.cpu.pack import packed_as
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.redraw import redraw
from synhead_tools.rendering.render_dataset import render_dataset
from synhead_tools.rendering.render_shard import HeadShelf, ShardRenderer
from synhead_tools.rendering.scene import studio_lighting

AT_1_M = np.array([0.0, 0.0, 1.0])
TURNS_DEG = [(p, y, r) for p in (-60, -30, 0, 30, 60) for y in range(-180, 180, 45) for r in (-40, 0, 40)]


def turned(pitch, yaw, roll):
    return rotmat_from_euler(np.array([pitch, yaw, roll], float), "biwi+")


def same(one, other):
    return all(np.array_equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(Frame))


def camera_of(size_px, **options):
    return RenderPlan(("any",), [np.eye(3)], size_px=size_px, **options).camera()


def cut_is_seen(head, frame, rotmat, camera):
    """Whether the frame shows a triangle that closes a cut, or a point of a cut's edge."""
    cloth, count = head.part("cloth"), cut_triangles(head.recipe.cloth)
    first = sum(len(part.triangles) for part in head.parts[: head.parts.index(cloth)])
    last = first + len(cloth.triangles)
    if ((frame.triangle_id >= last - count) & (frame.triangle_id < last)).any():
        return True
    edge = np.unique(cloth.triangles[-count:])
    points_px, depth_m = project_points(cloth.vertices_m[edge].astype(float), rotmat, AT_1_M, camera.intrinsics)
    inside = ((points_px >= 0) & (points_px < frame.alpha.shape[0])).all(axis=1) & (depth_m > 0)
    column, row = points_px[inside].astype(int).T
    seen_m = frame.depth_m[row, column]
    return bool(((seen_m == 0) | (seen_m > depth_m[inside] - 0.01)).any())


@pytest.mark.parametrize("name", ["f01", "m02", "demo/d03"])
def test_no_default_picture_shows_where_the_body_is_cut(cpu_with, name):
    head, camera, backend = load_head(name), camera_of(80), cpu_with(samples_per_axis=1)
    for turn in TURNS_DEG:
        bent = bend_neck(head, turned(*turn))
        frame = backend.render(bent, turned(*turn), AT_1_M, camera, studio_lighting())
        assert not cut_is_seen(bent, frame, turned(*turn), camera), turn
    far = camera_of(80, picture_to_box=8)  # there the cut is seen: the test can fail
    assert cut_is_seen(head, backend.render(head, np.eye(3), AT_1_M, far, studio_lighting()), np.eye(3), far)


@pytest.mark.parametrize("pitch", [-30, 0, 30])
def test_the_body_fills_the_bottom_of_upright_pictures(cpu_with, pitch):
    """From one shoulder to the other there is no background in the last row, nor below any piece of cloth."""
    head, backend = load_head("m01"), cpu_with(samples_per_axis=1)
    for yaw in (-75, -30, 0, 30, 75):
        rotmat = turned(pitch, yaw, 0)
        frame = backend.render(bend_neck(head, rotmat), rotmat, AT_1_M, camera_of(96), studio_lighting())
        bottom = np.flatnonzero(frame.alpha[-1])
        assert len(bottom) > 45
        assert np.isin(frame.region[-1][bottom], [*BODY_REGIONS, Region.HAIR]).all()
        for column in np.flatnonzero((frame.region == Region.CLOTH).any(axis=0)):
            top = np.flatnonzero(frame.region[:, column] == Region.CLOTH)[0]
            if column in bottom and bottom[0] < column < bottom[-1]:
                assert (frame.alpha[top:, column] > 0).all()


@pytest.mark.parametrize("name", ["f04", "m02", "m04", "f01"])
def test_no_skin_comes_out_of_the_cloth(cpu_with, name):
    """Skin that lies 3 mm and more below the neckline, marked, is seen nowhere."""
    head, backend = load_head(name), cpu_with(samples_per_axis=1)
    skin, rest_dm = head.part("skin"), skin_mesh(load_geometry().vertices_dm, head.detail)[0]
    below = (below_neckline_dm(rest_dm, head.recipe.cloth) > 0.03) & (skin.bend > 0.2)
    marked = np.where(below[skin.triangles].all(axis=1), Region.GLASSES, skin.triangle_region).astype(np.uint8)
    head = replace(head, parts=(replace(skin, triangle_region=marked), *head.parts[1:]))
    for turn in [(-60, 0, 0), (-50, 25, 0), (40, 0, 0), (0, 0, 0), (0, 75, 0), (-20, -60, 0), (0, 0, 40), (0, 180, 0)]:
        bent = bend_neck(head, turned(*turn), 0.1)
        region = backend.render(bent, turned(*turn), AT_1_M, camera_of(200), studio_lighting()).region
        assert (region == Region.GLASSES).sum() <= 2, turn
    bare = replace(head, parts=tuple(part for part in head.parts if part.name != "cloth"))
    assert (backend.render(bare, np.eye(3), AT_1_M, camera_of(200), studio_lighting()).region == Region.GLASSES).any()


def test_the_head_turns_and_the_shoulders_stay(cpu):
    """The head's own pixels are those of a stiff bust; the shoulders are as wide as without a turn."""
    head, camera, rotmat = load_head("m03"), camera_of(128, picture_to_box=3), turned(0, 70, 0)
    front = cpu.render(head, np.eye(3), AT_1_M, camera, studio_lighting())
    stiff = cpu.render(head, rotmat, AT_1_M, camera, studio_lighting())
    bent = cpu.render(bend_neck(head, rotmat, 0.0), rotmat, AT_1_M, camera, studio_lighting())
    face = np.isin(stiff.region, [Region.EYE, Region.LIP, Region.NOSE, Region.EYELID, Region.BROW])
    for name in ("image", "region", "depth_m"):
        assert np.array_equal(getattr(stiff, name)[face], getattr(bent, name)[face])

    width_px = [np.ptp(np.nonzero(frame.region == Region.CLOTH)[1]) for frame in (front, bent, stiff)]
    assert abs(width_px[1] - width_px[0]) <= 0.06 * width_px[0]  # they come nearer as the neck turns
    assert width_px[2] < 0.75 * width_px[0]


def test_labels_are_of_the_head_alone(cpu):
    head, camera, areas = load_head("m01"), camera_of(128), FaceAreas(cpu)
    labels = {}
    for body_follow in (0.0, 0.5, 1.0):
        rotmat = turned(10, 35, -10)
        bent = bend_neck(head, rotmat, body_follow)
        frame = cpu.render(bent, rotmat, AT_1_M, camera, studio_lighting())
        labels[body_follow] = annotate(head, rotmat, AT_1_M, camera, frame, areas)
        left, top, right, bottom = labels[body_follow]["head_box_xyxy"]
        chin = labels[body_follow]["landmarks68"][8]
        assert chin[1] < bottom < chin[1] + 14  # skin below the chin belongs to the head as far as it is no neck
        assert bottom < 100
        assert 35 < right - left < 62
    for name in labels[1.0]:
        if name not in ("head_box_xyxy", "landmarks68_visibility"):
            assert np.allclose(labels[0.0][name], labels[1.0][name], atol=0.02), name
    assert np.abs(labels[0.0]["head_box_xyxy"] - labels[1.0]["head_box_xyxy"]).max() <= 4


def test_shapes_of_one_head_leave_no_trace(cpu):
    """Drawing is the same whatever shape was drawn before, and as if each shape were a head of its own."""
    head, camera, light = load_head("f02"), camera_of(96), studio_lighting()
    poses = [turned(0, 60, 0), turned(-40, -20, 15)]
    shapes = [bend_neck(head, pose) for pose in poses]
    first = [cpu.render(shape, pose, AT_1_M, camera, light) for shape, pose in zip(shapes, poses, strict=True)]
    straight = cpu.render(head, poses[0], AT_1_M, camera, light)
    again = [cpu.render(shape, pose, AT_1_M, camera, light) for shape, pose in zip(shapes, poses, strict=True)]
    assert all(same(*pair) for pair in zip(first, again, strict=True))
    assert not same(first[0], straight)
    alone = open_backend("cpu")
    assert same(alone.render(shapes[1], poses[1], AT_1_M, camera, light), first[1])
    own = open_backend("cpu").render(replace(shapes[1], rest=None), poses[1], AT_1_M, camera, light)
    assert (own.image != first[1].image).mean() < 0.002
    assert same(open_backend("cpu").render(head, poses[0], AT_1_M, camera, light), straight)


def test_a_head_taken_apart_is_packed_anew():
    head = load_head("m03")
    bent = bend_neck(head, turned(0, 60, 0))
    assert packed_as(bent) is head
    eyes = replace(bent, parts=(bent.part("eyes"),))
    assert packed_as(eyes) is eyes
    repainted = replace(bent, parts=tuple(replace(part, texture=part.texture.copy()) for part in bent.parts))
    assert packed_as(repainted) is repainted


@pytest.mark.gl
def test_the_opengl_backend_draws_the_same_shapes(cpu):
    from synhead_tools.errors import BackendError

    try:
        gl = open_backend("egl")
    except BackendError as error:
        pytest.skip(f"no OpenGL here: {error}")
    head, camera, light = load_head("m03"), camera_of(96), studio_lighting()
    for turn in [(0, 60, 0), (0, 0, 0), (-30, -60, 20), (0, 60, 0)]:
        rotmat = turned(*turn)
        bent = bend_neck(head, rotmat)
        ours, theirs = (backend.render(bent, rotmat, AT_1_M, camera, light) for backend in (cpu, gl))
        assert (ours.region != theirs.region).mean() < 0.02
        assert np.abs(ours.image.astype(int) - theirs.image).mean() < 2


def test_the_plan_says_how_the_body_follows(tmp_path):
    plan = RenderPlan(("m03",), [turned(0, 50, 0)], size_px=48)
    stiff = replace(plan, body_follow=1.0)
    assert plan.body_follow == BODY_FOLLOW
    assert plan.sha256() != stiff.sha256()
    again = RenderPlan.from_dict(json.loads(json.dumps(plan.to_dict())))
    assert again.sha256() == plan.sha256()
    older = {name: value for name, value in plan.to_dict().items() if name != "body_follow"}
    assert RenderPlan.from_dict(older).body_follow == 1.0
    with open_dataset(render_dataset(plan, tmp_path / "bends")) as dataset:
        assert dataset.manifest.config["body_follow"] == BODY_FOLLOW
        pictures = {BODY_FOLLOW: dataset.read("image")[0], 1.0: columns_of(stiff, 0, 1)["image"][0]}
    head, lighting = load_head("m03", plan.head_detail), plan.sample(0).lighting
    for body_follow, picture in pictures.items():
        bent = bend_neck(head, plan.rotmats[0], body_follow)
        frame = open_backend("cpu").render(bent, plan.rotmats[0], AT_1_M, plan.camera(), lighting)
        np.testing.assert_array_equal(frame.image, picture)


def columns_of(plan, *bounds):
    """Columns of a plan's samples, by a fresh renderer, stretch after stretch."""
    backend = open_backend("cpu")
    renderer = ShardRenderer(plan, HeadShelf(plan.heads, detail=plan.head_detail), backend, FaceAreas(backend))
    stretches = [renderer.columns(*pair) for pair in zip(bounds, bounds[1:], strict=False)]
    return {name: np.concatenate([stretch[name] for stretch in stretches]) for name in stretches[0]}


def test_samples_do_not_depend_on_what_is_rendered_with_them():
    rotmats = np.array([turned(p, y, 0) for p in (-20, 20) for y in (-60, 0, 60)])
    plan = RenderPlan(("m03", "f01"), rotmats, size_px=32, store_depth=True)
    whole, pieces, last = columns_of(plan, 0, 12), columns_of(plan, 0, 1, 8, 12), columns_of(plan, 7, 12)
    for name in whole:
        np.testing.assert_array_equal(whole[name], pieces[name])
        np.testing.assert_array_equal(whole[name][7:], last[name])


def test_each_sample_may_draw_how_its_body_follows_and_stores_it():
    rotmats = np.array([turned(-20, yaw, 10) for yaw in (-60, -30, 30, 60)])
    plan = RenderPlan(("m03",), rotmats, size_px=48, body_follow=(0.1, 0.9), seed=3)
    again = RenderPlan.from_dict(json.loads(json.dumps(plan.to_dict())))
    assert again.sha256() == plan.sha256()
    columns = columns_of(plan, 0, 4)
    shares = columns["body_follow"]
    assert len(set(shares.tolist())) == 4
    assert shares.min() >= 0.1
    assert shares.max() <= 0.9
    head, backend, fixed = load_head("m03", plan.head_detail), open_backend("cpu"), replace(plan, body_follow=0.3)
    for k, share in enumerate(shares):
        bent = bend_neck(head, rotmats[k], float(share))
        frame = backend.render(bent, rotmats[k], AT_1_M, plan.camera(), plan.sample(k).lighting)
        np.testing.assert_array_equal(frame.image, columns["image"][k])
        values = {name: column[k] for name, column in columns.items()}
        np.testing.assert_array_equal(redraw(values, plan.summary(), head, backend).image, columns["image"][k])
    assert "body_follow" not in columns_of(fixed, 0, 1)
    # nothing else that is drawn is another for it
    assert [plan.sample(k).seed for k in range(4)] == [fixed.sample(k).seed for k in range(4)]
    for wrong in ((0.5, 0.2), (0.0, 1.2), (0.1, 0.2, 0.3), 1.5):
        with pytest.raises(PlanError, match="body_follow"):
            replace(plan, body_follow=wrong)


def test_the_command_has_the_plans_default():
    from synhead_tools.cli.render import render

    assert next(option for option in render.params if option.name == "body_follow").default == BODY_FOLLOW


def test_seen_from_behind_body_and_head_are_in_line():
    assert np.allclose(body_rotmat(turned(0, 180, 0), 0.3), turned(0, 180, 0), atol=1e-9)
