"""Surfaces one sees through, against the mixture that follows from their alphas."""

import dataclasses

import numpy as np
import pytest

from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.scene import studio_lighting

FRONT = np.eye(3)
AT_1_M = np.array([0.0, 0.0, 1.0])


def pane(shapes, rgba, z, side=0.5, **options):
    texture = np.empty((2, 2, 4), np.uint8)
    texture[:] = rgba
    corners = [(-side, -side, z), (side, -side, z), (side, side, z), (-side, side, z)]
    return shapes.make_quad(corners, "pane", texture=texture, specular=0.0, **options)


def test_panes_are_laid_over_each_other_from_the_far_one(cpu, shapes, make_camera, white_light):
    wall = pane(shapes, (200, 200, 200, 255), 0.1, side=0.1)
    far = pane(shapes, (255, 0, 0, 128), 0.0, alpha_mode="blend", region=Region.GLASSES)
    near = pane(shapes, (0, 0, 255, 64), -0.1, alpha_mode="blend", region=Region.GLASSES)
    camera = make_camera(32)
    for parts in ((wall, far, near), (near, far, wall)):
        frame = cpu.render(shapes.make_head(*parts), FRONT, AT_1_M, camera, white_light)
        a, b = 128 / 255, 64 / 255
        over_wall = (np.full(3, 200.0) * (1 - a) + np.array([255, 0, 0]) * a) * (1 - b) + np.array([0, 0, 255]) * b
        over_nothing = np.array([255, 0, 0]) * a * (1 - b) + np.array([0, 0, 255]) * b
        np.testing.assert_allclose(frame.image[16, 16], over_wall, atol=1)
        np.testing.assert_allclose(frame.image[2, 2], over_nothing, atol=1)
        assert frame.alpha[16, 16] == 255
        assert abs(int(frame.alpha[2, 2]) - 255 * (1 - (1 - a) * (1 - b))) <= 1


def test_panes_leave_labels_as_they_are(cpu, egg, shapes, make_camera):
    glass = pane(shapes, (255, 255, 255, 100), -0.2, alpha_mode="blend", region=Region.GLASSES)
    hidden = pane(shapes, (255, 0, 0, 255), 0.5, side=0.05, alpha_mode="blend")  # behind the head
    rotation, camera = rotmat_from_euler((5, 20, 0), "biwi+"), make_camera(64)
    bare = cpu.render(egg, rotation, AT_1_M, camera, studio_lighting())
    frame = cpu.render(shapes.make_head(*egg.parts, glass, hidden), rotation, AT_1_M, camera, studio_lighting())
    for name in ("region", "depth_m", "triangle_id"):
        np.testing.assert_array_equal(getattr(frame, name), getattr(bare, name))
    assert (frame.alpha >= bare.alpha).all()
    assert (frame.image != bare.image).any()
    covered = bare.alpha == 255
    expected = bare.image + (frame.image[0, 0] / (100 / 255) - bare.image) * (100 / 255)
    assert np.abs(frame.image - expected)[covered].max() < 30  # the light on the pane differs a little from ray to ray


@pytest.mark.parametrize("samples", [1, 2, 3])
def test_edges_of_panes_are_smooth(cpu_with, shapes, make_camera, white_light, samples):
    glass = pane(shapes, (255, 255, 255, 200), 0.0, side=0.1, alpha_mode="blend")
    turn = rotmat_from_euler((0, 0, 20), "biwi+")
    frame = cpu_with(samples_per_axis=samples).render(
        shapes.make_head(glass), turn, AT_1_M, make_camera(40), white_light
    )
    solid = dataclasses.replace(glass, alpha_mode="opaque")
    whole = cpu_with(samples_per_axis=samples).render(
        shapes.make_head(solid), turn, AT_1_M, make_camera(40), white_light
    )
    assert np.abs(frame.alpha - whole.alpha * (200 / 255)).max() <= 1
    np.testing.assert_array_equal(frame.image[..., 0], frame.alpha)
    assert not frame.depth_m.any()
    assert not frame.region.any()


@pytest.mark.parametrize("alpha_mode", ["opaque", "blend"])
def test_fewer_surfaces_than_lanes_read_no_texel_that_is_not_there(
    cpu_with, shapes, make_camera, white_light, alpha_mode
):
    backend = cpu_with(samples_per_axis=2)  # of its own: nothing that was drawn before has filled its lanes
    glass = pane(shapes, (255, 0, 0, 255), 0.0, side=0.5, alpha_mode=alpha_mode)
    frame = backend.render(shapes.make_head(glass), FRONT, AT_1_M, make_camera(2, span_m=0.5), white_light)
    assert frame.image.reshape(-1, 3).tolist() == [[255, 0, 0]] * 4
