"""SynBiwi+ from a small rendered set: what is written, and that kills, workers and resuming change no byte."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest

from synhead_tools.errors import LabelFormatError, ManifestError, OutputExistsError
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.open import open_any
from synhead_tools.formats.sample import LIGHT_COLUMNS, PICTURE_COLUMNS
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.matching.build import build_matched
from synhead_tools.matching.in_plane import turn_about_optical_axis
from synhead_tools.matching.settings import MatchSettings
from synhead_tools.matching.target import read_target

RUN = (
    "import sys; from synhead_tools.matching.build import build_matched\n"
    "from synhead_tools.formats.open import open_any\n"
    "build_matched(sys.argv[1], open_any(sys.argv[2]), sys.argv[3], resume=True, rows_per_shard=4,\n"
    "              workers=int(sys.argv[4]), progress=lambda *numbers: print(*numbers, flush=True))"
)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def drawn_rows(folder):
    """Rows of the source that became samples."""
    table = pq.read_table(folder / "matches.parquet")
    return table.column("source_row").to_numpy()[table.column("drawn").to_numpy(zero_copy_only=False)]


@pytest.fixture(scope="module")
def whole(small, target_npz):
    """The run that nobody interrupts."""
    out = small / "whole"
    build_matched(small / "synhead+", open_any(target_npz), out, rows_per_shard=4)
    return out


def test_every_column_is_turned_or_carried_or_left_out_for_a_reason(plus, target_npz, whole):
    with open_dataset(whole / "synbiwi+") as turned:
        gone = set(plus.columns) - set(turned.columns)
        assert gone <= {*LIGHT_COLUMNS, "tight_face_box_xyxy"}
        assert set(turned.columns) - set(plus.columns) == {"target_id", "in_plane_deg", "residual_deg"}
        rows = drawn_rows(whole)
        angle = turned.read("in_plane_deg")
        assert np.allclose(turned.read("rotmat"), turn_about_optical_axis(angle) @ plus.read("rotmat", rows))
        for name in ("expression_coefficients", "head_id", "seed", "intrinsics", "visible_fraction", "frame_id"):
            assert (turned.read(name) == plus.read(name, rows)).all(), name
        truth = open_any(target_npz)
        row_of = {name: row for row, name in enumerate(truth.read("target_id").tolist())}
        wanted = truth.read("rotmat")[[row_of[name] for name in turned.read("target_id").tolist()]]
        assert np.allclose(geodesic_distance_deg(turned.read("rotmat"), wanted), turned.read("residual_deg"), atol=1e-6)
        stray = [((each.read("depth_m") > 0) != (each.read("region") > 0)).mean() for each in (plus, turned)]
        assert stray[1] <= stray[0] + 0.002, "turned alike"
        assert turned.manifest.target_labels_used
        assert turned.manifest.target_poses == "BIWI: ground truth"


def test_a_killed_run_is_resumed_by_others_and_ends_with_the_same_bytes(small, target_npz, whole, tmp_path):
    """A real kill -9 while two processes turn; then resumed by one, and by two."""
    command = [sys.executable, "-c", RUN, small / "synhead+", target_npz, tmp_path / "out", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        for line in process.stdout:
            if int(line.split()[0]) >= 8:
                os.killpg(process.pid, signal.SIGKILL)
                break
    assert not (tmp_path / "out" / "synbiwi+" / "dataset.json").exists()
    assert 2 <= len(list((tmp_path / "out" / "synbiwi+" / "shards").glob("0*.h5"))) < 10
    told = []
    build_matched(
        small / "synhead+", open_any(target_npz), tmp_path / "out", resume=True, rows_per_shard=4,
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert told[0][0] >= 8, "finished shards were kept"
    assert told[-1] == (40, 40)
    same_place = small / "again"  # the union's paths depend on where it lies
    (tmp_path / "out").rename(same_place)
    build_matched(small / "synhead+", open_any(target_npz), same_place, resume=True, rows_per_shard=4, workers=2)
    assert contents(same_place) == contents(whole)


def test_another_match_is_not_mixed_in(small, target_npz, whole):
    before = contents(whole)
    with pytest.raises(ManifestError, match="another plan"):
        build_matched(
            small / "synhead+", open_any(target_npz), whole, MatchSettings(mode="so3"), resume=True, rows_per_shard=4
        )
    assert contents(whole) == before
    with pytest.raises(OutputExistsError, match="--resume or --overwrite"):
        build_matched(small / "synhead+", open_any(target_npz), whole)


def test_so3_turns_nothing_and_keeps_all_columns(plus, target_npz, tmp_path):
    build_matched(plus, open_any(target_npz), tmp_path / "out", MatchSettings(mode="so3", nearest=2))
    with open_dataset(tmp_path / "out" / "synbiwi+") as found:
        rows = drawn_rows(tmp_path / "out")
        assert len(found) == 2 * 2 * 20
        assert set(plus.columns) <= set(found.columns)
        for name in ("image", "rotmat", "tight_face_box_xyxy"):
            assert (found.read(name) == plus.read(name, rows)).all()
        assert not found.read("in_plane_deg").any()


def test_options_reach_the_matches(plus, target_npz, tmp_path):
    settings = MatchSettings(per_head=False, max_uses=2, max_residual_deg=15.0, max_targets=7)
    report = build_matched(plus, open_any(target_npz), tmp_path / "out", settings)
    table = pq.read_table(tmp_path / "out" / "matches.parquet").to_pydict()
    assert np.unique(table["source_row"], return_counts=True)[1].max() <= 2
    assert max(table["residual_deg"]) <= 15
    assert len(set(table["target_id"])) == len(table["target_id"]) == report["matches"]
    assert 0 < report["synbiwi+_frames"] == sum(table["drawn"]) <= 7
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == json.loads(json.dumps(report))
    assert (tmp_path / "out" / "report.png").stat().st_size > 10_000


def test_labels_alone_are_the_labels_of_the_pictures(plus, target_npz, whole, tmp_path):
    build_matched(plus, open_any(target_npz), tmp_path / "out", MatchSettings(labels_only=True))
    with open_dataset(tmp_path / "out" / "synbiwi+") as labels, open_dataset(whole / "synbiwi+") as turned:
        assert not set(labels.columns) & set(PICTURE_COLUMNS)
        assert set(turned.columns) - set(labels.columns) == {*PICTURE_COLUMNS, "head_box_xyxy"} - {"instance"}
        for name in labels.columns:
            assert (labels.read(name) == turned.read(name)).all(), name
    assert not (tmp_path / "out" / "synhead++").exists()


def test_a_label_file_is_a_source_of_labels(target_npz, tmp_path):
    (tmp_path / "poses.csv").write_text("image,pitch,yaw,roll\n" + "".join(f"{k},{k},{-k},0\n" for k in range(30)))
    source = open_any(tmp_path / "poses.csv", convention="biwi+")
    report = build_matched(source, open_any(target_npz), tmp_path / "out")
    with open_dataset(tmp_path / "out" / "synbiwi+") as found:
        assert len(found) == 20
        assert report["empty_corners"]["frames"] is None
        rows = drawn_rows(tmp_path / "out")
        turn = turn_about_optical_axis(found.read("in_plane_deg"))
        assert np.allclose(found.read("rotmat"), turn @ source.read("rotmat")[rows])


def test_predictions_stand_for_labels_and_say_so(plus, target_npz, tmp_path):
    target = open_any(target_npz)
    names = [name.decode() for name in target.read("target_id")]
    lines = [f"{name},{k},{2 * k},0" for k, name in enumerate(names)][::-1][:15]  # in another order, five missing
    (tmp_path / "predictions.csv").write_text("image,pitch,yaw,roll\n" + "\n".join(lines) + "\n")
    predictions = open_any(tmp_path / "predictions.csv", convention="biwi+")
    poses = read_target(target, predictions=predictions, predictions_name="predictions.csv")
    report = build_matched(plus, poses, tmp_path / "out")
    assert report["targets_without_prediction"] == names[:5]
    assert report["target_labels_used"] is False
    with open_dataset(tmp_path / "out" / "synbiwi+") as found, open_dataset(tmp_path / "out" / "synhead++") as union:
        for dataset in (found, union):
            assert dataset.manifest.target_labels_used is False
            assert dataset.manifest.target_poses == "predicted: predictions.csv"
        row_of = {row.split(",")[0]: row for row in lines}
        wanted = read_target(predictions).rotmat
        place = [list(row_of).index(name.decode()) for name in found.read("target_id")]
        assert np.allclose(
            geodesic_distance_deg(found.read("rotmat"), wanted[place]), found.read("residual_deg"), atol=1e-6
        )


def test_a_prediction_of_no_frame_is_refused(target_npz, tmp_path):
    (tmp_path / "predictions.csv").write_text("image,pitch,yaw,roll\n99/frame_00001_rgb.png,0,0,0\n")
    predictions = open_any(tmp_path / "predictions.csv", convention="biwi+")
    with pytest.raises(LabelFormatError, match="99/frame_00001"):
        read_target(open_any(target_npz), predictions=predictions, predictions_name="predictions.csv")


def test_sequences_are_taken_alone(target_npz):
    target = read_target(open_any(target_npz), sequences="2")
    assert {name[:2] for name in target.target_id.tolist()} == {b"02"}
    assert len(target) == 10
    with pytest.raises(LabelFormatError, match="no sequence 7"):
        read_target(open_any(target_npz), sequences="7")


def test_the_ray_frame_brings_crops_nearer_than_the_camera_frame(plus, target_npz, tmp_path):
    """Residuals are those of the frame that was asked for; labels stay those of the camera frame."""
    target = open_any(target_npz)
    rays = read_target(target, "ray")
    assert geodesic_distance_deg(rays.rotmat, rays.rotmat_camera).min() > 0.5
    build_matched(plus, rays, tmp_path / "out", MatchSettings(frame="ray"))
    with open_dataset(tmp_path / "out" / "synbiwi+") as found:
        from synhead_tools.matching.pose_frames import read_rotations

        shown = read_rotations(found, "ray")
        row_of = {name: row for row, name in enumerate(target.read("target_id").tolist())}
        wanted = rays.rotmat[[row_of[name] for name in found.read("target_id").tolist()]]
        assert np.allclose(geodesic_distance_deg(shown, wanted), found.read("residual_deg"), atol=1e-4)


def test_labels_that_were_used_before_stay_used(small, whole, target_npz, tmp_path):
    """A source that knows target labels hands that on, whatever it is matched to."""
    target = open_any(target_npz)
    (tmp_path / "predictions.csv").write_text("pitch,yaw,roll\n" + "1,2,3\n" * 20)
    poses = read_target(target, predictions=open_any(tmp_path / "predictions.csv", convention="biwi+"))
    build_matched(whole / "synhead++", poses, tmp_path / "out")
    with open_dataset(tmp_path / "out" / "synhead++") as found:
        assert found.manifest.target_labels_used
        assert found.manifest.target_poses == "BIWI: ground truth; predicted: predictions"


class Foreign:
    """Pictures of a foreign dataset: no camera, no alpha, no landmarks."""

    columns = ("image", "rotmat", "head_id")

    def __init__(self, own):
        self._table = {name: own.read(name) for name in self.columns}

    def __len__(self):
        return len(self._table["rotmat"])

    def read(self, name, rows=None):
        return self._table[name] if rows is None else self._table[name][rows]

    def describe(self):
        return {"dataset": "foreign", "convention": "hopenet", "target_labels_used": False}


def test_a_foreign_source_is_turned_about_the_middle_of_its_pictures(plus, target_npz, whole, tmp_path):
    report = build_matched(Foreign(plus), open_any(target_npz), tmp_path / "out")
    assert "synhead++_frames" not in report
    with open_dataset(tmp_path / "out" / "synbiwi+") as found, open_dataset(whole / "synbiwi+") as ours:
        assert found.manifest.convention == "hopenet"
        assert found.manifest.image == {"width": 32, "height": 32}
        assert np.allclose(found.read("rotmat"), ours.read("rotmat"))
        # ours are cut to their alpha, which the foreign ones have not
        assert (np.minimum(found.read("image"), ours.read("alpha")[..., None]) == ours.read("image")).all()
        assert found.verify() == 1
