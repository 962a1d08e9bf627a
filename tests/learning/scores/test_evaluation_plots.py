import io

import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import OutputExistsError
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.learning.scores.comparison import Comparison, compare
from synhead_tools.learning.scores.evaluation_plots import plots_folder, write_plots
from synhead_tools.learning.scores.worst_frames import PREDICTED, worst_rows, write_worst_frames
from tests.learning.conftest import ToySource
from tests.learning.scores.test_comparison import Fixed

NAMES = {"cumulative_error.png", "error_by_yaw.png", "error_by_pitch.png"}
_FILE_NAMES = ("a_b_x", "a_b_x-2")


@pytest.fixture(scope="module")
def comparison(toy_target):
    """Two whose names become the same; the first one's error grows from row to row."""
    true = toy_target.read("rotmat")
    error = rotmat_from_euler(np.arange(len(true))[:, None] * np.array([0, 1, 0]), "biwi+")
    return compare({"a/b $x": Fixed(true @ error), "a b_x": Fixed(true)}, toy_target)


@pytest.fixture(scope="module")
def one(comparison):
    return Comparison({"a": comparison.reports["a b_x"]})


def _write(comparison, source, out, overwrite=False):
    with plots_folder(out, overwrite, source) as folder:
        write_plots(comparison, source, folder)
    return {path.name: path.read_bytes() for path in out.iterdir()}


def test_plots_of_every_model_are_written_whole_and_the_same_each_time(comparison, toy_target, tmp_path):
    files = _write(comparison, toy_target, tmp_path / "plots")
    assert set(files) == NAMES | {f"{kind}-{name}.png" for kind in ("scatter", "worst") for name in _FILE_NAMES}
    for data in files.values():
        picture = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 5
    assert _write(comparison, toy_target, tmp_path / "again") == files


def test_only_plots_are_replaced_and_only_when_asked(one, toy_target, tmp_path):
    out = tmp_path / "plots"
    _write(one, toy_target, out)
    with pytest.raises(OutputExistsError, match="--overwrite"):
        _write(one, toy_target, out)
    _write(one, toy_target, out, overwrite=True)
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(OutputExistsError, match=r"thesis.txt, which is no plot"):
        _write(one, toy_target, out, overwrite=True)
    assert (out / "thesis.txt").read_text() == "mine"


def test_nothing_is_left_when_a_plot_fails(comparison, toy_target, tmp_path):
    broken = ToySource({name: toy_target.read(name) for name in toy_target.columns if name != "face_box_xyxy"})
    with pytest.raises(KeyError):
        _write(comparison, broken, tmp_path / "plots")
    assert list(tmp_path.iterdir()) == []


def test_the_worst_rows_are_apart(comparison):
    report = comparison.reports["a/b $x"]  # its error grows from row to row
    np.testing.assert_array_equal(worst_rows(report, 4, apart=5), [47, 41, 35, 29])
    np.testing.assert_array_equal(worst_rows(report, 3, apart=0), [47, 46, 45])
    assert len(worst_rows(report, 99, apart=5)) == 8


def test_axes_point_where_the_head_looks(toy_target):
    # a head that looks along the optical axis of the crop shows no forward axis; turned to the right it points there
    true = toy_target.read("rotmat")
    said = np.broadcast_to(rotmat_from_euler([0.0, 60.0, 0.0], "biwi+"), true.shape)
    looks_right = -said[0][0, 2] > 0  # the face looks along -z of the head
    report = compare({"a": Fixed(said)}, toy_target).reports["a"]
    buffer = io.BytesIO()
    write_worst_frames(report, toy_target, buffer, "a")
    tile = np.asarray(Image.open(buffer))[24:224, :200].astype(int)
    blue = np.abs(tile - PREDICTED[2]).sum(-1) < 90
    columns = np.flatnonzero(blue.any(axis=0))
    assert len(columns) > 20
    assert (columns.mean() > 100) == looks_right
