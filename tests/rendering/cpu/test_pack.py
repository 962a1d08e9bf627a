import dataclasses

import numpy as np
import pytest

from synhead_tools.errors import HeadError
from synhead_tools.rendering.cpu.pack import CUT, CUTOUT, pack_head


def test_cutout_triangles_stand_last_and_keep_their_numbers(egg, shapes):
    head = shapes.make_head(*egg.parts[::-1])  # the cutout part first
    mesh = pack_head(head)
    cutout = mesh.part_mode[mesh.triangle_part] == CUTOUT
    assert np.flatnonzero(cutout)[0] == mesh.group_first[CUT]
    assert (np.diff(cutout.astype(int)) >= 0).all()
    first = len(head.parts[0].triangles)
    assert (mesh.triangle_number[cutout] < first).all()
    np.testing.assert_array_equal(np.sort(mesh.triangle_number), np.arange(len(mesh.triangles)))


def test_facing_follows_the_normals_whatever_the_winding(egg, shapes):
    part = egg.parts[0]
    part = dataclasses.replace(part, two_sided=True)  # closed parts need no facing
    turned = dataclasses.replace(part, triangles=part.triangles[:, ::-1])
    area = (
        np.linalg.norm(np.cross(*np.moveaxis(np.diff(part.vertices_m[part.triangles], axis=1), 1, 0)), axis=1) > 1e-10
    )
    for shape, facing in ((part, 1), (turned, -1)):
        mesh = pack_head(shapes.make_head(shape))
        assert (mesh.triangle_facing[area[mesh.triangle_number]] == facing).all()


def test_texel_areas_add_up_to_the_texture(egg, shapes):
    mesh = pack_head(shapes.make_head(egg.parts[0]))
    assert mesh.triangle_texels.sum() == pytest.approx(256 * 256, rel=1e-4)


def test_layers_are_connected_pieces(egg):
    mesh = pack_head(egg)
    layers = [set(mesh.triangle_layer[mesh.triangle_part == part]) for part in (0, 1)]
    assert len(layers[0]) == len(layers[1]) == 1
    assert layers[0] != layers[1]


def test_refuses_broken_parts(egg, shapes):
    part = egg.parts[0]
    broken = dataclasses.replace(part, triangles=part.triangles + 1)
    with pytest.raises(HeadError, match="vertex number outside"):
        pack_head(shapes.make_head(broken))
    with pytest.raises(HeadError, match="normals"):
        pack_head(shapes.make_head(dataclasses.replace(part, normals=part.normals[1:])))
    with pytest.raises(HeadError, match="no parts"):
        pack_head(shapes.make_head())


def test_closed_parts_are_found(egg, shapes):
    skin, card = egg.parts
    np.testing.assert_array_equal(pack_head(egg).part_closed, (True, False))
    for change in (
        {"triangles": np.delete(skin.triangles, 2000, 0), "triangle_region": skin.triangle_region[1:]},
        {"triangles": skin.triangles[:, ::-1]},  # wound inwards
        {
            "triangles": np.vstack([skin.triangles[2000:2001, ::-1], np.delete(skin.triangles, 2000, 0)])
        },  # one turned round
        {"two_sided": True},
    ):
        assert not pack_head(shapes.make_head(dataclasses.replace(skin, **change))).part_closed.any(), change
    assert not pack_head(shapes.make_head(card)).part_closed.any()


def test_planes_tell_which_triangles_cannot_be_seen(egg):
    mesh = pack_head(egg)
    rigid = mesh.triangles[: mesh.group_first[1]]
    assert len(rigid) == len(egg.parts[0].triangles)
    corners = mesh.positions.T[rigid].astype(float)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    for eye in np.random.default_rng(0).normal(0, 1, (20, 3)):
        seen = ((eye - corners[:, 0]) * normal).sum(axis=1) > 0
        assert (eye @ mesh.planes[:3] > mesh.planes[3])[seen].all()
        assert (eye @ mesh.planes[:3] > mesh.planes[3]).mean() < seen.mean() + 0.05


def test_moving_vertices_are_not_rigid(egg):
    bend = (np.arange(len(egg.parts[0].vertices_m)) > 3000).astype(np.float32)
    head = dataclasses.replace(egg, parts=(dataclasses.replace(egg.parts[0], bend=bend), egg.parts[1]))
    mesh = pack_head(head)
    assert not mesh.rigid[: len(bend)][bend > 0].any()
    assert 0 < mesh.group_first[1] < mesh.group_first[2] == len(egg.parts[0].triangles)


def test_refuses_other_alpha_modes(egg, shapes):
    with pytest.raises(HeadError, match="alpha_mode 'glow'"):
        pack_head(shapes.make_head(dataclasses.replace(egg.parts[0], alpha_mode="glow")))
