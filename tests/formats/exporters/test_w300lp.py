"""Read back by our reader, by SciPy, and through the weak perspective that 3DDFA states."""

import re

import numpy as np
import pytest
from scipy.io import loadmat

from synhead_tools.formats.datasets.w300lp import W300LP
from synhead_tools.formats.exporters.pictures import PictureStyle
from synhead_tools.formats.exporters.w300lp import EYE_CONTOUR_M, MODEL_ORIGIN_M, export
from synhead_tools.formats.open import open_any
from synhead_tools.geometry.projection import project_points
from synhead_tools.heads.library import load_head


def test_it_reads_back(faces, tmp_path):
    dataset, columns = faces
    export(dataset, tmp_path / "out", pictures=PictureStyle("png"))
    back = open_any(tmp_path / "out")
    assert isinstance(back, W300LP)
    np.testing.assert_array_equal(back.read("image"), columns["image"])
    np.testing.assert_allclose(back.read("rotmat"), columns["rotmat"], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(back.read("landmarks68")[..., :2], columns["landmarks68"][..., :2])
    assert (tmp_path / "out" / "files.txt").read_text().split() == [f"{row:06d}" for row in range(5)]


def test_pictures_are_jpeg_by_default_as_in_that_dataset(faces, tmp_path):
    dataset, columns = faces
    facts = export(dataset, tmp_path / "out")
    assert (facts["picture_format"], facts["jpg_quality"]) == ("jpg", 95)
    got = W300LP(tmp_path / "out").read("image").astype(int)
    assert np.abs(got - columns["image"]).mean() < 12  # noise is the worst that JPEG can meet
    assert (tmp_path / "out" / "000004.jpg").is_file()


def test_the_mat_files_hold_what_that_datasets_do_and_no_date(faces, tmp_path):
    export(faces[0], tmp_path / "out")
    file = tmp_path / "out" / "000002.mat"
    found = loadmat(file)
    shapes = {name: value.shape for name, value in found.items() if not name.startswith("__")}
    assert shapes == {"Pose_Para": (1, 7), "pt2d": (2, 68), "pt3d_68": (3, 68), "roi": (1, 4)}
    assert found["roi"].tolist() == [[1, 1, 56, 40]]
    np.testing.assert_array_equal(found["pt2d"], faces[1]["landmarks68"][2, :, :2].T.astype(float) + 0.5)
    np.testing.assert_array_equal(found["pt3d_68"][:2], found["pt2d"])
    assert not re.search(rb"20\d\d|\d:\d\d", file.read_bytes()[:116])


def test_the_pose_takes_a_model_in_micrometres_to_the_picture(faces, tmp_path):
    """s R v + t with 3DDFA's rotation in its own frame, y up, against the projection by our camera."""
    dataset, columns = faces
    export(dataset, tmp_path / "out")
    flip = np.diag([1.0, -1.0, -1.0])
    for row in range(5):
        found = loadmat(tmp_path / "out" / f"{row:06d}.mat")
        pitch, yaw, roll, tx, ty, tz, scale = found["Pose_Para"][0]
        turn = _turn_of_3ddfa(pitch, yaw, roll)
        np.testing.assert_allclose(flip @ columns["rotmat"][row] @ flip, turn, atol=1e-12)
        for aside_m in ((0, 0, 0), (0.05, -0.03, 0), (-0.02, 0.07, 0)):  # at one depth, where both cameras agree
            point_m = MODEL_ORIGIN_M + columns["rotmat"][row].T @ aside_m
            vertex_um = flip @ (point_m - MODEL_ORIGIN_M) * 1e6
            x, y, _ = scale * turn @ vertex_um + (tx, ty, tz)
            camera = [columns[name][row] for name in ("rotmat", "translation_m", "intrinsics")]
            expected = project_points(point_m[None], *camera)[0][0]
            # counted from 1 at the centre of a pixel, upwards from the row below the last
            np.testing.assert_allclose([x - 0.5, 40 + 1 - y - 0.5], expected, rtol=0, atol=1e-9)


def _turn_of_3ddfa(pitch, yaw, roll):
    """Rx(-pitch) Ry(-yaw) Rz(-roll), written out."""
    (cx, cy, cz), (sx, sy, sz) = np.cos([pitch, yaw, roll]), np.sin([pitch, yaw, roll])
    about_x = np.array([[1, 0, 0], [0, cx, sx], [0, -sx, cx]])
    about_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    about_z = np.array([[cz, sz, 0], [-sz, cz, 0], [0, 0, 1]])
    return about_x @ about_y @ about_z


def test_depth_points_towards_the_viewer(faces, tmp_path):
    dataset, columns = faces
    export(dataset, tmp_path / "out")
    depth_m = columns["landmarks68"][3, :, 2].astype(float)
    towards = loadmat(tmp_path / "out" / "000003.mat")["pt3d_68"][2]
    assert np.corrcoef(towards, depth_m)[0, 1] == pytest.approx(-1)
    scale_px_per_um = loadmat(tmp_path / "out" / "000003.mat")["Pose_Para"][0, 6]
    assert np.ptp(towards) == pytest.approx(np.ptp(depth_m) * scale_px_per_um * 1e6)


def test_without_a_camera_only_what_is_known_is_there(make_faces, tmp_path):
    dataset, columns = make_faces(tmp_path / "data", without=("intrinsics",))
    export(dataset, tmp_path / "out")
    found = loadmat(tmp_path / "out" / "000001.mat")
    assert found["Pose_Para"].shape == (1, 3)
    assert "pt3d_68" not in found
    back = W300LP(tmp_path / "out")
    np.testing.assert_allclose(back.read("rotmat"), columns["rotmat"], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(back.read("landmarks68")[..., :2], columns["landmarks68"][..., :2])


@pytest.mark.real
def test_the_models_origin_is_where_aflw2000_has_it(real_data):
    """The middle of the eyes' contours, taken back through its pose into the model's frame."""
    flip, origins = np.diag([1.0, -1.0, -1.0]), []
    source = W300LP(real_data / "aflw2000_sample")
    for file, rotmat in zip(source.files.label_files, source.read("rotmat"), strict=True):
        found = loadmat(file)
        *_, tx, ty, tz, scale = found["Pose_Para"][0].astype(float)
        x, y, z = found["pt3d_68"][:, 36:48].astype(float).mean(axis=1)
        eyes_um = (flip @ rotmat @ flip).T @ (np.array([x, 451 - y, z]) - (tx, ty, tz)) / scale
        origins.append(EYE_CONTOUR_M - flip @ eyes_um * 1e-6)
    np.testing.assert_allclose(np.mean(origins, axis=0), MODEL_ORIGIN_M, rtol=0, atol=0.001)
    assert np.abs(np.array(origins) - MODEL_ORIGIN_M).max() < 0.005


@pytest.mark.real
def test_aflw2000_survives_being_written_anew(real_data, tmp_path):
    source = W300LP(real_data / "aflw2000_sample")
    export(source, tmp_path / "out", pictures=PictureStyle("png"))
    back = W300LP(tmp_path / "out")
    for name in ("image", "landmarks68", "points5"):
        np.testing.assert_array_equal(back.read(name), source.read(name))
    np.testing.assert_allclose(back.read("rotmat"), source.read("rotmat"), rtol=0, atol=1e-9)


def test_the_contours_of_bundled_eyes_are_where_they_are_said_to_be():
    eyes = load_head("f03").landmarks68_m[36:48].mean(axis=0)
    np.testing.assert_allclose(eyes, EYE_CONTOUR_M, rtol=0, atol=0.002)
