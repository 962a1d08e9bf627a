import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from synhead_tools.errors import HeadError
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.library import load_head
from synhead_tools.heads.pose_neck import (
    BODY_FOLLOW,
    MOST_BEND_DEG,
    MOST_NOD_DEG,
    MOST_TURN_DEG,
    bend_neck,
    bending_of,
    body_rotmat,
    neck_bend,
)
from synhead_tools.heads.regions import Region

POSES_DEG = [(0, 90, 0), (0, -75, 0), (60, 0, 0), (-60, 0, 0), (0, 0, 50), (20, 60, 20), (-30, 130, 10), (5, 180, 0)]
ABOVE_THE_JAW = (Region.EYE, Region.BROW, Region.LASH, Region.LIP, Region.NOSE, Region.EAR, Region.EYELID)


def turned(pitch, yaw, roll):
    return rotmat_from_euler(np.array([pitch, yaw, roll], float), "biwi+")


def rotations(draw):
    return Rotation.from_quat(draw).as_matrix()


quaternions = st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: np.linalg.norm(q) > 0.1)


def neck(rotmat, body_follow=BODY_FOLLOW):
    """The rotation of the head on its body."""
    return body_rotmat(rotmat, body_follow).T @ rotmat


def test_nothing_changes_where_there_is_nothing_to_bend(head):
    assert bend_neck(head, np.eye(3), 0.0) is head
    assert bend_neck(head, turned(10, 50, 5), 1.0) is head
    stiff = dataclasses.replace(head, neck_joints_m=None)
    assert bend_neck(stiff, turned(10, 50, 5), 0.3) is stiff


def test_the_joints_lie_in_the_neck(head):
    skull, base = head.neck_joints_m
    assert np.abs(head.neck_joints_m[:, 0]).max() < 0.004
    assert 0.02 < skull[1] < 0.06
    assert 0.06 < skull[2] < 0.10
    assert 0.08 < base[1] - skull[1] < 0.13
    assert 0.02 < base[2] - skull[2] < 0.05


def test_the_head_never_moves(head):
    for pose in POSES_DEG:
        bent = bend_neck(head, turned(*pose), 0.0)
        for name in ("points5_m", "landmarks68_m", "face_mesh_m"):
            assert getattr(bent, name) is getattr(head, name)
        for before, after in zip(head.parts, bent.parts, strict=True):
            for region in ABOVE_THE_JAW:
                here = np.unique(before.triangles[before.triangle_region == region])
                assert after.vertices_m[here].tobytes() == before.vertices_m[here].tobytes()
                assert after.normals[here].tobytes() == before.normals[here].tobytes()
            for name in ("triangles", "triangle_region", "uv", "texture", "bend"):
                assert getattr(after, name) is getattr(before, name)


def test_landmarks_are_on_skin_that_stays(head):
    skin = head.part("skin")
    for points in (head.landmarks68_m, head.face_mesh_m):
        if points is not None:
            assert (skin.bend[cKDTree(skin.vertices_m).query(points)[1]] == 0).all()


def test_bend_grows_from_head_to_body():
    column = np.array([[x, y, z] for x in (0, 0.4) for z in (-0.1, 0.3, 0.7) for y in np.linspace(8, 4, 50)])
    bend = neck_bend(column).reshape(6, 50)
    assert (np.diff(bend, axis=1) >= 0).all()
    assert (bend[:, 0] == 0).all()
    assert (bend[:, -1] == 1).all()
    assert np.diff(bend, axis=1).max() < 0.15


def test_bending_against_an_integral_along_the_neck():
    """A bent vertex, from the definition: slices of the neck, each turned by its share, put on one another."""
    head, rotmat = load_head("m03"), turned(-25, 55, 15)
    bent = bend_neck(head, rotmat, 0.1)
    rotvec = Rotation.from_matrix(neck(rotmat, 0.1)).inv().as_rotvec()
    skull, base = head.neck_joints_m
    steps = 4096
    slices = Rotation.from_rotvec(np.outer((np.arange(steps) + 0.5) / steps, rotvec)).apply(base - skull) / steps
    line = skull + np.concatenate([np.zeros((1, 3)), np.cumsum(slices, axis=0)])
    for before, after in zip(head.parts, bent.parts, strict=True):
        if before.bend is None:
            continue
        for vertex in np.flatnonzero(before.bend > 0)[::97]:
            share = np.rint(before.bend[vertex] * 256) / 256
            part_turn = Rotation.from_rotvec(share * rotvec)
            arm = before.vertices_m[vertex] - (skull + share * (base - skull))
            place = line[int(share * steps)] + part_turn.apply(arm)
            assert np.allclose(after.vertices_m[vertex], place, atol=2e-5)
            assert np.allclose(after.normals[vertex], part_turn.apply(before.normals[vertex]), atol=1e-5)


def test_the_body_is_rigid_and_turned_as_it_should_be(head):
    rotmat = turned(15, -60, 10)
    cloth, bent = (h.part("cloth") for h in (head, bend_neck(head, rotmat, 0.3)))
    body = np.flatnonzero(cloth.bend == 1)
    before, after = (part.vertices_m[body].astype(float) for part in (cloth, bent))
    before, after = before - before.mean(axis=0), after - after.mean(axis=0)
    assert np.allclose(rotmat @ after.T, body_rotmat(rotmat, 0.3) @ before.T, atol=2e-6)


def volume_m3(part):
    a, b, c = np.moveaxis(part.vertices_m.astype(float)[part.triangles], 1, 0)
    return np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6


def edge_lengths_m(part):
    pairs = part.triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    return np.linalg.norm(part.vertices_m[pairs[:, 0]] - part.vertices_m[pairs[:, 1]], axis=1)


@pytest.mark.parametrize("name", ["f01", "f04", "m02", "demo/d02"])
@pytest.mark.parametrize("pose", POSES_DEG)
def test_a_bent_neck_keeps_its_volume_and_does_not_tear(name, pose):
    head = load_head(name)
    bent = bend_neck(head, turned(*pose), 0.0)
    skin, after = head.part("skin"), bent.part("skin")
    assert abs(volume_m3(after) / volume_m3(skin) - 1) < 0.05
    for name, most in (("skin", 3.2), ("cloth", 2.3), ("hair", 4.0)):
        if head.part(name) is not None and head.part(name).bend is not None:
            long = edge_lengths_m(head.part(name)) > 2e-3
            assert (edge_lengths_m(bent.part(name))[long] / edge_lengths_m(head.part(name))[long]).max() < most
    # few triangles turn away from their normals: next to none folds over
    a, b, c = np.moveaxis(after.vertices_m[after.triangles].astype(float), 1, 0)
    sides = np.einsum("ij,ij->i", np.cross(b - a, c - a), after.normals[after.triangles].mean(axis=1))
    assert (sides < 0).mean() < 0.015
    assert np.allclose(np.linalg.norm(after.normals, axis=1), 1, atol=1e-4)


@settings(max_examples=60, deadline=None)
@given(quaternions, st.floats(0, 1))
def test_no_neck_does_more_than_a_neck_can(quaternion, body_follow):
    rotmat = rotations(quaternion)
    body = body_rotmat(rotmat, body_follow)
    assert np.allclose(body @ body.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(body) > 0
    angle_deg = geodesic_distance_deg(body, rotmat)
    assert angle_deg <= np.hypot(MOST_TURN_DEG, MOST_BEND_DEG) / np.sqrt(2) + 12
    assert angle_deg <= (1 - body_follow) * 2 * 180 + 1e-6
    assert np.allclose(body_rotmat(rotmat, 1.0), rotmat, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(quaternions, st.tuples(*[st.floats(-1, 1)] * 3), st.floats(0, 1))
def test_a_small_move_of_the_head_is_a_small_move_of_the_body(quaternion, step, body_follow):
    rotmat = rotations(quaternion)
    moved = Rotation.from_rotvec(0.01 * np.array(step)).as_matrix() @ rotmat
    head_deg = geodesic_distance_deg(rotmat, moved)
    body_deg = geodesic_distance_deg(*(body_rotmat(each, body_follow) for each in (rotmat, moved)))
    assert body_deg <= 4.5 * head_deg + 1e-5


@pytest.mark.parametrize(("axis", "most"), [((0, 1, 0), MOST_TURN_DEG), ((0, 0, 1), MOST_BEND_DEG)])
def test_shares_limits_and_half_turns(axis, most):
    def body_deg(angle_deg, body_follow):
        rotmat = Rotation.from_rotvec(np.radians(angle_deg) * np.array(axis, float)).as_matrix()
        vector = Rotation.from_matrix(body_rotmat(rotmat, body_follow)).as_rotvec()
        return np.degrees(vector @ axis)

    for sign in (-1, 1):
        assert body_deg(sign * 40, 0.3) == pytest.approx(sign * 12)
        assert body_deg(sign * 40, 0.0) == pytest.approx(0, abs=1e-9)
        assert body_deg(sign * 100, 0.0) == pytest.approx(sign * (100 - min(most, 80)))
        assert abs(body_deg(sign * 180, 0.3)) == pytest.approx(180)
    nod = Rotation.from_rotvec([np.radians(80), 0, 0]).as_matrix()
    assert geodesic_distance_deg(body_rotmat(nod, 0.0), nod) == pytest.approx(MOST_NOD_DEG)
    assert geodesic_distance_deg(body_rotmat(nod.T, 0.0), nod.T) == pytest.approx(MOST_BEND_DEG)


def test_a_bent_head_remembers_what_it_was_bent_from():
    head = load_head("m03")
    bent = bend_neck(head, turned(0, 40, 0))
    assert bent.rest is head
    assert bend_neck(bent, turned(0, 10, 0)).rest is head


@pytest.mark.parametrize("wrong", [-0.1, 1.5, float("nan")])
def test_a_wrong_share_is_named(wrong):
    with pytest.raises(HeadError, match="body_follow"):
        bend_neck(load_head("m03"), np.eye(3), wrong)


def test_a_bent_part_that_is_changed_is_a_part_like_any_other():
    """A renderer may bend by what `bending_of` says; so that must not survive other vertices."""
    head = load_head("f01")
    skin = bend_neck(head, turned(10, 60, 0)).part("skin")
    assert bending_of(skin).straight is head.part("skin")
    assert bending_of(head.part("skin")) is None
    moved = dataclasses.replace(skin, vertices_m=skin.vertices_m + 1)
    assert bending_of(moved) is None
    np.testing.assert_array_equal(moved.vertices_m, skin.vertices_m + 1)
    np.testing.assert_array_equal(moved.normals, skin.normals)
    with pytest.raises(AttributeError):
        _ = skin.weight
