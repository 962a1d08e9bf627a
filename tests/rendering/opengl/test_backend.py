"""OpenGL against the software rasteriser: two ways to one picture."""

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
SQUARE = [(-0.1, -0.1, 0), (0.1, -0.1, 0), (0.1, 0.1, 0), (-0.1, 0.1, 0)]


@pytest.fixture(scope="module")
def egl_with():
    if not egl_devices():
        pytest.skip("no EGL device here")
    return lambda **options: open_backend("egl", **options)


@pytest.fixture(scope="module")
def egl(egl_with):
    return egl_with()


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(vars(first).values(), vars(second).values(), strict=True))


def mean_difference(first, second):
    return np.abs(first.image.astype(int) - second.image).mean()


@pytest.mark.parametrize("angles_deg", [(0, 0, 0), (20, 40, 10), (-30, -80, 25), (10, 170, 0)])
def test_agrees_with_the_cpu_backend(egl, cpu, egg, make_camera, angles_deg):
    rotation = rotmat_from_euler(angles_deg, "biwi+")
    camera = make_camera(96, 80, centre=(50, 37))
    for light in (studio_lighting(), random_lighting(np.random.default_rng(0))):
        ours = cpu.render(egg, rotation, AT_1_M, camera, light)
        theirs = egl.render(egg, rotation, AT_1_M, camera, light)
        assert (ours.alpha != theirs.alpha).mean() < 0.002
        assert (ours.region != theirs.region).mean() < 0.002
        both = (ours.depth_m > 0) & (theirs.depth_m > 0)
        assert both.sum() > 1200
        assert (ours.triangle_id != theirs.triangle_id)[both].mean() < 0.01
        assert np.quantile(np.abs(ours.depth_m - theirs.depth_m)[both], 0.99) < 1e-4
        assert mean_difference(ours, theirs) < 0.5
        skin = both & (ours.region != Region.HAIR) & (theirs.region != Region.HAIR)
        assert np.abs(ours.image.astype(int) - theirs.image)[skin].mean() < 0.8


def test_a_whole_head_with_hair_and_body_agrees(egl, cpu):
    head = load_head("f01")
    rotation = rotmat_from_euler((10, 35, 5), "biwi+")
    bent, camera = bend_neck(head, rotation), Camera(128, 112, [[300, 0, 70.5], [0, 290, 50], [0, 0, 1]])
    ours, theirs = (b.render(bent, rotation, AT_1_M, camera, studio_lighting()) for b in (cpu, egl))
    assert {Region.SKIN, Region.HAIR, Region.BROW, Region.LIP, Region.CLOTH} <= set(np.unique(theirs.region))
    assert (ours.alpha != theirs.alpha).mean() < 0.002
    assert (ours.region != theirs.region).mean() < 0.01
    inside = (ours.alpha == 255) & (theirs.alpha == 255)
    error = (ours.image.astype(float) - theirs.image)[inside]
    assert 10 * np.log10(255**2 / (error**2).mean()) > 40


def test_shapes_of_one_head_leave_no_trace(egl, egl_with):
    head, camera, light = load_head("m03"), Camera(64, 64, [[150, 0, 32], [0, 150, 32], [0, 0, 1]]), studio_lighting()
    turn, other = (rotmat_from_euler(angles, "biwi+") for angles in ((0, 60, 0), (-30, -60, 20)))
    first = egl.render(bend_neck(head, turn), turn, AT_1_M, camera, light)
    egl.render(bend_neck(head, other), other, AT_1_M, camera, light)
    straight = egl.render(head, turn, AT_1_M, camera, light)
    assert same(egl.render(bend_neck(head, turn), turn, AT_1_M, camera, light), first)
    assert not same(straight, first)
    assert same(egl_with().render(bend_neck(head, turn), turn, AT_1_M, camera, light), first)


@pytest.mark.parametrize("samples", [1, 3])
def test_other_numbers_of_samples_agree_too(egl_with, cpu_with, egg, make_camera, samples):
    pose = (rotmat_from_euler((5, 25, 0), "biwi+"), AT_1_M)
    ours, theirs = (
        make(samples_per_axis=samples).render(egg, *pose, make_camera(64), studio_lighting())
        for make in (cpu_with, egl_with)
    )
    assert (ours.alpha != theirs.alpha).mean() < 0.005
    assert (ours.region != theirs.region).mean() < 0.005
    assert mean_difference(ours, theirs) < 1.0


def test_premultiplied_over_black(egl, egg, make_camera):
    frame = egl.render(egg, np.eye(3), np.array([0, 0, 1.0]), make_camera(64), studio_lighting())
    assert not frame.image[frame.alpha == 0].any()
    assert ((frame.depth_m > 0) == (frame.alpha > 0)).all()
    assert ((frame.triangle_id >= 0) == (frame.alpha > 0)).all()
    assert set(np.unique(frame.alpha)) <= {0, 64, 128, 191, 255}


def test_spherical_harmonics_light_white_matt_as_computed(egl, shapes, make_camera):
    rng = np.random.default_rng(3)
    coefficients = np.vstack([rng.uniform(0.8, 1.2, (1, 3)), rng.uniform(-0.3, 0.3, (8, 3))])
    lighting = Lighting((), (0, 0, 0), (0, 0, 0), tuple(map(tuple, coefficients)))
    for normal in [(0, 0, -1), (0.6, 0, -0.8), (0, -0.48, -0.64), (-0.3, 0.5, -0.81)]:
        unit = np.array(normal) / np.linalg.norm(normal)
        head = shapes.make_head(shapes.make_quad(SQUARE, normal=unit, specular=0.0))
        frame = egl.render(head, np.eye(3), np.array([0, 0, 1.0]), make_camera(8, span_m=0.1), lighting)
        x, y, z = unit
        basis = [0.282095, 0.488603 * y, 0.488603 * z, 0.488603 * x, 1.092548 * x * y, 1.092548 * y * z,
                 0.315392 * (3 * z * z - 1), 1.092548 * x * z, 0.546274 * (x * x - y * y)]  # fmt: skip
        linear = np.clip(basis @ coefficients, 0, 1)
        encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
        assert np.abs(frame.image[4, 4] - 255 * encoded).max() < 1


def test_the_order_of_lights_is_theirs_and_the_sum_repeatable(egl, egg, make_camera):
    camera, pose = make_camera(48), (rotmat_from_euler((0, 30, 0), "biwi+"), AT_1_M)
    lights = random_lighting(np.random.default_rng(1)).lights
    forward, again, backward = (
        egl.render(egg, *pose, camera, Lighting(order, (0.1, 0.1, 0.1), (0, 0, 0)))
        for order in (lights, lights, lights[::-1])
    )
    assert same(forward, again)
    assert np.abs(forward.image.astype(int) - backward.image).max() <= 1
    too_many = Lighting((DirectionalLight((0, 0, -1), (0.1, 0.1, 0.1)),) * 17, (0, 0, 0), (0, 0, 0))
    with pytest.raises(BackendError, match="17 lights; OpenGL draws up to 16"):
        egl.render(egg, *pose, camera, too_many)


def test_a_lens_colours_what_is_behind_and_is_nothing_else(egl, shapes, make_camera, white_light):
    def pane(z_m, colour, alpha, half_m=0.05):
        corners = [(x * half_m, y * half_m, z_m) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
        texture = np.tile(np.uint8([*colour, alpha]), (4, 4, 1))
        return shapes.make_quad(corners, "lens", texture=texture, alpha_mode="blend", specular=0.0, two_sided=True)

    wall = shapes.make_quad(SQUARE, specular=0.0)
    camera, pose = make_camera(40, span_m=0.4), (np.eye(3), np.array([0, 0, 1.0]))
    red, green = pane(-0.02, (255, 0, 0), 102), pane(-0.04, (0, 255, 0), 51)
    bare = egl.render(shapes.make_head(wall), *pose, camera, white_light)
    for order in ((wall, red, green), (green, wall, red), (green, red, wall)):
        frame = egl.render(shapes.make_head(*order), *pose, camera, white_light)
        behind_red = np.array([255, 255 * 0.6, 255 * 0.6])
        expected = behind_red * 0.8 + np.array([0, 255, 0]) * 0.2
        assert np.abs(frame.image[20, 20] - expected).max() <= 1.5
        for name in ("alpha", "region", "depth_m"):
            np.testing.assert_array_equal(getattr(frame, name), getattr(bare, name))
    alone = egl.render(shapes.make_head(red), *pose, camera, white_light)
    assert alone.alpha[20, 20] == 102
    assert tuple(alone.image[20, 20]) == (102, 0, 0)
    assert not alone.region.any()
    assert not alone.depth_m.any()
    assert (alone.triangle_id == -1).all()


def test_lenses_before_and_behind_a_head_agree_with_the_cpu_backend(egl, cpu, egg, shapes, make_camera):
    def pane(colour, alpha, z_m, half_m):
        corners = [(x * half_m, y * half_m, z_m) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
        texture = np.tile(np.uint8([*colour, alpha]), (4, 4, 1))
        return shapes.make_quad(corners, "lens", texture=texture, alpha_mode="blend", two_sided=True)

    panes = (pane((255, 0, 0), 128, -0.05, 0.07), pane((0, 200, 255), 100, -0.2, 0.12), pane((9, 9, 9), 60, 0.1, 0.2))
    head = shapes.make_head(panes[0], *egg.parts, *panes[1:])
    for angles_deg in ((0, 0, 0), (5, 20, 10), (0, 150, 0)):
        pose = (rotmat_from_euler(angles_deg, "biwi+"), np.array([0, 0, 1.0]))
        ours, theirs = (b.render(head, *pose, make_camera(64), studio_lighting()) for b in (cpu, egl))
        assert mean_difference(ours, theirs) < 0.6
        assert np.abs(ours.alpha.astype(int) - theirs.alpha).mean() < 0.5
        assert (ours.region != theirs.region).mean() < 0.002


def test_things_before_the_near_plane_are_cut_off(egl, shapes, make_camera, white_light):
    # a floor that runs from behind the camera to 1 m before it: what is seen of it ends at the horizon
    floor = shapes.make_quad([(-1, 0.05, 1), (1, 0.05, 1), (1, 0.05, -1), (-1, 0.05, -1)], normal=(0, -1, 0))
    frame = egl.render(shapes.make_head(floor), np.eye(3), np.zeros(3), make_camera(32), white_light)
    assert (frame.alpha[:16] == 0).all()
    assert (frame.alpha[-8:] == 255).all()
    rows = np.arange(24, 32) + 0.5
    expected_m = 0.05 * 80 / (rows - 16)
    assert np.abs(frame.depth_m[24:, 16] / expected_m - 1).max() < 0.05


def test_a_skewed_camera_agrees_with_the_cpu_backend(egl, cpu, egg):
    camera = Camera(64, 48, [[150, 12, 30], [0, 150, 25], [0, 0, 1]])
    ours, theirs = (b.render(egg, np.eye(3), AT_1_M, camera, studio_lighting()) for b in (cpu, egl))
    assert (ours.alpha != theirs.alpha).mean() < 0.005
    assert mean_difference(ours, theirs) < 0.5


def test_closing_one_of_two_leaves_the_other(egl_with, egg, shapes, make_camera):
    camera, pose = make_camera(48), (np.eye(3), np.array([0, 0, 1.0]))
    one, two = egl_with(), egl_with(samples_per_axis=3)
    first = one.render(egg, *pose, camera, studio_lighting())
    square = two.render(shapes.make_head(shapes.make_quad(SQUARE)), *pose, camera, studio_lighting())
    assert (square.region > 0).mean() == pytest.approx(0.25, abs=0.02)
    two.close()
    assert same(one.render(egg, *pose, camera, studio_lighting()), first)
    one.close()
    assert same(egl_with().render(egg, *pose, camera, studio_lighting()), first)


def test_more_heads_and_sizes_than_are_kept(egl, shapes, make_camera):
    for number in range(20):
        half = 0.02 + 0.004 * number
        corners = [(x * half, y * half, 0) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
        head, camera = shapes.make_head(shapes.make_quad(corners)), make_camera(40 + number % 6, 40, span_m=0.4)
        frame = egl.render(head, np.eye(3), np.array([0, 0, 1.0]), camera, studio_lighting())
        width_px = 2 * half / 0.4 * (40 + number % 6)
        assert frame.alpha.sum() / 255 == pytest.approx(width_px**2, rel=0.1)


def test_pictures_too_large_for_the_device_are_refused(egl, egg):
    camera = Camera(8192, 8192, [[9000, 0, 4096], [0, 9000, 4096], [0, 0, 1]])
    many = open_backend("egl", samples_per_axis=3)
    with pytest.raises(BackendError, match="take fewer samples, smaller pictures or --backend cpu"):
        many.render(egg, np.eye(3), AT_1_M, camera, studio_lighting())


def test_a_device_that_is_late_is_an_error_and_can_be_used_again(egl, egg, make_camera):
    arguments = (egg, np.eye(3), AT_1_M, make_camera(24), studio_lighting())
    first, patience_s = egl.render(*arguments), egl._painter.stall_s
    egl._painter.stall_s = 0.0
    with pytest.raises(BackendError, match="no picture within 0 s.*--resume and --workers 1"):
        egl.render(*arguments)
    egl._painter.stall_s = patience_s
    assert same(egl.render(*arguments), first)


def test_memory_stays_flat(egl, egg, make_camera):
    resource = pytest.importorskip("resource")
    camera, light = make_camera(64), studio_lighting()
    rotations = [rotmat_from_euler((0, angle, 0), "biwi+") for angle in range(-60, 60, 4)]

    def pages():
        with open("/proc/self/statm") as file:  # noqa: PTH123
            return int(file.read().split()[1])

    for rotation in rotations:
        egl.render(egg, rotation, AT_1_M, camera, light)
    before = pages()
    for _ in range(10):
        for rotation in rotations:
            egl.render(egg, rotation, AT_1_M, camera, light)
    grown_mib = (pages() - before) * resource.getpagesize() / 2**20
    assert grown_mib < 3, "over 300 pictures"
