import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from synhead_tools.heads.library import load_head
from synhead_tools.heads.pose_neck import bend_neck
from synhead_tools.rendering.cpu.pack import pack_head

packed_shape = pytest.importorskip("synhead_tools.rendering.cpu.packed_shape", reason="needs numba")


def assert_holds(packed, head):
    """The packed vertices are those of the head's parts, each at its place."""
    mesh = packed.mesh
    np.testing.assert_array_equal(
        mesh.positions.T[mesh.vertex_place], np.concatenate([part.vertices_m for part in head.parts])
    )
    np.testing.assert_array_equal(mesh.normals[mesh.vertex_place], np.concatenate([p.normals for p in head.parts]))


def test_vertices_stand_in_the_order_of_their_use_and_triangles_stay_what_they_were(egg):
    mesh = pack_head(egg)
    used = mesh.triangles.ravel().astype(int)
    firsts = np.unique(used, return_index=True)[1]
    assert (np.diff(firsts) > 0).all()
    np.testing.assert_array_equal(np.sort(mesh.vertex_place), np.arange(mesh.positions.shape[1]))
    corners = np.concatenate([part.vertices_m[part.triangles] for part in egg.parts])
    np.testing.assert_array_equal(mesh.positions.T[mesh.triangles], corners[mesh.triangle_number])
    uv = np.concatenate([part.uv[part.triangles] for part in egg.parts])
    np.testing.assert_array_equal(mesh.uv[mesh.triangles], uv[mesh.triangle_number])


def test_takes_bent_straight_and_moved_shapes_in_any_order():
    head = load_head("f01", 0)
    packed = packed_shape.PackedShape(head, 2)
    assert_holds(packed, head)
    assert packed.is_rigid
    bent = [
        bend_neck(head, Rotation.from_euler("yxz", turn, degrees=True).as_matrix(), 0.2)
        for turn in ([60, 0, 10], [-30, 25, 0])
    ]
    skin = head.parts[0]
    moved = dataclasses.replace(skin, vertices_m=skin.vertices_m + np.float32(0.001) * skin.normals)
    swollen = dataclasses.replace(head, parts=(moved, *head.parts[1:]), rest=head)
    bent_swollen = bend_neck(swollen, Rotation.from_euler("y", 50, degrees=True).as_matrix(), 0.2)
    for shape, is_rigid in (
        (bent[0], True),
        (bent[1], True),
        (head, True),
        (bent[1], True),
        (swollen, False),
        (bent_swollen, False),
        (bent[0], True),
        (swollen, False),
        (head, True),
    ):
        packed.take_shape(shape.parts)
        assert_holds(packed, shape)
        assert packed.is_rigid == is_rigid
