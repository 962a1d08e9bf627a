import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.nvidia_synhead import NvidiaSynhead
from synhead_tools.formats.open import open_any
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.euler import rotmat_from_euler


def _rgba(shade):
    picture = np.zeros((4, 5, 4), "u1")
    picture[1:3] = shade, 100, 200, 255
    picture[3] = shade, 100, 200, 128
    picture[0] = 255, 255, 255, 0
    return Image.fromarray(picture)


def _clip(group, head, track, names, mode="RGBA"):
    folder = group / head / track
    folder.mkdir(parents=True)
    for shade, name in enumerate(names):
        _rgba(shade).convert(mode).save(folder / name)


def _poses(group, track, count, start=10.0):
    rows = start + np.arange(3.0 * count).reshape(count, 3)
    group.mkdir(parents=True, exist_ok=True)
    (group / f"{track}.csv").write_text("".join(f"{p},{y},{r}\n" for p, y, r in rows))
    return rows


@pytest.fixture
def synhead(tmp_path):
    root = tmp_path / "synhead2_release"
    _poses(root / "BIWI", "00", 3, 10)
    _poses(root / "BIWI", "01", 1, 50)
    _poses(root / "kinect", "00", 2, -40)
    _clip(root / "BIWI", "m01", "00", ["10.png", "9.png", "2.png"])
    _clip(root / "BIWI", "f01", "00", ["00.png", "01.png", "02.png"])
    _clip(root / "BIWI", "f01", "01", ["00.png"])
    _clip(root / "kinect", "f01", "00", ["frame_1.png", "frame_2.png"])
    (root / "background").mkdir()
    (root / "background/a01.jpg").touch()
    (root / "BIWI/f01/notes").mkdir()
    return root


def test_frames_in_order_with_the_row_of_their_track(synhead):
    source = open_any(synhead)
    assert isinstance(source, NvidiaSynhead)
    assert isinstance(source, SampleSource)
    assert source.columns == (
        "image", "alpha", "rotmat", "quat_xyzw", "euler_deg", "head_id", "track_id", "frame_id", "target_id",
    )  # fmt: skip
    assert source.read("head_id").tolist() == [b"f01"] * 4 + [b"m01"] * 3 + [b"f01"] * 2
    assert source.read("track_id").tolist() == [0, 0, 0, 1, 0, 0, 0, 200, 200]
    assert source.read("frame_id").tolist() == [0, 1, 2, 0, 2, 9, 10, 1, 2]
    assert source.read("target_id", [5]).tolist() == [b"BIWI/m01/00/9.png"]
    angles = source.read("euler_deg")
    assert angles[:, 0].tolist() == [10, 13, 16, 50, 10, 13, 16, -40, -37]
    assert np.allclose(source.read("rotmat"), rotmat_from_euler(angles, "synhead"))
    # natural order: 2, 9, 10 were written third, second, first
    assert source.read("image", [4, 5, 6])[:, 1, 0, 0].tolist() == [2, 1, 0]


def test_colours_are_multiplied_by_alpha(synhead):
    source = NvidiaSynhead(synhead)
    image, alpha = source.read("image", [2])[0], source.read("alpha", [2])[0]
    assert alpha[:, 0].tolist() == [0, 255, 255, 128]
    assert image[:, 0].tolist() == [[0, 0, 0], [2, 100, 200], [2, 100, 200], [1, 50, 100]]


def test_pictures_without_alpha(tmp_path):
    _poses(tmp_path / "BIWI", "00", 1)
    _clip(tmp_path / "BIWI", "f01", "00", ["00.png"], mode="RGB")
    source = NvidiaSynhead(tmp_path)
    assert "alpha" not in source.columns
    assert source.read("image")[0, 3, 0].tolist() == [0, 100, 200]


def test_what_it_says_of_itself(synhead):
    source = NvidiaSynhead(synhead)
    assert source.describe() == {
        "dataset": "SynHead (NVIDIA)",
        "subset": "BIWI (2 tracks, 2 heads), kinect (1 tracks, 1 heads); 9 frames",
        "convention": "synhead",
        "calibrated": None,
        "crop": "whole picture",
        "frames": 9,
        "target_labels_used": False,
    }
    heads = "f02, f03, f04, f05"
    assert source.problems() == [
        "no frames of breitenstein, softkinetic",
        f"BIWI has no frames of {heads}, m02, m03, m04, m05",
        "BIWI/m01 has no frames of track 01",
        f"kinect has no frames of {heads}, m01, m02, m03, m04, m05",
        "BIWI/m01/00: 3 frames are numbered from 2 to 10",
    ]


def test_one_group(synhead):
    source = open_any(synhead / "kinect")
    assert source.read("track_id").tolist() == [200, 200]
    assert source.read("target_id", [0]).tolist() == [b"kinect/f01/00/frame_1.png"]
    assert not any("breitenstein" in line for line in source.problems())


def test_what_is_wrong_is_named(tmp_path, synhead):
    with pytest.raises(LabelFormatError, match="leave out x.csv"):
        NvidiaSynhead(synhead, "x.csv")
    with pytest.raises(LabelFormatError, match="no GROUP/HEAD/NN"):
        NvidiaSynhead(tmp_path)
    with pytest.raises(LabelFormatError, match="no GROUP/HEAD/NN"):
        NvidiaSynhead(tmp_path / "missing")
    (synhead / "BIWI/m01/00/2.png").unlink()
    with pytest.raises(LabelFormatError, match=r"BIWI/m01/00 has 2 pictures, but .*BIWI/00\.csv has 3 rows"):
        NvidiaSynhead(synhead)
    (synhead / "BIWI/00.csv").unlink()
    with pytest.raises(LabelFormatError, match=r"00\.csv is missing; it has the poses of BIWI/f01/00"):
        NvidiaSynhead(synhead)
    (synhead / "BIWI/00.csv").write_text("1,2\n")
    with pytest.raises(LabelFormatError, match=r"00\.csv: row 1: 2 numbers"):
        NvidiaSynhead(synhead)


def test_bad_pictures_are_named(synhead):
    source = NvidiaSynhead(synhead)
    _rgba(0).resize((8, 8)).save(synhead / "BIWI/f01/00/01.png")
    with pytest.raises(LabelFormatError, match=r"01\.png is 8 x 8 px; expected 5 x 4"):
        source.read("alpha", [0, 1])
    (synhead / "BIWI/f01/00/01.png").write_bytes(b"\x89PNG")
    with pytest.raises(LabelFormatError, match=r"01\.png cannot be read"):
        source.read("image", [1])
    (synhead / "BIWI/f01/00/00.png").write_bytes(b"\x89PNG")
    with pytest.raises(LabelFormatError, match=r"00\.png cannot be read"):
        NvidiaSynhead(synhead)
