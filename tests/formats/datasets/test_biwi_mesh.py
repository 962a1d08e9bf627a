import os

import numpy as np
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.biwi_mesh import BYTES_LIMIT, VERTICES_LIMIT, read_subject_mesh

GOLDEN = b"""# 4 vertices, 2 faces
mtllib ../../../etc/passwd
v 0 0 -56.5
vn 0.1 0.2 0.3
vt 0.5 0.5
v 10 0 0
v 0 20.25 0 1.0
usemtl skin

f 1/1/1 2/2/2 3/3/3
v -10 0 1e1
f 1//2 3 4/7
"""


@pytest.fixture
def read(tmp_path):
    def read(data):
        (tmp_path / "01.obj").write_bytes(data)
        return read_subject_mesh(tmp_path / "01.obj")

    return read


@pytest.mark.parametrize("data", [GOLDEN, GOLDEN.replace(b"\n", b"\r\n"), GOLDEN.strip()])
def test_vertices_and_faces(read, data):
    vertices_m, faces = read(data)
    np.testing.assert_array_equal(vertices_m * 1000, [[0, 0, -56.5], [10, 0, 0], [0, 20.25, 0], [-10, 0, 10]])
    assert faces.tolist() == [[0, 1, 2], [0, 2, 3]]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (b"f 1//2 3 4/7", b"f 1 3 5", "line 12: vertex 5 of 4 does not exist"),
        (b"f 1//2 3 4/7", b"f 0 3 4", "line 12: a face is three vertex numbers from 1"),
        (b"f 1//2 3 4/7", b"f -1 3 4", "line 12: a face is three"),
        (b"f 1//2 3 4/7", b"f 1 2 3 4", "line 12: a face is three"),
        (b"f 1//2 3 4/7", b"f 1 2", "line 12: a face is three"),
        (b"f 1//2 3 4/7", b"f 1 2 99999999999999999999", "line 12: a face is three"),
        (b"f 1//2 3 4/7", b"f 1 2 1.5", "line 12: a face is three"),
        (b"f 1//2 3 4/7", b"f 1 2 " + b"9" * 2000, "line 12: 200. bytes in one line"),
        (b"v 10 0 0", b"v 10 0", "line 6: a vertex is three finite numbers"),
        (b"v 10 0 0", b"v 10 nan 0", "line 6: a vertex"),
        (b"v 10 0 0", b"v 10 1e999 0", "line 6: a vertex"),
        (b"v 10 0 0", b"v 10 x 0", "line 6: a vertex"),
        (GOLDEN, b"", "has 0 vertices and 0 faces"),
        (b"f ", b"# ", "has 4 vertices and 0 faces"),
        (GOLDEN, bytes(BYTES_LIMIT + 1), "more than"),
        (GOLDEN, b"v 0 0 0\n" * (VERTICES_LIMIT + 1), "line 200001: too many vertices"),
    ],
)
def test_bad_meshes_are_refused_with_their_line(read, old, new, complaint):
    assert old in GOLDEN
    with pytest.raises(LabelFormatError, match=complaint):
        read(GOLDEN.replace(old, new))


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "01.obj")
    for path in (tmp_path / "01.obj", tmp_path, tmp_path / "absent.obj"):
        with pytest.raises(LabelFormatError, match="restore the mesh"):
            read_subject_mesh(path)


def _draw(camera_m, faces, intrinsics):
    """Nearest depth (480, 640) and number of the face seen at each pixel centre, inf and -1 where there is none."""
    points, depth = (camera_m @ intrinsics.T)[:, :2] / camera_m[:, 2:], camera_m[:, 2]
    nearest, seen = np.full((480, 640), np.inf), np.full((480, 640), -1)
    for number, face in enumerate(faces):
        a, b, c = points[face]
        left, top = np.floor(points[face].min(axis=0)).astype(int)
        right, bottom = np.ceil(points[face].max(axis=0)).astype(int)
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if abs(area) < 1e-9:
            continue
        x, y = np.meshgrid(np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5)
        u = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / area
        v = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / area
        z = 1 / ((1 - u - v) / depth[face[0]] + u / depth[face[1]] + v / depth[face[2]])
        place = slice(top, bottom), slice(left, right)
        closer = (u >= 0) & (v >= 0) & (u + v <= 1) & (z < nearest[place])
        nearest[place][closer], seen[place][closer] = z[closer], number
    return nearest, seen


def _face_only(vertices_m, faces):
    """Faces of the facial surface: in front of the head centre, from the brow to the chin."""
    middle = vertices_m[faces].mean(axis=1)
    return (middle[:, 2] < 0) & (middle[:, 1] > -0.080) & (middle[:, 1] < 0.070)


@pytest.fixture(scope="module")
def sample(real_data):
    from synhead_tools.formats.datasets.biwi_frames import BiwiFrames

    return BiwiFrames(real_data / "biwi_sample")


@pytest.mark.real
def test_the_projected_mesh_covers_the_face(sample, real_data):
    from synhead_tools.formats.datasets.biwi_plus import BiwiPlusLabels

    vertices_m, faces = sample.subject_mesh(1)
    assert (vertices_m.shape, faces.shape) == ((6918, 3), (13676, 3))
    rotmat, translation_m, intrinsics = (sample.read(name)[0] for name in ("rotmat", "translation_m", "intrinsics"))
    _, seen = _draw(vertices_m @ rotmat.T + translation_m, faces, intrinsics)
    mesh, face = seen >= 0, (seen >= 0) & _face_only(vertices_m, faces)[seen]

    published = BiwiPlusLabels(real_data / "biwi_plus/Biwi_plus.npz")
    left, top, right, bottom = published.read("face_box_xyxy", [published.row_of("01/frame_00003_rgb.png")])[0].astype(
        int
    )
    box = np.zeros_like(mesh)
    box[top:bottom, left:right] = True
    red, green, blue = np.moveaxis(sample.read("image")[0].astype(int), -1, 0)
    share = red / (red + green + blue + 1)
    skin = (red > 70) & (red - green > 15) & (green >= blue - 5) & (share > 0.36) & (share < 0.6)

    assert (skin & mesh & box).sum() / (skin & box).sum() > 0.95  # measured 0.965: the mesh covers the skin
    assert (skin & face).sum() / face.sum() > 0.88  # 0.898: the face is on skin; eyes, brows and lips are not skin
    assert (face & box).sum() == face.sum()  # the detector's box holds the whole face,
    assert 0.7 < (mesh & box).sum() / mesh.sum() < 1  # 0.914, and most of the head with its neck
    rows, columns = np.nonzero(face)
    assert abs((rows.min() + rows.max() + 1) / 2 - (top + bottom) / 2) < 10  # and is centred on it
    assert abs((columns.min() + columns.max() + 1) / 2 - (left + right) / 2) < 10


@pytest.mark.real
def test_the_depth_image_agrees_with_the_mesh(sample, real_data):
    from synhead_tools.formats.datasets.biwi_pose_files import read_pose_txt

    vertices_m, faces = sample.subject_mesh(1)
    rotmat, centre_m = read_pose_txt(real_data / "biwi_sample/01/frame_00003_pose.txt")
    intrinsics, measured_m = sample.calibration(1, "depth").intrinsics, sample.depth_mm(0) / 1000

    def median_difference_mm(axes, only_face):
        drawn_m, seen = _draw(vertices_m @ axes @ rotmat.T + centre_m, faces, intrinsics)
        both = (seen >= 0) & (measured_m > 0)
        if only_face:
            both &= _face_only(vertices_m, faces)[seen]
            assert both.sum() > 7000
        return 1000 * np.median(np.abs(measured_m - drawn_m)[both])

    assert median_difference_mm(np.eye(3), only_face=True) < 2.0  # measured 1.26
    assert median_difference_mm(np.eye(3), only_face=False) < 3.0  # measured 1.97, with hair and ears
    # the mesh is in the axes of the head frame; a Y-up mesh file it is not
    assert median_difference_mm(np.diag([1.0, -1.0, -1.0]), only_face=False) > 50
    assert median_difference_mm(np.diag([-1.0, -1.0, 1.0]), only_face=False) > 5
