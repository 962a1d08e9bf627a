import io
import zipfile

import numpy as np
import pytest

from synhead_tools.errors import LabelFormatError, SynheadError
from synhead_tools.formats.datasets import biwi_plus
from synhead_tools.formats.datasets.biwi_plus import BIWI_INTRINSICS, BiwiPlusLabels
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.euler import convert_euler, euler_from_rotmat
from synhead_tools.geometry.projection import project_points

FRAMES_PER_SEQUENCE = [499, 511, 730, 744, 946, 542, 745, 772, 882, 726, 572, 732]
FRAMES_PER_SEQUENCE += [485, 797, 654, 914, 395, 614, 502, 556, 634, 665, 569, 492]

GOOD = {
    "images": np.array(["01/frame_00004_rgb.png", "19/frame_00000_rgb.png", "19/frame_00002_rgb.png"]),
    "ids": np.array([0, 18]),  # one short, as in the published files
    "pyr": np.array([[1.0, 2, 3], [-40, 50, 6], [7, -8, 9]]),
    "bbox": np.array([[10, 20, 30, 30], [11, 21, 31, 31], [12, 22, 32, 32]]),
}


def _complaint(path):
    try:
        BiwiPlusLabels(path)
    except SynheadError as error:
        return str(error)
    return None


def _save(tmp_path, name="Biwi.npz", **changes):
    arrays = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    np.savez(tmp_path / name, **arrays)
    return tmp_path / name


def test_columns(tmp_path):
    labels = BiwiPlusLabels(_save(tmp_path))
    assert isinstance(labels, SampleSource)
    assert len(labels) == 3
    assert labels.read("sequence").tolist() == [1, 19, 19]
    assert labels.read("frame_id").tolist() == [4, 0, 2]
    assert labels.read("target_id", [1]).tolist() == [b"19/frame_00000_rgb.png"]
    assert labels.read("face_box_xyxy", [2]).tolist() == [[12, 22, 44, 54]]
    assert np.allclose(euler_from_rotmat(labels.read("rotmat"), "biwi+"), GOOD["pyr"])
    assert np.array_equal(labels.read("euler_deg"), GOOD["pyr"])
    assert labels.row_of("19/frame_00002_rgb.png") == 2
    assert labels.row_of("19/frame_00001_rgb.png") is None


def test_intrinsics_project_into_the_picture():
    pixel, depth = project_points(np.zeros((1, 3)), np.eye(3), np.array([0, 0, 1.0]), BIWI_INTRINSICS)
    assert pixel[0].tolist() == [320, 240.5]
    assert depth[0] == 1


@pytest.mark.parametrize(
    ("name", "changes", "calibrated"),
    [
        ("Biwi_plus.npz", {}, True),
        ("Biwi_plus_non_cal.npz", {}, False),
        ("Biwi.npz", {"calibrated": np.array(False)}, False),
        ("x_non_cal.npz", {"calibrated": np.array(True)}, True),
        # the labels themselves outweigh a wrong name
        ("x_non_cal.npz", {"pyr": np.array([[-8.58916, -3.55111, 2.29379]] * 3)}, True),
        ("x.npz", {"pyr": np.array([[-7.70527, -3.05309, 1.99114]] * 3)}, False),
    ],
)
def test_calibrated_or_not(tmp_path, name, changes, calibrated):
    images = GOOD["images"].copy()
    if "pyr" in changes:
        images[0] = "01/frame_00003_rgb.png"
    labels = BiwiPlusLabels(_save(tmp_path, name, images=images, **changes))
    assert labels.calibrated is calibrated
    assert labels.describe()["calibrated"] is calibrated


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pyr": None}, "has no pyr"),
        ({"pyr": np.zeros((2, 3))}, "do not fit together"),
        ({"bbox": np.zeros((3, 3), int)}, "do not fit together"),
        ({"images": np.zeros(3)}, "do not fit together"),
        ({"pyr": np.zeros((3, 3), int)}, "expected numbers"),
        ({"pyr": np.array([[0, 0, 0], [0, np.nan, 0], [0, 0, 0]])}, r"row 1 \(19/frame_00000_rgb.png\): pyr"),
        ({"pyr": np.array([[0, 0, 0], [0, 0, 0], [0, 0, 400.0]])}, "row 2"),
        ({"bbox": np.array([[0, 0, 9, 9], [0, 0, 9, 0], [0, 0, 9, 9]])}, "row 1 .*bbox"),
        ({"images": GOOD["images"][[0, 1, 1]]}, "'19/frame_00000_rgb.png' is listed twice"),
        ({"images": np.array(["01/frame_00004_rgb.png", "../../x.png", "a"])}, "row 1: picture '../../x.png'"),
        ({"images": np.array(["a", None, 3], object)}, "not a plain .npz file"),
        ({"images": GOOD["images"][:0], "pyr": np.zeros((0, 3)), "bbox": np.zeros((0, 4))}, "no samples"),
    ],
)
def test_wrong_arrays_are_refused(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message) as raised:
        BiwiPlusLabels(_save(tmp_path, **changes))
    assert "Biwi.npz" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_damaged_files_are_refused(tmp_path):
    path = _save(tmp_path)
    data = path.read_bytes()
    for length in range(0, len(data), 97):
        path.write_bytes(data[:length])
        with pytest.raises(LabelFormatError, match="Biwi.npz"):
            BiwiPlusLabels(path)
    rng = np.random.default_rng(0)
    for _ in range(60):
        flipped = bytearray(data)
        flipped[rng.integers(len(data))] ^= 255
        path.write_bytes(flipped)
        assert _complaint(path) is None or "Biwi.npz" in _complaint(path)


def test_missing_file_labels_and_bomb(tmp_path, monkeypatch):
    with pytest.raises(LabelFormatError, match="No such file"):
        BiwiPlusLabels(tmp_path / "a.npz")
    with pytest.raises(LabelFormatError, match="leave out"):
        BiwiPlusLabels(_save(tmp_path), labels="b.npz")
    monkeypatch.setattr(biwi_plus, "UNPACKED_BYTES_LIMIT", 1 << 20)
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        header = io.BytesIO()
        np.save(header, np.zeros(8))
        archive.writestr("pyr.npy", header.getvalue() + bytes(2 << 20))
    with pytest.raises(LabelFormatError, match="unpacks to"):
        BiwiPlusLabels(tmp_path / "bomb.npz")


@pytest.mark.real
def test_published_labels_calibrated(real_data):
    labels = BiwiPlusLabels(real_data / "biwi_plus/Biwi_plus.npz")
    assert len(labels) == 15678
    assert labels.calibrated
    assert np.bincount(labels.read("sequence"))[1:].tolist() == FRAMES_PER_SEQUENCE
    row = labels.row_of("01/frame_00003_rgb.png")
    assert np.allclose(labels.read("euler_deg", [row]), [[-8.58916, -3.55111, 2.29379]], atol=1e-5)
    ypr = euler_from_rotmat(labels.read("rotmat", [row]), "hopenet")
    assert np.allclose(ypr, [[3.85161, 8.45946, -1.74208]], atol=1e-5)
    assert labels.read("face_box_xyxy", [row]).tolist() == [[274, 209, 406, 341]]
    row = labels.row_of("01/frame_00501_rgb.png")
    assert np.allclose(labels.read("euler_deg", [row]), [[39.47652, 61.72492, 11.26550]], atol=1e-5)
    box = labels.read("face_box_xyxy")
    assert np.array_equal(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1])
    assert (box >= 0).all()
    assert (box <= [640, 480, 640, 480]).all()


@pytest.mark.real
def test_published_labels_of_other_protocols(real_data):
    plain = BiwiPlusLabels(real_data / "biwi_plus/Biwi_plus_non_cal.npz")
    fsanet = BiwiPlusLabels(real_data / "biwi_plus/Biwi_FSA-Net.npz")
    assert (plain.calibrated, fsanet.calibrated) == (False, False)
    assert (len(plain), len(fsanet)) == (15678, 13219)
    assert fsanet.describe()["subset"].startswith("FSA-Net, 13219 frames")
    row = plain.row_of("01/frame_00501_rgb.png")
    assert np.allclose(plain.read("euler_deg", [row]), [[41.50347, 62.06397, 12.80173]], atol=1e-5)
    with np.load(real_data / "biwi_plus/Biwi_plus_non_cal.npz") as archive:
        assert np.allclose(convert_euler(plain.read("euler_deg"), "biwi+", "hopenet"), archive["ypr"], atol=1e-6)


def test_boxes_far_from_the_picture_are_refused(tmp_path):
    for far in (1e300, 1e6):
        np.savez(tmp_path / "far.npz", **{**GOOD, "bbox": np.asarray(GOOD["bbox"], float) + far})
        with pytest.raises(LabelFormatError, match="near the picture"):
            BiwiPlusLabels(tmp_path / "far.npz")
