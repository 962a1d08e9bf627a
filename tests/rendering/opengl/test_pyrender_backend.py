"""The stock renderer: its picture lies on ours to the pixel, and its light is the same light."""

import numpy as np
import pytest

from synhead_tools.errors import BackendError
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.library import load_head
from synhead_tools.heads.pose_neck import bend_neck
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.opengl.devices import egl_devices
from synhead_tools.rendering.scene import Camera, DirectionalLight, Lighting, random_lighting, studio_lighting

pytestmark = pytest.mark.gl

AT_1_M = np.array([0.02, -0.01, 1.05])


@pytest.fixture(scope="module")
def stock():
    if not egl_devices():
        pytest.skip("no EGL device here")
    return open_backend("pyrender")


def test_it_is_described_as_what_it_is(stock):
    assert stock.description.startswith("pyrender 0.")
    assert stock.description.endswith("4 samples")


@pytest.mark.parametrize("angles_deg", [(0, 0, 0), (20, 40, 10), (-30, -80, 25)])
def test_the_head_is_where_the_cpu_backend_draws_it(stock, cpu, egg, angles_deg):
    rotation, camera = rotmat_from_euler(angles_deg, "biwi+"), Camera(96, 80, [[240, 6, 50], [0, 230, 37], [0, 0, 1]])
    ours = cpu.render(egg, rotation, AT_1_M, camera, studio_lighting())
    theirs = stock.render(egg, rotation, AT_1_M, camera, studio_lighting())
    assert np.abs(ours.alpha.astype(int) - theirs.alpha).mean() < 1.5  # the samples of a pixel lie elsewhere
    assert ((ours.alpha == 255) != (theirs.alpha == 255)).mean() < 0.02
    assert (ours.region != theirs.region).mean() < 0.01
    both = (ours.depth_m > 0) & (theirs.depth_m > 0)
    assert np.quantile(np.abs(ours.depth_m - theirs.depth_m)[both], 0.99) < 1e-4
    assert not theirs.region[theirs.alpha == 0].any()
    assert (theirs.triangle_id[theirs.alpha == 0] == -1).all()
    inside = both & (ours.alpha == 255) & (theirs.alpha == 255)
    assert np.abs(ours.image.astype(int) - theirs.image)[inside].mean() < 12


def test_a_matt_wall_in_one_light_is_as_bright_as_computed(stock, shapes, make_camera):
    corners = [(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)]
    grey = np.full((4, 4, 4), 188, np.uint8)
    head = shapes.make_head(shapes.make_quad(corners, normal=(0, 0, -1), texture=grey, gloss=0.0))
    albedo = ((188 / 255 + 0.055) / 1.055) ** 2.4
    direction = np.array([0.6, -0.3, -0.8])
    lights = (DirectionalLight(tuple(direction), (0.9, 0.5, 0.2)), DirectionalLight((0, 0, -1), (0.1, 0.2, 0.3)))
    lighting = Lighting(lights, (0.3, 0.2, 0.1), (0.1, 0.2, 0.1))
    frame = stock.render(head, np.eye(3), np.array([0, 0, 1.0]), make_camera(9), lighting)
    cosine = 0.8 / np.linalg.norm(direction)
    reflected = np.array([0.9, 0.5, 0.2]) * cosine + (0.1, 0.2, 0.3)
    expected = 255 * (albedo * (0.96**2 * reflected + (0.2, 0.2, 0.1))) ** (1 / 2.2)
    # 4 % of the light are highlight, spread wide on a rough wall: it adds some levels
    assert (frame.image[4, 4] >= expected - 1).all()
    assert (frame.image[4, 4] <= expected + 12).all()


def test_hair_is_cut_out_and_brows_are_seen(stock, cpu):
    head, camera = load_head("f01"), Camera(96, 96, [[360, 0, 48], [0, 360, 40], [0, 0, 1]])
    ours, theirs = (b.render(head, np.eye(3), AT_1_M, camera, studio_lighting()) for b in (cpu, stock))
    hair = (ours.region == Region.HAIR) & (ours.alpha == 255)
    assert hair.sum() > 200
    assert np.abs(ours.image[hair].mean(axis=0) - theirs.image[hair].mean(axis=0)).max() < 15
    brow = ours.region == Region.BROW
    skin = (ours.region == Region.SKIN) & (ours.alpha == 255)
    darker = ours.image[skin].mean() - ours.image[brow].mean()
    assert theirs.image[skin].mean() - theirs.image[brow].mean() > 0.5 * darker


def test_the_same_call_gives_the_same_bytes_whatever_came_before(stock, egg, make_camera):
    camera, light = make_camera(48), random_lighting(np.random.default_rng(1))
    turn = rotmat_from_euler((0, 40, 0), "biwi+")
    first = stock.render(egg, turn, AT_1_M, camera, light)
    head = load_head("m03")
    stock.render(bend_neck(head, turn), turn, AT_1_M, make_camera(32), studio_lighting())
    other = open_backend("pyrender", samples_per_axis=1)
    other.render(egg, np.eye(3), AT_1_M, camera, light)
    other.close()
    again = stock.render(egg, turn, AT_1_M, camera, light)
    for name, array in vars(first).items():
        np.testing.assert_array_equal(array, getattr(again, name))


def test_more_lights_than_pyrender_takes_are_refused(stock, egg, make_camera):
    lights = (DirectionalLight((0, 0, -1), (0.1, 0.1, 0.1)),) * 5
    with pytest.raises(BackendError, match="5 lights; pyrender draws up to 4"):
        stock.render(egg, np.eye(3), AT_1_M, make_camera(16), Lighting(lights, (0, 0, 0), (0, 0, 0)))
