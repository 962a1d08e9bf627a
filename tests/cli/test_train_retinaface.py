import json

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.io import savemat

from synhead_tools.cli import detector_scores
from synhead_tools.cli.main import synhead
from synhead_tools.learning.checkpoint import RECORD_NAME
from synhead_tools.learning.detection.checkpoint import FORMAT, load_detector_checkpoint

LITTLE = {
    "network": {"backbone_width": 2, "channels": 8, "finest_stride": 16, "mesh_rank": 2},
    "training": {"input_px": 32, "batch_size": 2, "precision": "float32", "log_every": 1},
}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    out = tmp_path_factory.mktemp("scenes") / "scenes"
    made = CliRunner().invoke(
        synhead, ["render", str(out), "--scenes", "3", "--size", "64", "--faces", "1:2", "--face-px", "20:40",
                  "--heads", "f01", "--detail", "0", "-q"]
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    return out


def run(*arguments):
    return CliRunner().invoke(synhead, ["train-retinaface", *map(str, arguments), "--device", "cpu"])


def test_from_rendered_scenes_to_a_detector(scenes, tmp_path):
    settings = tmp_path / "little.json"
    settings.write_text(json.dumps(LITTLE))
    out = tmp_path / "model"
    made = run(scenes, out, "--settings", settings, "--steps", 3, "--no-cascade", "--json")
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["steps"] == 3
    assert made.stderr.count("step ") == 3
    record = load_detector_checkpoint(out).record
    assert (record.network.cascade, record.network.channels, record.training["batch_size"]) == (False, 8, 2)
    assert record.data["dataset"] == "SynHeadScenes"
    log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert {"class", "box", "points", "mesh", "edges", "total"} <= set(log[0])
    refused = run(scenes, out, "--settings", settings, "--steps", 3)
    assert refused.exit_code == 1
    assert "--overwrite" in refused.output
    found = CliRunner().invoke(synhead, ["detect", str(scenes / "preview.png"), "--model", str(out), "--json", "-q"])
    assert found.exit_code == 0, found.output
    scored = CliRunner().invoke(synhead, ["evaluate", str(out), str(scenes), "--json"])
    assert scored.exit_code == 0, scored.output
    report = json.loads(scored.stdout)
    assert report["protocol"]["pictures"] == 3
    assert {"ap50", "map", "points5_nme", "landmarks68_nme", "pose_geodesic_deg"} <= set(report["scores"])


def test_detectors_are_scored_on_annotated_pictures(scenes, tmp_path):
    out = tmp_path / "model"
    settings = tmp_path / "little.json"
    settings.write_text(json.dumps(LITTLE))
    assert run(scenes, out, "--settings", settings, "--steps", 1, "--no-mesh", "-q").exit_code == 0
    labels = tmp_path / "wider.txt"
    labels.write_text("preview.png\n2\n5 6 30 30 0 0 0 0 0 0\n90 6 30 30 0 0 0 1 0 0\n")
    scored = CliRunner().invoke(synhead, ["evaluate", str(out), str(scenes), "--labels", str(labels)])
    assert scored.exit_code == 0, scored.output
    assert "faces 1, ignored_faces 1" in scored.output
    assert "ap50" in scored.output
    labels.write_text("scenes/preview.png\n2\n5 6 30 30 0 0 0 0 0 0\n90 6 30 30 0 0 0 0 0 0\n")
    lists = {"event_list": _cells("scenes"), "file_list": _cells(_cells("preview")),
             "face_bbx_list": _cells(_cells(np.array([[5.0, 6, 30, 30], [90, 6, 30, 30]]))),
             "gt_list": _cells(_cells(np.array([[2.0]])))}  # fmt: skip
    savemat(tmp_path / "wider_easy_val.mat", lists)
    subset = ["--subset", str(tmp_path / "wider_easy_val.mat")]
    scored = CliRunner().invoke(synhead, ["evaluate", str(out), str(scenes.parent), "--labels", str(labels), *subset])
    assert scored.exit_code == 0, scored.output
    assert "faces 2" in scored.output
    assert "ap50 by subset: wider_easy_val" in scored.output
    unlabelled = CliRunner().invoke(synhead, ["evaluate", str(out), str(scenes), *subset])
    assert unlabelled.exit_code == 1
    assert "needs --labels wider_face_val_bbx_gt.txt" in unlabelled.output
    mixed = CliRunner().invoke(synhead, ["evaluate", str(out), "small", str(scenes)])
    assert mixed.exit_code == 1
    assert "one kind at a time" in mixed.output


def _cells(value):
    one = np.empty((1, 1), object)
    one[0, 0] = value
    return one


def test_the_command_knows_detectors_as_the_library_writes_them():
    assert (detector_scores._RECORD_NAME, detector_scores._FORMAT) == (RECORD_NAME, FORMAT)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not JSON"),
        ("[]", "holds something else"),
        ('{"net": {}}', "unknown table 'net'"),
        ('{"network": {"chanels": 8}}', "did you mean 'channels'"),
        ('{"training": {"steps": 0}}', "steps = 0 must be between"),
        ('{"losses": {"positive_iou": 0.1}}', "must not exceed"),
    ],
)
def test_wrong_settings_are_named(scenes, tmp_path, text, complaint):
    settings = tmp_path / "wrong.json"
    settings.write_text(text)
    found = run(scenes, tmp_path / "out", "--settings", settings)
    assert found.exit_code == 1
    assert complaint in found.output
    assert not (tmp_path / "out").exists()


def test_a_dataset_of_single_heads_is_refused(tmp_path):
    out = tmp_path / "heads"
    arguments = ["render", str(out), "--uniform", "1", "--size", "32", "--heads", "f01", "--detail", "0", "-q"]
    made = CliRunner().invoke(synhead, arguments)
    assert made.exit_code == 0, made.output
    found = run(out, tmp_path / "model", "--steps", 1)
    assert found.exit_code == 1
    assert "synhead render --scenes" in found.output
