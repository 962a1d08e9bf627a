"""The OpenGL renderer against the software one: two ways to one picture."""

import numpy as np
import pytest

from synhead_tools.errors import BackendError
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.scene import Camera, random_lighting, studio_lighting

pytestmark = pytest.mark.gl


@pytest.fixture(scope="module")
def gl():
    try:
        return open_backend("pyrender")
    except BackendError as error:
        pytest.skip(f"no OpenGL here: {error}")


@pytest.mark.parametrize("angles_deg", [(0, 0, 0), (20, 40, 10), (-30, -80, 25)])
def test_agrees_with_the_cpu_backend(gl, cpu, egg, make_camera, angles_deg):
    rotation, position = rotmat_from_euler(angles_deg, "biwi+"), np.array([0.02, -0.01, 1.05])
    camera = make_camera(96, 80, centre=(50, 37))
    for light in (studio_lighting(), random_lighting(np.random.default_rng(0))):
        ours = cpu.render(egg, rotation, position, camera, light)
        theirs = gl.render(egg, rotation, position, camera, light)
        fringe = (ours.region == Region.HAIR) | (theirs.region == Region.HAIR)  # cutouts dither in another order
        skin = ~fringe & (ours.alpha == 255)
        assert skin.sum() > 200
        assert (ours.alpha != theirs.alpha)[~fringe].mean() < 0.01
        assert np.abs(ours.image.astype(int) - theirs.image)[skin].mean() < 1.0
        assert np.abs(ours.image.astype(int) - theirs.image).mean() < 1.0
        assert (ours.region != theirs.region).mean() < 0.01
        both = (ours.depth_m > 0) & (theirs.depth_m > 0) & ~fringe
        assert np.quantile(np.abs(ours.depth_m - theirs.depth_m)[both], 0.95) < 1e-3


def test_premultiplied_over_black(gl, egg, make_camera):
    frame = gl.render(egg, np.eye(3), np.array([0, 0, 1.0]), make_camera(64), studio_lighting())
    assert not frame.image[frame.alpha == 0].any()
    assert ((frame.depth_m > 0) == (frame.alpha > 0)).all()
    assert set(np.unique(frame.alpha)) <= {0, 64, 128, 191, 255}


def test_two_backends_and_two_heads_in_one_process(gl, egg, shapes, make_camera):
    corners = [(-0.1, -0.1, 0), (0.1, -0.1, 0), (0.1, 0.1, 0), (-0.1, 0.1, 0)]
    other, camera = shapes.make_head(shapes.make_quad(corners)), make_camera(48)
    pose = (np.eye(3), np.array([0, 0, 1.0]))
    first = gl.render(egg, *pose, camera, studio_lighting())
    second = open_backend("pyrender", samples_per_axis=3)
    assert (second.render(other, *pose, camera, studio_lighting()).region > 0).mean() == pytest.approx(0.25, abs=0.02)
    second.close()
    again = gl.render(egg, *pose, camera, studio_lighting())
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.region, again.region)


def test_refuses_skew(gl, egg):
    camera = Camera(32, 32, [[50, 3, 16], [0, 50, 16], [0, 0, 1]])
    with pytest.raises(BackendError, match="skew"):
        gl.render(egg, np.eye(3), np.array([0, 0, 1.0]), camera, studio_lighting())
