import json

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat
from scipy.spatial.transform import Rotation

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.w300lp import W300LP
from synhead_tools.formats.datasets.w300lp_mat import read_pose_mat
from synhead_tools.formats.open import open_any
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import rotmat_from_euler


def _face(seed):
    return np.random.default_rng(seed).uniform(100, 300, (3, 68)).astype("f4")


def _save(path, angles_rad=(0.1, 0.2, 0.3), shade=0, **points):
    path.parent.mkdir(parents=True, exist_ok=True)
    pose = np.array([[*angles_rad, 200, 200, -90, 0.001]])
    savemat(path.with_suffix(".mat"), {"Pose_Para": pose, "Exp_Para": np.zeros((29, 1)), **points})
    Image.new("RGB", (450, 450), (shade, 20, 30)).save(path.with_suffix(".jpg"))


@pytest.fixture
def w300lp(tmp_path):
    root = tmp_path / "300W_LP"
    for seed, name in enumerate(("AFW/AFW_1_0", "AFW_Flip/AFW_1_0", "IBUG/IBUG_2_1")):
        angles_rad = (0.1 * seed, 1.8 if seed == 1 else -0.3, 0.2)
        _save(root / name, angles_rad, 100 * seed, pt2d=_face(seed)[:2].astype("f8"))
    return root


def _turn(axis, angle):
    return Rotation.from_rotvec(np.eye(3)["xyz".index(axis)] * angle).as_matrix()


def test_labels_of_300w_lp(w300lp):
    source = open_any(w300lp)
    assert isinstance(source, W300LP)
    assert isinstance(source, SampleSource)
    assert source.read("target_id").tolist() == [b"AFW/AFW_1_0", b"AFW_Flip/AFW_1_0", b"IBUG/IBUG_2_1"]
    assert np.allclose(source.read("euler_deg", [1]), np.degrees([[0.1, 1.8, 0.2]]))
    assert np.allclose(source.read("rotmat", [1])[0], _turn("x", -0.1) @ _turn("y", 1.8) @ _turn("z", 0.2))
    pictures = source.read("image", [2, 0])
    assert pictures.shape == (2, 450, 450, 3)
    assert np.allclose(pictures[:, 9, 9, 0], [200, 0], atol=4)
    landmarks, face = source.read("landmarks68", [2])[0], _face(2)
    assert np.allclose(landmarks[:, :2], face[:2].T - 0.5)
    assert np.isnan(landmarks[:, 2]).all()
    x_min, x_max = face[0].min(), face[0].max()
    left = x_min - 0.18 * (x_max - x_min)
    assert source.read("face_box_xyxy", [2])[0, ::2].tolist() == [int(left), int(x_max + 0.18 * (x_max - left))]


def test_points5_are_of_the_subject(w300lp):
    source = W300LP(w300lp)
    points, landmarks = source.read("points5", [0])[0], source.read("landmarks68", [0])[0]
    expected = [landmarks[36:42].mean(0), landmarks[42:48].mean(0), landmarks[30], landmarks[48], landmarks[54]]
    assert np.allclose(points, expected, equal_nan=True)


def test_what_it_says_of_itself(w300lp):
    source = W300LP(w300lp)
    assert source.describe() == {
        "dataset": "300W-LP",
        "subset": "3 pictures (AFW 1, AFW_Flip 1, IBUG 1), 1 of them beyond +-99 degrees",
        "convention": "300w-lp",
        "calibrated": None,
        "crop": "Hopenet's 300W-LP crop of pt2d, its random k of 0.2 to 0.4 fixed at 0.3, seen points only",
        "frames": 3,
        "target_labels_used": False,
    }
    near = W300LP(w300lp, within_99_deg=True)
    assert near.read("target_id").tolist() == [b"AFW/AFW_1_0", b"IBUG/IBUG_2_1"]
    assert np.allclose(near.read("image")[:, 9, 9, 0], [0, 200], atol=4)
    assert near.describe()["subset"] == "2 pictures (AFW 1, IBUG 1), 1 beyond +-99 degrees left out"
    assert "1 pictures have an angle beyond +-99 degrees (left out)" in near.problems()
    assert W300LP(w300lp / "AFW").describe()["dataset"] == "300W-LP"
    assert W300LP(w300lp / "AFW").read("target_id").tolist() == [b"AFW_1_0"]


def _aflw(root, **points):
    pt2d = np.stack([np.linspace(150, 300, 21), np.linspace(200, 360, 21)])
    pt2d[:, 12] = -1, 452
    _save(root / "image00002", pt2d=pt2d, **points)
    return root


def test_labels_of_aflw2000(tmp_path):
    source = open_any(_aflw(tmp_path, pt3d_68=_face(0)))
    assert source.describe()["dataset"] == "AFLW2000-3D"
    assert source.describe()["crop"] == "Hopenet's AFLW2000 crop (k = 0.2) of pt2d, seen points only"
    assert source.read("landmarks68")[0, 5, :2].tolist() == (_face(0)[:2, 5] - np.float32(0.5)).tolist()
    assert source.read("face_box_xyxy").tolist() == [[90, 136, 384, 386]]
    as_hopenet = W300LP(tmp_path, box_points="all")
    assert as_hopenet.read("face_box_xyxy")[0, 0] == int(-1 - 0.4 * 301)
    assert "unseen points taken" in as_hopenet.describe()["crop"]
    assert as_hopenet.problems() == ["1 face boxes reach beyond the picture, which is black there"]


def test_without_68_points_there_are_no_landmarks(tmp_path):
    source = W300LP(_aflw(tmp_path))
    assert not {"landmarks68", "points5"} & set(source.columns)
    assert source.problems() == ["not every label file has 68 points, so there are no landmarks"]


def test_box_of_the_68_points_where_none_is_seen(tmp_path):
    unseen = np.stack([np.full(21, -1.0), np.full(21, 452.0)])
    _save(tmp_path / "a", pt2d=unseen, pt3d_68=_face(0))
    box = W300LP(tmp_path).read("face_box_xyxy")[0]
    assert box[0] < _face(0)[0].min() < _face(0)[0].max() < box[2]
    _save(tmp_path / "a", pt2d=unseen)
    with pytest.raises(LabelFormatError, match=r"a\.mat: its points span no box"):
        W300LP(tmp_path)
    _save(tmp_path / "a")
    with pytest.raises(LabelFormatError, match=r"a\.mat has neither pt2d nor pt3d_68"):
        W300LP(tmp_path)


def test_other_datasets_in_this_layout_are_not_called_300w_lp(tmp_path):
    _save(tmp_path / "mine/000000", pt2d=_face(0)[:2])
    assert W300LP(tmp_path / "mine").describe()["dataset"] == "mine (as 300W-LP)"


def test_what_is_wrong_is_named(tmp_path, w300lp):
    with pytest.raises(LabelFormatError, match="leave out x.csv"):
        W300LP(w300lp, "x.csv")
    with pytest.raises(LabelFormatError, match="box_points is 'some'"):
        W300LP(w300lp, box_points="some")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LabelFormatError, match="no NAME.jpg with a NAME.mat"):
        W300LP(tmp_path / "empty")
    with pytest.raises(LabelFormatError, match="every picture has an angle beyond"):
        W300LP(w300lp / "AFW_Flip", within_99_deg=True)
    (w300lp / "AFW/AFW_1_0.jpg").write_bytes(b"no picture")
    assert any("AFW_1_0.jpg cannot be read" in line for line in W300LP(w300lp).problems())
    (w300lp / "IBUG/IBUG_2_1.mat").write_bytes(b"MATLAB 5.0")
    with pytest.raises(LabelFormatError, match=r"IBUG_2_1\.mat is not a MATLAB 5 file"):
        W300LP(w300lp)


@pytest.fixture(scope="module")
def sample(real_data):
    return W300LP(real_data / "aflw2000_sample")


@pytest.mark.real
def test_real_landmarks_lie_on_the_face(sample):
    assert len(sample) == 15
    assert sample.describe()["dataset"] == "AFLW2000-3D"
    assert sample.read("image", [0, 14]).shape == (2, 450, 450, 3)
    boxes, points5 = sample.read("face_box_xyxy"), sample.read("points5")[..., :2]
    assert (points5 > boxes[:, None, :2]).all()
    assert (points5 < boxes[:, None, 2:]).all()
    landmarks = sample.read("landmarks68")[..., :2]
    inside = (landmarks > boxes[:, None, :2]) & (landmarks < boxes[:, None, 2:])
    assert inside.all(axis=-1).mean() > 0.99
    frontal = np.abs(sample.read("euler_deg")[:, 1]) < 30
    assert frontal.sum() >= 8
    assert (points5[frontal, 0, 0] < points5[frontal, 1, 0]).all()  # the subject's right is on the left
    assert (points5[frontal, 3:, 1] > points5[frontal, :2, 1].max(axis=1, keepdims=True)).all()  # mouth below eyes


READINGS = {
    "300w-lp": "300w-lp",
    "order of 6DRepNet": "xyz:-++:rad",
    "pitch of the wrong sign": "XYZ:+++:rad",
    "yaw of the wrong sign": "XYZ:--+:rad",
    "roll of the wrong sign": "XYZ:-+-:rad",
    "yaw written first": "XYZ:-++:rad:yaw,pitch,roll",
}


def _own_orientation_residual_deg(real_data, convention):
    """Angles (15,) between Pose_Para read by `convention` and what the 68 points of the same file show.

    The points of each face are laid over the mean of all others, each turned back by its own label.
    """
    files = [read_pose_mat(path) for path in sorted((real_data / "aflw2000_sample").glob("*.mat"))]
    points = np.stack([file["pt3d_68"].T * [1, 1, -1] for file in files])  # depth is towards the viewer
    points -= points.mean(axis=1, keepdims=True)
    points /= np.linalg.norm(points, axis=(1, 2), keepdims=True)
    rotmat = rotmat_from_euler(np.stack([file["Pose_Para"][0, :3] for file in files]), convention)
    turned_back = points @ rotmat
    shown = [
        Rotation.align_vectors(points[i], np.delete(turned_back, i, axis=0).mean(axis=0))[0] for i in range(len(files))
    ]
    return geodesic_distance_deg(rotmat, Rotation.concatenate(shown).as_matrix())


@pytest.mark.real
def test_real_angles_agree_with_the_points_of_the_same_file(real_data):
    residual = {name: _own_orientation_residual_deg(real_data, spec) for name, spec in READINGS.items()}
    assert residual["300w-lp"].max() < 3  # 1.4 on average
    for name in set(READINGS) - {"300w-lp"}:
        assert residual[name].mean() > 9, name
        assert residual[name].max() > 19, name


@pytest.mark.real
def test_real_angles_agree_with_a_head_at_rest(real_data):
    """No rotation of all labels together: brows, eyes, nose and mouth of heads that look into the camera."""
    inner = slice(17, 68)
    rest = [json.loads(path.read_text())["landmarks68"] for path in sorted((real_data / "heads").glob("*.json"))]
    rest = (np.mean(rest, axis=0) * [1, -1, -1])[inner]
    rest -= rest.mean(axis=0)
    offsets = []
    for path in sorted((real_data / "aflw2000_sample").glob("*.mat")):
        file = read_pose_mat(path)
        points = (file["pt3d_68"].T * [1, 1, -1])[inner]
        shown = Rotation.align_vectors(points - points.mean(axis=0), rest)[0]
        offsets.append(shown.inv() * Rotation.from_matrix(rotmat_from_euler(file["Pose_Para"][0, :3], "300w-lp")))
    offsets = Rotation.concatenate(offsets)
    assert np.degrees(offsets.magnitude()).max() < 7
    assert np.degrees(offsets.mean().magnitude()) < 1.5
