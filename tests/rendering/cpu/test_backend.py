"""What the software rasteriser draws, against pictures that are computed otherwise."""

import dataclasses

import numpy as np
import pytest

from synhead_tools.errors import BackendError
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.pose_laws import uniform_rotations
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.backend import Frame
from synhead_tools.rendering.background import composite_frame
from synhead_tools.rendering.cpu.coverage import coverage_thresholds
from synhead_tools.rendering.cpu.mipmap import linear_to_srgb, srgb_to_linear
from synhead_tools.rendering.cpu.pack import pack_head
from synhead_tools.rendering.scene import Camera, DirectionalLight, Lighting, sh_basis, studio_lighting

FRONT = np.eye(3)
AT_1_M = np.array([0.0, 0.0, 1.0])


def same(one: Frame, other: Frame) -> bool:
    return all(np.array_equal(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(Frame))


def rectangle(shapes, left, top, right, bottom, z=0.0, **options):
    return shapes.make_quad([(left, top, z), (right, top, z), (right, bottom, z), (left, bottom, z)], **options)


def test_empty_picture(cpu, shapes, make_camera, white_light):
    head = shapes.make_head(rectangle(shapes, -0.1, -0.1, 0.1, 0.1))
    frame = cpu.render(head, FRONT, np.array([0, 0, -1.0]), make_camera(16), white_light)
    assert not frame.image.any()
    assert not frame.alpha.any()
    assert not frame.depth_m.any()
    assert (frame.triangle_id == -1).all()


def test_rectangular_frame_and_fields(cpu, egg, make_camera):
    frame = cpu.render(egg, FRONT, AT_1_M, make_camera(80, 56), studio_lighting())
    assert frame.image.shape == (56, 80, 3)
    assert frame.alpha.shape == frame.region.shape == frame.depth_m.shape == frame.triangle_id.shape == (56, 80)
    assert (frame.image.dtype, frame.alpha.dtype, frame.region.dtype) == (np.uint8, np.uint8, np.uint8)
    assert frame.depth_m.dtype == np.float32
    covered = frame.alpha > 0
    assert covered.any()
    assert ((frame.depth_m > 0) == covered).all()
    assert ((frame.triangle_id >= 0) == covered).all()
    assert not frame.image[~covered].any()
    numbers = np.concatenate([part.triangle_region for part in egg.parts])
    full = frame.alpha == 255
    assert (numbers[frame.triangle_id[full]] == frame.region[full]).mean() > 0.95


@pytest.mark.parametrize("samples", [1, 2, 3])
def test_coverage_of_a_slanted_edge(cpu_with, shapes, make_camera, white_light, samples):
    """Alpha of a half plane against its exact area in each pixel, by fine sampling of the plane's equation."""
    backend, camera = cpu_with(samples_per_axis=samples), make_camera(32)
    normal = np.array([np.cos(0.4), np.sin(0.4)])
    along = np.array([-normal[1], normal[0]])
    corners = [np.append(p, 0.0) for p in (-along, along, along - 2 * normal, -along - 2 * normal)]
    frame = backend.render(shapes.make_head(shapes.make_quad(corners)), FRONT, AT_1_M, camera, white_light)
    fine = (np.arange(32 * 64) + 0.5) / 64
    x, y = np.meshgrid(fine - 16, fine - 16)
    area = (x * normal[0] + y * normal[1] < 0).reshape(32, 64, 32, 64).mean(axis=(1, 3))
    assert np.abs(frame.alpha / 255 - area).max() <= 1 / samples**2 + 0.5 / samples + 1e-6
    assert np.abs(frame.alpha / 255 - area).mean() < 0.02 / samples
    assert set(np.unique(frame.alpha)) <= {round(255 * k / samples**2) for k in range(samples**2 + 1)}


def test_axis_aligned_edge_is_exact(cpu, shapes, make_camera, white_light):
    camera = make_camera(16, span_m=0.16)  # 1 cm is one pixel
    head = shapes.make_head(rectangle(shapes, -0.03, -0.02, 0.025, 0.04))
    alpha = cpu.render(head, FRONT, AT_1_M, camera, white_light).alpha
    expected = np.zeros((16, 16))
    expected[6:12, 5:10] = 255
    expected[6:12, 10] = 128
    np.testing.assert_array_equal(alpha, expected)


def test_triangles_that_share_edges_leave_no_gap_and_no_overlap(cpu_with, shapes, make_camera, white_light):
    """A crumpled fan around the picture's centre covers every sample, at any angle."""
    backend, rng = cpu_with(samples_per_axis=3), np.random.default_rng(1)
    ring = np.sort(rng.uniform(0, 2 * np.pi, 40))
    rim = np.stack([np.cos(ring), np.sin(ring), 0 * ring], 1) * 2
    vertices = np.vstack([rng.uniform(-0.1, 0.1, 3) * (1, 1, 0), rim])
    triangles = [(0, 1 + k, 1 + (k + 1) % 40) for k in range(40)]
    normals = np.tile((0, 0, -1), (41, 1))
    head = shapes.make_head(shapes.make_part("fan", vertices, normals, np.zeros((41, 2)), triangles))
    frame = backend.render(head, FRONT, AT_1_M, make_camera(48), white_light)
    assert (frame.alpha == 255).all()
    assert (frame.image == 255).all()


def test_depth_of_a_tilted_plane(cpu, shapes, make_camera, white_light):
    camera = make_camera(40)
    rotation = rotmat_from_euler((20, 35, 10), "biwi+")
    head = shapes.make_head(rectangle(shapes, -0.6, -0.6, 0.6, 0.6))
    frame = cpu.render(head, rotation, AT_1_M, camera, white_light)
    normal = rotation[:, 2]
    centres = np.arange(40) + 0.5
    x, y = np.meshgrid((centres - 20) / camera.intrinsics[0, 0], (centres - 20) / camera.intrinsics[1, 1])
    exact = (normal @ AT_1_M) / (normal[0] * x + normal[1] * y + normal[2])
    slope = np.abs(np.gradient(exact)).sum(axis=0)
    # the nearest of the pixel's samples, which lie a quarter of a pixel from its centre
    np.testing.assert_allclose(frame.depth_m, exact - slope / 4, atol=5e-5)


def test_depth_of_a_sphere(cpu_with, shapes, make_camera, white_light):
    def surface(u, v):
        turn, down = np.asarray(u) * 2 * np.pi, np.asarray(v) * np.pi
        return 0.1 * np.stack([-np.sin(down) * np.sin(turn), -np.cos(down), np.sin(down) * np.cos(turn)], -1)

    camera = make_camera(48)
    head = shapes.make_head(shapes.grid_part(surface, 120, 240))
    frame = cpu_with(samples_per_axis=1).render(head, FRONT, AT_1_M, camera, white_light)
    centres = (np.arange(48) + 0.5 - 24) / camera.intrinsics[0, 0]
    ray = np.stack([*np.meshgrid(centres, centres), np.ones((48, 48))], -1)
    a, b, c = (ray**2).sum(-1), ray @ AT_1_M, 1 - 0.1**2
    root = b**2 - a * c
    exact = np.where(root > 0, (b - np.sqrt(np.maximum(root, 0))) / a, 0)
    inside = root > 2e-3 * b**2
    assert inside.sum() > 300
    np.testing.assert_allclose(frame.depth_m[inside], exact[inside], atol=1e-4)
    assert not frame.depth_m[root < -2e-4].any()


def test_texture_against_analytic_sampling(cpu_with, shapes, make_camera, white_light):
    """A texture that is linear in u and v, drawn tilted: every pixel's colour follows from its ray."""
    size = 256
    v, u = (np.mgrid[0:size, 0:size] + 0.5) / size
    texture = np.full((size, size, 4), 255, np.uint8)
    texture[..., 0], texture[..., 1] = np.round(255 * linear_to_srgb(u)), np.round(255 * linear_to_srgb(v))
    head = shapes.make_head(rectangle(shapes, -0.25, -0.25, 0.25, 0.25, texture=texture, specular=0.0))
    rotation, camera = rotmat_from_euler((25, -40, 15), "biwi+"), make_camera(64)
    frame = cpu_with(samples_per_axis=1).render(head, rotation, AT_1_M, camera, white_light)
    centres = (np.arange(64) + 0.5 - 32) / camera.intrinsics[0, 0]
    ray = np.stack([*np.meshgrid(centres, centres), np.ones((64, 64))], -1) @ rotation  # head frame
    origin = -AT_1_M @ rotation
    hit = origin + ray * (-origin[2] / ray[..., 2:])
    place = hit[..., :2] / 0.5 + 0.5
    inside = ((place > 0.03) & (place < 0.97)).all(axis=-1)
    assert inside.sum() > 500
    assert (frame.alpha[inside] == 255).all()
    error = np.abs(frame.image[..., :2][inside] - 255 * linear_to_srgb(place[inside]))
    assert error.max() < 3.5  # a pixel is some texels wide, and dark levels are steep
    assert error.mean() < 0.6


def test_minified_checks_keep_their_light(cpu, shapes, make_camera, white_light):
    checks = (np.indices((512, 512)).sum(axis=0) % 2 * 255).astype(np.uint8)
    texture = np.dstack([checks, checks, checks, np.full_like(checks, 255)])
    head = shapes.make_head(rectangle(shapes, -0.5, -0.5, 0.5, 0.5, texture=texture, specular=0.0))
    frame = cpu.render(head, FRONT, AT_1_M, make_camera(32), white_light)
    # half of the light, not half of the encoded value
    assert np.abs(frame.image - 255 * linear_to_srgb(0.5)).max() < 1


@pytest.mark.parametrize("angle_deg", [0, 30, 60, 80])
def test_diffuse_light_is_lambert(cpu, shapes, make_camera, angle_deg):
    grey = np.full((2, 2, 4), 255, np.uint8)
    grey[..., :3] = 188
    head = shapes.make_head(rectangle(shapes, -0.5, -0.5, 0.5, 0.5, texture=grey, specular=0.0))
    direction = (np.sin(np.radians(angle_deg)), 0, -np.cos(np.radians(angle_deg)))
    light = Lighting((DirectionalLight(direction, (0.9, 0.5, 0.2)),), (0.05, 0.05, 0.05), (0.05, 0.05, 0.05))
    frame = cpu.render(head, FRONT, AT_1_M, make_camera(8), light)
    strength = np.array((0.9, 0.5, 0.2)) * np.cos(np.radians(angle_deg)) + 0.05
    expected = 255 * linear_to_srgb(srgb_to_linear(188 / 255) * strength)
    assert np.abs(frame.image - expected).max() <= 0.51


def test_light_stays_with_the_camera(cpu, shapes, make_camera):
    """A light from the image's left brightens the left of a ball, however the ball is turned."""

    def ball(u, v):
        turn, down = np.asarray(u) * 2 * np.pi, np.asarray(v) * np.pi
        return 0.1 * np.stack([-np.sin(down) * np.sin(turn), -np.cos(down), np.sin(down) * np.cos(turn)], -1)

    head = shapes.make_head(shapes.grid_part(ball, 40, 80, "ball"))
    light = Lighting((DirectionalLight((-1, 0, -0.2), (1, 1, 1)),), (0.0,) * 3, (0.0,) * 3)
    for rotation in uniform_rotations(4, np.random.default_rng(0)):
        image = cpu.render(head, rotation, AT_1_M, make_camera(32), light).image.astype(float)
        assert image[:, :16].mean() > 3 * image[:, 16:].mean()


def test_harmonics_light_normals_as_the_camera_sees_them(cpu_with, shapes):
    """A turned ball under nine coefficients a channel, against `sh_basis` of the normals of its picture."""

    def ball(u, v):
        turn, down = np.asarray(u) * 2 * np.pi, np.asarray(v) * np.pi
        return 0.1 * np.stack([-np.sin(down) * np.sin(turn), -np.cos(down), np.sin(down) * np.cos(turn)], -1)

    head, rng = shapes.make_head(shapes.grid_part(ball, 120, 200, "ball", specular=0.0)), np.random.default_rng(3)
    coefficients = rng.normal(0, 0.25, (9, 3)) + np.eye(9, 1) * 1.2
    light = Lighting((), (0.1, 0.2, 0.05), (0.1, 0.2, 0.05), tuple(map(tuple, coefficients)))
    camera = Camera(48, 40, [[160, 0, 26], [0, 160, 18], [0, 0, 1]])
    rotation = uniform_rotations(1, rng)[0]
    frame = cpu_with(samples_per_axis=1).render(head, rotation, AT_1_M, camera, light)
    place = np.stack([*np.meshgrid(np.arange(48) + 0.5 - 26, np.arange(40) + 0.5 - 18), np.full((40, 48), 160.0)], -1)
    place = place / 160 * frame.depth_m[..., None].astype(float)
    normal = (place - AT_1_M) / 0.1
    seen = (frame.alpha == 255) & (normal[..., 2] < -0.3)
    assert seen.sum() > 300
    linear = np.maximum(sh_basis(normal[seen]) @ coefficients, 0) + (0.1, 0.2, 0.05)
    error = np.abs(frame.image[seen] - 255 * linear_to_srgb(np.minimum(linear, 1)))
    assert error.max() < 4
    assert error.mean() < 0.6


def test_off_centre_frames_are_windows_of_centred_ones(cpu, egg):
    """A rectangular window, cut out of a larger picture by moving the principal point, shows the same pixels."""
    whole = Camera(96, 96, [[240, 0, 48], [0, 240, 48], [0, 0, 1]])
    window = Camera(37, 60, [[240, 0, 48 - 30], [0, 240, 48 - 16], [0, 0, 1]])
    rotation = rotmat_from_euler((10, 30, 5), "biwi+")
    one, two = (cpu.render(egg, rotation, AT_1_M, camera, studio_lighting()) for camera in (whole, window))
    for name in ("image", "alpha", "region", "triangle_id"):
        cut = getattr(one, name)[16:76, 30:67]
        assert (np.abs(cut.astype(int) - getattr(two, name)) > 1).mean() < 0.003, name


def test_sky_is_up(cpu, egg, make_camera):
    light = Lighting((), (1, 1, 1), (0, 0, 0))
    image = cpu.render(egg, FRONT, AT_1_M, make_camera(48), light).image.astype(float)
    assert image[12:20, 20:28].mean() > 1.5 * image[30:36, 20:28].mean()


def test_cutout_coverage_follows_alpha(cpu, shapes, make_camera, white_light):
    camera = make_camera(64)
    for alpha in (0, 20, 64, 128, 200, 255):
        texture = np.full((4, 4, 4), 255, np.uint8)
        texture[..., 3] = alpha
        part = rectangle(shapes, -0.5, -0.5, 0.5, 0.5, texture=texture, alpha_mode="cutout")
        frame = cpu.render(shapes.make_head(part), FRONT, AT_1_M, camera, white_light)
        assert abs(frame.alpha.mean() - alpha) <= 255 / 16
        assert np.abs(frame.alpha.astype(int) - alpha).max() <= 255 / 4
        np.testing.assert_array_equal(frame.image[..., 0], frame.alpha)  # white, premultiplied


def test_transparent_colour_is_never_seen(cpu, shapes, make_camera, white_light):
    texture = np.zeros((16, 16, 4), np.uint8)
    texture[:] = (255, 0, 0, 0)
    texture[:, 8:] = (0, 255, 0, 255)
    part = rectangle(shapes, -0.2, -0.2, 0.2, 0.2, texture=texture, alpha_mode="cutout")
    frame = cpu.render(shapes.make_head(part), FRONT, AT_1_M, make_camera(50), white_light)
    assert frame.image[..., 1].any()
    assert not frame.image[..., 0].any()


@pytest.mark.parametrize("samples", [1, 4, 9])
@pytest.mark.parametrize("cutoff", [0.2, 0.5, 0.9])
def test_thresholds_are_centred_on_the_cutoff(samples, cutoff):
    thresholds = coverage_thresholds(np.array([cutoff]), samples)[0] / 65535
    assert thresholds.shape == (4, samples)
    assert ((thresholds > 0) & (thresholds < 1)).all()
    assert (thresholds < cutoff).mean() == pytest.approx((thresholds > cutoff).mean(), abs=0.12)
    assert abs(np.median(thresholds) - cutoff) < 0.1


def test_order_of_triangles_does_not_matter(cpu, egg, shapes, make_camera):
    rng, parts = np.random.default_rng(0), []
    for part in egg.parts:
        order = rng.permutation(len(part.triangles))
        shuffled = {"triangles": part.triangles[order], "triangle_region": part.triangle_region[order]}
        parts.append(dataclasses.replace(part, **shuffled))
    rotation, camera = rotmat_from_euler((10, 30, 5), "biwi+"), make_camera(64)
    one = cpu.render(egg, rotation, AT_1_M, camera, studio_lighting())
    two = cpu.render(shapes.make_head(*parts), rotation, AT_1_M, camera, studio_lighting())
    assert same(dataclasses.replace(one, triangle_id=two.triangle_id), two)


def test_same_bytes_whatever_was_drawn_before(cpu_with, egg, make_camera):
    one, two, light = cpu_with(), cpu_with(), studio_lighting()
    rotations = uniform_rotations(3, np.random.default_rng(2))
    camera = make_camera(48)
    expected = [one.render(egg, rotation, AT_1_M, camera, light) for rotation in rotations]
    two.render(egg, FRONT, AT_1_M, make_camera(80, 30), light)
    for rotation, frame in reversed(list(zip(rotations, expected, strict=True))):
        assert same(two.render(egg, rotation, AT_1_M, camera, light), frame)


def test_frames_do_not_share_memory(cpu, egg, make_camera):
    first = cpu.render(egg, FRONT, AT_1_M, make_camera(32), studio_lighting())
    kept = first.image.copy()
    cpu.render(egg, rotmat_from_euler((0, 90, 0), "biwi+"), AT_1_M, make_camera(32), studio_lighting())
    np.testing.assert_array_equal(first.image, kept)


def test_composite_is_exact_in_the_stored_space(cpu, shapes, make_camera, white_light):
    """Over a background of the quad's own colour no edge can be seen; over another, edges are the exact mix."""
    grey = np.full((2, 2, 4), 255, np.uint8)
    grey[..., :3] = (200, 100, 50)
    corners = [(-0.1, -0.13, 0), (0.12, -0.1, 0), (0.09, 0.11, 0), (-0.14, 0.1, 0)]
    head = shapes.make_head(shapes.make_quad(corners, texture=grey, specular=0.0))
    frame = cpu.render(head, FRONT, AT_1_M, make_camera(40), white_light)
    assert ((frame.alpha > 0) & (frame.alpha < 255)).sum() > 20
    own = composite_frame(frame, np.broadcast_to(np.uint8((200, 100, 50)), (40, 40, 3)))
    assert np.abs(own.astype(int) - (200, 100, 50)).max() <= 1
    mixed = composite_frame(frame, np.broadcast_to(np.uint8((0, 255, 10)), (40, 40, 3)))
    share = frame.alpha[..., None] / 255
    exact = share * (200, 100, 50) + (1 - share) * (0, 255, 10)
    assert np.abs(mixed - exact).max() <= 1.5  # the roundings of image, alpha and sum


def test_shading_together_is_close_to_shading_every_sample(cpu_with, egg, make_camera):
    """2 x 2 samples against the same samples drawn as pixels of a picture twice as large, then averaged."""
    skin_only = dataclasses.replace(egg, parts=egg.parts[:1])  # cutouts draw other thresholds
    rotation, light = rotmat_from_euler((15, 40, -10), "biwi+"), studio_lighting()
    camera = make_camera(64)
    together = cpu_with(samples_per_axis=2).render(skin_only, rotation, AT_1_M, camera, light)
    large = make_camera(128)
    apart = cpu_with(samples_per_axis=1).render(skin_only, rotation, AT_1_M, large, light)
    mean = apart.image.reshape(64, 2, 64, 2, 3).mean(axis=(1, 3))
    difference = np.abs(together.image - mean)
    assert difference.mean() < 0.35
    assert np.quantile(difference, 0.999) < 16
    np.testing.assert_array_equal(together.alpha, np.floor(apart.alpha.reshape(64, 2, 64, 2).mean(axis=(1, 3)) + 0.5))


def test_cards_are_lit_from_both_sides(cpu, shapes, make_camera, front_light):
    part = rectangle(shapes, -0.2, -0.2, 0.2, 0.2, two_sided=True, specular=0.0)
    head, camera = shapes.make_head(part), make_camera(16)
    front = cpu.render(head, FRONT, AT_1_M, camera, front_light).image[8, 8]
    behind = cpu.render(head, rotmat_from_euler((0, 180, 0), "biwi+"), AT_1_M, camera, front_light).image[8, 8]
    np.testing.assert_array_equal(front, behind)
    assert front.min() > 100


def test_inside_counts_as_neck(cpu, shapes, make_camera, white_light):
    head = shapes.make_head(rectangle(shapes, -0.2, -0.2, 0.2, 0.2, region=Region.LIP))
    turned, camera = rotmat_from_euler((0, 180, 0), "biwi+"), make_camera(16)
    assert cpu.render(head, FRONT, AT_1_M, camera, white_light).region[8, 8] == Region.LIP
    assert cpu.render(head, turned, AT_1_M, camera, white_light).region[8, 8] == Region.NECK


@pytest.mark.parametrize("angles_deg", [(20, 30, 0), (50, -60, 10), (10, 180, 20)])
def test_insides_of_closed_parts_are_left_out_and_nobody_sees_it(cpu, egg, make_camera, angles_deg):
    """The same part with one triangle missing, under the chin, is not closed: both its sides are drawn."""
    skin, under_chin = egg.parts[0], 4760
    triangles, regions = (np.delete(n, under_chin, axis=0) for n in (skin.triangles, skin.triangle_region))
    open_skin = dataclasses.replace(skin, triangles=triangles, triangle_region=regions)
    closed, opened = (dataclasses.replace(egg, parts=(part,)) for part in (skin, open_skin))
    assert pack_head(closed).part_closed.all()
    assert not pack_head(opened).part_closed.any()
    rotation, camera = rotmat_from_euler(angles_deg, "biwi+"), make_camera(48)
    one, two = (cpu.render(head, rotation, AT_1_M, camera, studio_lighting()) for head in (closed, opened))
    np.testing.assert_array_equal(one.alpha, two.alpha)
    assert np.abs(one.image.astype(int) - two.image).mean() < 0.05


def test_nearer_parts_hide_farther_ones(cpu, shapes, make_camera, white_light):
    far = rectangle(shapes, -0.2, -0.2, 0.2, 0.2, z=0.05, region=Region.SKIN)
    near = rectangle(shapes, -0.05, -0.05, 0.05, 0.05, z=-0.05, region=Region.NOSE)
    for parts in ((far, near), (near, far)):
        frame = cpu.render(shapes.make_head(*parts), FRONT, AT_1_M, make_camera(32), white_light)
        assert frame.region[16, 16] == Region.NOSE
        assert frame.depth_m[16, 16] == pytest.approx(0.95, abs=1e-6)
        assert frame.region[16, 6] == Region.SKIN
        assert frame.depth_m[16, 6] == pytest.approx(1.05, abs=1e-6)


@pytest.mark.parametrize("subdivide", [1, 6])
@pytest.mark.parametrize("focal", [1, 3000])
def test_what_reaches_behind_the_camera_is_cut_off(cpu, shapes, subdivide, focal):
    """A floor below the camera, to behind it: covered from its far edge to the lower end of the picture."""
    texture = np.full((2, 64, 4), 255, np.uint8)
    texture[..., 0] = np.linspace(0, 255, 64)
    corners = [(-9, 0.1, 3), (9, 0.1, 3), (9, 0.1, -3), (-9, 0.1, -3)]
    floor = shapes.make_quad(corners, subdivide=subdivide, normal=(0, -1, 0), texture=texture, specular=0.0)
    camera = Camera(40, 32, [[focal * 80, 0, 20], [0, 80, 16], [0, 0, 1]])
    frame = cpu.render(shapes.make_head(floor), FRONT, AT_1_M, camera, Lighting((), (1, 1, 1), (1, 1, 1)))
    assert not frame.alpha[:18].any()
    assert (frame.alpha[18:] == 255).all()
    edge = np.arange(19, 32) + 0.75  # the nearest samples of a row
    np.testing.assert_allclose(frame.depth_m[19:], np.repeat(0.1 * 80 / (edge[:, None] - 16), 40, axis=1), rtol=2e-3)
    x = (np.arange(40) + 0.5 - 20) / (focal * 80) * 0.1 * 80 / (np.arange(19, 32)[:, None] + 0.5 - 16)
    expected = np.interp((x + 9) / 18 * 64, np.arange(64) + 0.5, srgb_to_linear(texture[0, :, 0] / 255))
    assert np.abs(frame.image[19:, :, 0] - 255 * linear_to_srgb(expected)).max() < 1.5
    assert frame.triangle_id.max() < len(floor.triangles)


def test_what_is_cut_off_leaves_no_gaps(cpu, shapes, make_camera, white_light):
    """A crumpled sheet across the near plane, seen end on, covers all samples below where it ends."""
    rng = np.random.default_rng(0)

    def sheet(u, v):
        wave = 0.02 * np.sin(40 * np.asarray(u)) * np.cos(31 * np.asarray(v))
        return np.stack([np.asarray(u) * 4 - 2, 0.08 + wave, 1 - np.asarray(v) * 3], -1)

    part = shapes.grid_part(sheet, 40, 40)
    part = dataclasses.replace(part, triangles=part.triangles[rng.permutation(len(part.triangles))])
    frame = cpu.render(shapes.make_head(part), FRONT, AT_1_M, make_camera(64, span_m=2.0), white_light)
    assert (frame.alpha[40:] == 255).all()


@pytest.mark.parametrize(
    ("rotmat", "translation"),
    [(np.eye(3) * 1.01, AT_1_M), (np.diag([1, 1, -1.0]), AT_1_M), (np.eye(2), AT_1_M), (np.eye(3), [0, 0, np.nan])],
)
def test_refuses_what_is_no_pose(cpu, egg, make_camera, white_light, rotmat, translation):
    with pytest.raises(BackendError):
        cpu.render(egg, rotmat, translation, make_camera(16), white_light)


def test_refuses_other_sample_counts(cpu_with):
    with pytest.raises(BackendError, match="samples_per_axis"):
        cpu_with(samples_per_axis=4)
