import os

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.w300lp_mat import MAT_BYTES_LIMIT, read_pose_mat

GOOD = {
    "Pose_Para": np.array([[0.1, -0.2, 0.3, 100, 120, -90, 0.001]], "f4"),
    "pt2d": np.arange(136.0).reshape(2, 68),
    "pt3d_68": np.arange(204.0).reshape(3, 68),
    "roi": np.array([[-3, 4, 500, 600]], "i2"),
    "Shape_Para": np.zeros((199, 1)),
}


def _save(tmp_path, **changes):
    path = tmp_path / "face.mat"
    savemat(path, {name: value for name, value in {**GOOD, **changes}.items() if value is not None})
    return path


def test_arrays_as_in_the_file(tmp_path):
    found = read_pose_mat(_save(tmp_path))
    assert set(found) == {"Pose_Para", "pt2d", "pt3d_68", "roi"}
    for name, array in found.items():
        assert array.dtype == np.float64
        assert np.array_equal(array, GOOD[name].astype(float))
    assert set(read_pose_mat(_save(tmp_path, pt2d=None, pt3d_68=None, roi=None))) == {"Pose_Para"}
    assert read_pose_mat(_save(tmp_path, Pose_Para=np.zeros((1, 3))))["Pose_Para"].shape == (1, 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Pose_Para": None}, "has no Pose_Para"),
        ({"Pose_Para": np.zeros((7, 1))}, r"Pose_Para has shape \(7, 1\); expected \(1, 7\)"),
        ({"Pose_Para": np.full((1, 7), np.nan)}, "Pose_Para holds a value that is not finite"),
        ({"Pose_Para": np.array([[4.4, 17.9, -0.7]])}, r"pitch, yaw, roll are 4.4, 17.9, -0.7; expected radians"),
        ({"pt2d": np.zeros((68, 2))}, r"pt2d has shape \(68, 2\)"),
        ({"pt2d": np.zeros((2, 5))}, r"pt2d has shape \(2, 5\)"),
        ({"pt3d_68": np.full((3, 68), np.inf)}, "pt3d_68 holds"),
        ({"pt3d_68": np.full((3, 68), 1e30)}, "pt3d_68 holds"),
        ({"roi": np.zeros((1, 5))}, "roi has shape"),
        ({"Pose_Para": {"x": 1}}, "Pose_Para is a struct"),
        ({"roi": "text"}, "roi is text"),
    ],
)
def test_bad_arrays_are_named(tmp_path, changes, message):
    with pytest.raises(LabelFormatError, match=message):
        read_pose_mat(_save(tmp_path, **changes))


def test_bad_files_are_named(tmp_path):
    with pytest.raises(LabelFormatError, match="No such file"):
        read_pose_mat(tmp_path / "face.mat")
    (tmp_path / "large.mat").write_bytes(bytes(MAT_BYTES_LIMIT + 1))
    with pytest.raises(LabelFormatError, match=r"large\.mat has 1048577 bytes"):
        read_pose_mat(tmp_path / "large.mat")
    os.mkfifo(tmp_path / "pipe.mat")
    with pytest.raises(LabelFormatError, match="not a regular file"):
        read_pose_mat(tmp_path / "pipe.mat")


@pytest.mark.real
def test_real_files_as_scipy_reads_them(real_data):
    paths = sorted((real_data / "aflw2000_sample").glob("*.mat"))
    assert len(paths) == 15
    for path in paths:
        known, found = loadmat(path), read_pose_mat(path)
        assert set(found) == {"Pose_Para", "pt2d", "pt3d_68", "roi"}
        assert all(np.array_equal(found[name], known[name].astype(float)) for name in found)


@pytest.mark.real
def test_unseen_points_show_where_coordinates_begin(real_data):
    """(-1, -1) flipped as ``450 + 1 - y``: the y axis points down and counts from 1."""
    unseen = 0
    for path in (real_data / "aflw2000_sample").glob("*.mat"):
        points = read_pose_mat(path)["pt2d"]
        assert points.shape == (2, 21)
        assert ((points[0] == -1) == (points[1] == 452)).all()
        unseen += (points[0] == -1).sum()
    assert unseen > 50
