"""Figures of labels, against counts made the plain way, and against published figures of Biwi+."""

import json

import numpy as np
import pytest

from synhead_tools.errors import ConventionError
from synhead_tools.formats import label_statistics as module
from synhead_tools.formats.datasets.biwi_plus import BiwiPlusLabels
from synhead_tools.formats.label_statistics import label_statistics
from synhead_tools.geometry.conventions import EulerConvention
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.pose_laws import uniform_rotations


class Source:
    def __init__(self, **columns):
        self._columns = columns
        self.columns = tuple(columns)

    def __len__(self):
        return len(next(iter(self._columns.values())))

    def read(self, name, rows=None):
        return self._columns[name] if rows is None else self._columns[name][rows]

    def describe(self):
        return {}


def _bins(values, edges):
    counts, edges = np.histogram(values, edges)
    used = np.flatnonzero(counts)
    return [[edges[k], edges[k + 1], counts[k]] for k in range(used[0], used[-1] + 1)]


@pytest.mark.parametrize("block_rows", [1, 13, 10_000])
def test_figures_of_angles_and_rotations(block_rows):
    rng = np.random.default_rng(0)
    angles = np.stack([rng.uniform(-170, 170, 200), rng.uniform(-89, 89, 200), rng.uniform(-30, 30, 200)], axis=1)
    rotmat = rotmat_from_euler(angles, "biwi+")
    told = label_statistics(Source(rotmat=rotmat), block_rows=block_rows)
    assert told["angles_convention"] == "biwi+"
    for column, name in enumerate(("pitch", "yaw", "roll")):
        summary = told["angles_deg"][name]
        assert summary["min"] == pytest.approx(angles[:, column].min())
        assert summary["mean"] == pytest.approx(angles[:, column].mean())
        assert np.allclose(summary["histogram"], _bins(angles[:, column], np.arange(-180, 181, 15)))
    frontal = geodesic_distance_deg(rotmat, np.eye(3))
    assert np.allclose(told["from_frontal_deg"]["histogram"], _bins(frontal, np.arange(0, 181, 15)))
    near = told["gimbal_lock"]
    assert near["angle"] == "yaw"
    assert near["rows_within_deg"] == {f"{k}": int((np.abs(angles[:, 1]) >= 90 - k).sum()) for k in (1, 5)}
    assert near["rows_within_deg"]["5"] > 0


def test_units_and_order_of_a_convention_do_not_matter():
    source = Source(rotmat=uniform_rotations(50, np.random.default_rng(0)))
    degrees, radians = (label_statistics(source, name)["angles_deg"] for name in ("hopenet", "300w-lp"))
    for name in ("pitch", "yaw", "roll"):
        assert degrees[name]["max"] == pytest.approx(radians[name]["max"])


@pytest.mark.parametrize(("convention", "beta"), [("ZXZ:+++", 2.0), ("ZXZ:+-+", -178.0), ("zyz:+++", 178.0)])
def test_gimbal_lock_of_sequences_with_equal_outer_axes(convention, beta):
    rotmat = rotmat_from_euler([[10.0, beta, 20.0], [10.0, beta / abs(beta) * 90, 20.0]], convention)
    told = label_statistics(Source(rotmat=rotmat), convention)["gimbal_lock"]
    assert told == {"angle": "beta", "rows_within_deg": {"1": 0, "5": 1}}


def test_coverage():
    everywhere = label_statistics(Source(rotmat=uniform_rotations(20_000, np.random.default_rng(0))))
    cells = everywhere["view_directions"]
    assert cells["cells"] == cells["of"] > cells["front_cells"] == cells["front_of"]
    rolls = np.stack([np.zeros(20), np.zeros(20), np.linspace(-90, 90, 20)], axis=1)
    one = label_statistics(Source(rotmat=rotmat_from_euler(rolls + (0, 1, 0), "biwi+")))["view_directions"]
    assert (one["cells"], one["front_cells"]) == (1, 1)


def test_what_is_no_rotation_is_left_out_and_counted():
    rotmat = uniform_rotations(5, np.random.default_rng(0))
    rotmat[1], rotmat[2], rotmat[4] = np.nan, 3 * np.eye(3), np.diag([1, 1, -1])
    told = label_statistics(Source(rotmat=rotmat))
    assert told["rows_without_rotation"] == 3
    assert told["angles_deg"]["yaw"]["count"] == 2
    nothing = label_statistics(Source(rotmat=np.full((3, 3, 3), np.nan)))
    assert nothing["angles_deg"]["yaw"] == {"count": 0}
    json.dumps(nothing, allow_nan=False)


def test_boxes_and_counts(monkeypatch):
    boxes = np.array([[0, 0, 30, 10], [0, 0, 10, 130], [np.nan] * 4, [9, 9, 0, 0]], "f4")
    names, tracks = np.array([b"f01", b"m01", b"f01", b""], "S16"), np.array([3, -1, 3, 3], "i4")
    source = Source(face_box_xyxy=boxes, head_id=names, track_id=tracks)
    told = label_statistics(source, block_rows=2)
    assert told["boxes_px"]["face_box_xyxy"]["histogram"][0] == [24.0, 32.0, 1]
    assert told["boxes_px"]["face_box_xyxy"]["count"] == 2
    assert told["counts"] == {"head_id": {"": 1, "f01": 2, "m01": 1}, "track_id": {"-1": 1, "3": 3}}
    assert "angles_deg" not in told
    monkeypatch.setattr(module, "VALUES_LIMIT", 2)
    assert label_statistics(source, block_rows=2)["counts"] == {"head_id": None, "track_id": {"-1": 1, "3": 3}}


def test_a_convention_without_angles_is_refused():
    with pytest.raises(ConventionError, match="no angles"):
        label_statistics(Source(rotmat=np.eye(3)[None]), EulerConvention("m", "", frame="opengl"))


@pytest.mark.real
def test_published_figures_of_biwi_plus(real_data):
    told = label_statistics(BiwiPlusLabels(real_data / "biwi_plus" / "Biwi_plus.npz"))
    figures = {
        key: [round(told["angles_deg"][name][key], 2) for name in ("pitch", "yaw", "roll")]
        for key in ("min", "mean", "max", "sd")
    }
    assert figures["min"] == [-85.80, -77.44, -64.91]
    assert figures["max"] == [52.69, 66.42, 69.90]
    assert np.allclose(figures["mean"], [-12.206, -8.351, 1.748], atol=0.006)
    assert np.allclose(figures["sd"], [24.599, 30.391, 11.966], atol=0.006)
    box = told["boxes_px"]["face_box_xyxy"]
    assert (box["min"], box["max"], round(box["mean"], 1)) == (93, 190, 142.2)
    assert list(told["counts"]["sequence"].values())[:5] == [499, 511, 730, 744, 946]
    assert told["gimbal_lock"]["rows_within_deg"]["5"] == 0
