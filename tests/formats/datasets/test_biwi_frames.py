import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import LabelFormatError, ShardError
from synhead_tools.formats.datasets.biwi_frames import BiwiFrames, find_frames
from synhead_tools.formats.datasets.biwi_plus import BiwiPlusLabels
from synhead_tools.formats.open import open_any
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.boxes import box_iou
from synhead_tools.geometry.distance import geodesic_distance_deg

NAMES = ["18/frame_00007_rgb.png", "19/frame_00000_rgb.png", "19/frame_00002_rgb.png", "19/frame_00005_rgb.png"]


@pytest.fixture
def labels(tmp_path):
    pyr = np.arange(12.0).reshape(4, 3)
    boxes = np.tile([100, 100, 132, 132], (4, 1))
    np.savez(tmp_path / "labels.npz", images=np.array(NAMES), pyr=pyr, bbox=boxes)
    return tmp_path / "labels.npz"


def _frames(root, names, size=(640, 480)):
    for shade, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, (shade, 10, 20)).save(root / name)
    return root


@pytest.mark.parametrize("layout", ["hpdb", "."])
def test_frames_are_joined_with_labels_by_name(tmp_path, labels, layout):
    # on the disk in another order than in the label file, one labelled frame is missing
    root = _frames(tmp_path / "biwi" / layout, [NAMES[3], NAMES[1], NAMES[0]])
    (root / "19/frame_00000_depth.bin").touch()
    frames = open_any(tmp_path / "biwi", labels)
    assert isinstance(frames, BiwiFrames)
    assert isinstance(frames, SampleSource)
    assert frames.read("target_id").tolist() == [NAMES[i].encode() for i in (0, 1, 3)]
    assert frames.read("euler_deg", [2]).tolist() == [[9, 10, 11]]
    pictures = frames.read("image", [2, 0, 2])
    assert pictures.shape == (3, 480, 640, 3)
    assert pictures[:, 5, 6, 0].tolist() == [0, 2, 0]
    assert frames.columns[0] == "image"
    assert set(frames.labels()) == set(frames.columns) - {"image"}
    assert frames.describe()["subset"] == "2 sequences, 3 of 4 frames"


def test_one_sequence_folder(tmp_path, labels):
    _frames(tmp_path / "biwi", NAMES[1:3])
    frames = BiwiFrames(tmp_path / "biwi/19", BiwiPlusLabels(labels))
    assert len(frames) == 2
    assert frames.describe() == {
        "dataset": "BIWI",
        "subset": "sequence 19, frames 0-2 (2 of 3)",
        "convention": "biwi+",
        "calibrated": True,
        "crop": "labels box",
        "frames": 2,
        "target_labels_used": False,
    }


def test_what_is_missing_is_named(tmp_path, labels):
    root = _frames(tmp_path / "biwi", ["24/frame_00001_rgb.png"])
    with pytest.raises(LabelFormatError, match="no label for 24/frame_00001_rgb.png in"):
        BiwiFrames(root, labels)
    with pytest.raises(LabelFormatError, match="without labels"):
        open_any(root)
    (tmp_path / "empty").mkdir()
    with pytest.raises(LabelFormatError, match="no NN/frame_XXXXX_rgb.png found"):
        BiwiFrames(tmp_path / "empty", labels)
    frames = BiwiFrames(_frames(tmp_path / "other", NAMES[1:3]), labels)
    (tmp_path / "other" / NAMES[2]).unlink()
    assert frames.read("image", [0]).shape == (1, 480, 640, 3)
    with pytest.raises(LabelFormatError, match="frame_00002_rgb.png cannot be read"):
        frames.read("image", [0, 1])


def test_subset_protocols_leave_frames_out(tmp_path, labels):
    root = _frames(tmp_path / "biwi", [*NAMES[:2], "24/frame_00001_rgb.png"])
    assert len(BiwiFrames(root, labels)) == 2


def test_pictures_of_another_size_are_refused(tmp_path, labels):
    frames = BiwiFrames(_frames(tmp_path / "biwi", NAMES[:1], (320, 240)), labels)
    with pytest.raises(LabelFormatError, match="frame_00007_rgb.png is 320 x 240 px; expected 640 x 480"):
        frames.read("image")


LAYOUTS = ["published", "published, whole", "kaggle", "sequences only"]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["pose_txt", "pose_bin"])
def test_the_database_itself_in_every_layout(make_biwi, layout, kind):
    root = make_biwi({"01": [3, 501], "02": [4]}, layout, pose_txt=kind == "pose_txt", pose_bin=kind == "pose_bin")
    frames = open_any(root)
    assert isinstance(frames, BiwiFrames)
    assert isinstance(frames, SampleSource)
    assert frames.label_source is None
    assert frames.read("target_id").tolist() == [
        b"01/frame_00003_rgb.png",
        b"01/frame_00501_rgb.png",
        b"02/frame_00004_rgb.png",
    ]
    np.testing.assert_allclose(frames.read("euler_deg", [1]), [(39.47652, 61.72492, 11.26550)], rtol=0, atol=1e-4)
    assert frames.read("image", [2, 1])[:, 7, 9].tolist() == [[4, 2, 20], [501 % 256, 1, 20]]
    assert set(frames.columns) == {
        *("image", "rotmat", "quat_xyzw", "translation_m", "intrinsics", "euler_deg", "face_box_xyxy"),
        *("frame_id", "sequence", "target_id"),
    }
    assert frames.describe() == {
        "dataset": "BIWI",
        "subset": "2 sequences, 3 of 1010 frames",
        "convention": "biwi+",
        "calibrated": True,
        "crop": "square about the head centre of the label, projected, not detected",
        "frames": 3,
        "target_labels_used": False,
    }
    of_one = BiwiFrames(frames._sequences["01"].folder, calibrated=False)
    assert of_one.describe()["calibrated"] is False
    assert of_one.describe()["subset"] == "sequence 01, frames 3-501 (2 of 499)"
    assert 0.5 < geodesic_distance_deg(of_one.read("rotmat", [1]), frames.read("rotmat", [1]))[0] < 2


def test_pose_txt_is_preferred(make_biwi):
    root = make_biwi({"01": [4]}, pose_bin=True)
    exact = BiwiFrames(root, calibrated=False).read("translation_m")
    (root / "db_annotations/01/frame_00004_pose.bin").write_bytes(np.full(6, np.nan, "<f4").tobytes())
    np.testing.assert_array_equal(BiwiFrames(root, calibrated=False).read("translation_m"), exact)


def test_depth_mesh_and_calibration(make_biwi):
    root = make_biwi({"01": [501], "02": [4, 3]})
    frames = BiwiFrames(root)
    assert [frames.depth_mm(row)[210, 305] for row in range(3)] == [800 + 501, 803, 804]
    vertices_m, faces = frames.subject_mesh(2)
    assert (vertices_m.shape, faces.tolist()) == ((3, 3), [[0, 1, 2]])
    assert frames.calibration(1).intrinsics[0, 0] == 517.679
    assert frames.calibration(1, "depth").intrinsics[0, 0] == 575.816
    with pytest.raises(ShardError, match="row 3 does not exist"):
        frames.depth_mm(3)
    with pytest.raises(LabelFormatError, match="no sequence 03; there are 01, 02"):
        frames.subject_mesh(3)
    with pytest.raises(LabelFormatError, match="no camera 'ir'; there are rgb, depth"):
        frames.calibration(1, "ir")
    (root / "hpdb/02.obj").unlink()
    (root / "hpdb/02/frame_00003_depth.bin").unlink()
    with pytest.raises(LabelFormatError, match="02.obj cannot be read"):
        frames.subject_mesh(2)
    with pytest.raises(LabelFormatError, match="frame_00003_depth.bin cannot be read"):
        frames.depth_mm(1)


@pytest.mark.parametrize(
    ("gone", "complaint"),
    [
        (["01/frame_00004_pose.txt"], "biwi: neither pose.txt nor pose.bin for 01/frame_00004_rgb.png; restore it or"),
        (["01/frame_00003_pose.txt", "02/frame_00501_pose.txt"], "for 01/frame_00003_rgb.png and 1 more; restore"),
        (["01/rgb.cal"], "no rgb.cal in sequence 01; restore"),
        (["01/rgb.cal", "02/rgb.cal"], "no rgb.cal in sequence 01 and 1 more"),
        (["02/frame_00501_rgb.png"], "no frame_XXXXX_rgb.png in sequence 02; restore or remove the folder"),
        (
            [f"{name}_pose.txt" for name in ("01/frame_00003", "01/frame_00004", "02/frame_00501")],
            "without labels: neither pose.txt nor pose.bin for 01/frame_00003_rgb.png and 2 more; .* give a Biwi",
        ),
    ],
)
def test_missing_files_are_named_and_counted(make_biwi, gone, complaint):
    root = make_biwi({"01": [3, 4], "02": [501]})
    for name in gone:
        (root / "hpdb" / name).unlink()
    with pytest.raises(LabelFormatError, match=complaint) as caught:
        open_any(root)
    assert "\n" not in str(caught.value)


def test_the_frame_published_without_pose_bin_is_passed_over(make_biwi):
    root = make_biwi({"01": [3, 4]}, pose_txt=False, pose_bin=True)
    (root / "db_annotations/01/frame_00003_pose.bin").unlink()
    frames = BiwiFrames(root)
    assert frames.read("frame_id").tolist() == [4]
    assert "01: 1 picture without pose, first frame_00003" in frames.problems()
    (root / "hpdb/01/frame_00004_rgb.png").unlink()
    with pytest.raises(LabelFormatError, match="without labels"):  # nothing is left
        BiwiFrames(root)


def test_a_damaged_pose_file_is_named(make_biwi):
    root = make_biwi({"01": [3, 4]})
    (root / "hpdb/01/frame_00004_pose.txt").write_text("1 0 0\n0 -1 0\n0 0 1\n\n1 2 900\n")
    with pytest.raises(LabelFormatError, match="frame_00004_pose.txt: lines 1 to 3: the matrix mirrors"):
        open_any(root)


def test_a_label_file_says_itself_whether_it_is_calibrated(make_biwi, tmp_path):
    root, labels = make_biwi({"01": [4]}), {}
    for name in ("labels", "labels_non_cal"):
        labels[name] = tmp_path / f"{name}.npz"
        np.savez(labels[name], images=["01/frame_00004_rgb.png"], pyr=np.zeros((1, 3)), bbox=[[1, 2, 3, 3]])
    assert BiwiFrames(root, labels["labels"]).calibrated is True
    assert BiwiFrames(root, labels["labels_non_cal"]).calibrated is False
    assert BiwiFrames(root, labels["labels_non_cal"], calibrated=False).describe()["calibrated"] is False
    with pytest.raises(LabelFormatError, match="labels.npz holds calibrated labels"):
        BiwiFrames(root, labels["labels"], calibrated=False)
    # with a label file, pose files and calibration need not be there
    for file in (root / "hpdb/01").glob("*[lt]"):
        file.unlink()
    assert len(BiwiFrames(root, labels["labels"])) == 1


def test_only_folders_with_pictures_are_recognised(make_biwi):
    root = make_biwi({"24": [4]}, "kaggle")
    assert BiwiFrames.recognises(root)
    assert BiwiFrames.recognises(root / "faces_0/24")
    assert not BiwiFrames.recognises(root / "faces_0/24/rgb.cal")
    (root / "faces_0/24/frame_00004_rgb.png").unlink()
    assert not BiwiFrames.recognises(root)


@pytest.mark.real
def test_real_sample(real_data):
    frames = open_any(real_data / "biwi_sample")
    assert frames.describe()["subset"] == "sequence 01, frames 3-3 (1 of 499)"
    assert frames.problems() == ["01: 1 of 499 published pictures"]
    published = BiwiPlusLabels(real_data / "biwi_plus/Biwi_plus.npz")
    row = [published.row_of("01/frame_00003_rgb.png")]
    np.testing.assert_allclose(frames.read("euler_deg"), published.read("euler_deg", row), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(frames.read("intrinsics"), published.read("intrinsics", row))
    assert box_iou(frames.read("face_box_xyxy"), published.read("face_box_xyxy", row))[0] > 0.9
    # and with the label file, as before
    joined = open_any(real_data / "biwi_sample", real_data / "biwi_plus/Biwi_plus_non_cal.npz")
    assert joined.describe()["calibrated"] is False
    np.testing.assert_allclose(
        joined.read("euler_deg"), BiwiFrames(real_data / "biwi_sample", calibrated=False).read("euler_deg"), atol=1e-9
    )


@pytest.mark.real
def test_real_frames(real_data):
    frames = open_any(real_data / "biwi_frames", real_data / "biwi_plus/Biwi_plus.npz")
    assert len(frames) == len(find_frames(real_data / "biwi_frames")) == 251
    assert frames.describe() == {
        "dataset": "BIWI",
        "subset": "sequence 19, frames 0-250 (251 of 502)",
        "convention": "biwi+",
        "calibrated": True,
        "crop": "Biwi+ box",
        "frames": 251,
        "target_labels_used": False,
    }
    rows = [250, 3, 120]
    pictures, boxes = frames.read("image", rows), frames.read("face_box_xyxy", rows).astype(int)
    for picture, (left, top, right, bottom) in zip(pictures, boxes, strict=True):
        # these frames are grey far from the face, so the box has to be where the detail is
        assert picture[top:bottom, left:right].std() > 20
        assert (picture[:5, :5] == 128).all()


@pytest.mark.real
def test_full_labels_must_know_every_frame(real_data, tmp_path):
    root = _frames(tmp_path / "biwi", ["24/frame_99999_rgb.png", "19/frame_00000_rgb.png"])
    with pytest.raises(LabelFormatError, match="no label for 24/frame_99999_rgb.png"):
        BiwiFrames(root, real_data / "biwi_plus/Biwi_plus.npz")
    assert len(BiwiFrames(root, real_data / "biwi_plus/Biwi_FSA-Net.npz")) == 1
