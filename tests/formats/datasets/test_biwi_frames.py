import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.biwi_frames import BiwiFrames, find_frames
from synhead_tools.formats.datasets.biwi_plus import BiwiPlusLabels
from synhead_tools.formats.open import open_any
from synhead_tools.formats.sample import SampleSource

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
