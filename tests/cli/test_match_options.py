"""The options of match-biwi, from the command line to the manifest."""

import json

import pytest

from synhead_tools.formats.dataset import open_dataset


def test_predictions_from_a_file(run, chain, tmp_path):
    frames = len(open_dataset(chain / "synhead"))
    (tmp_path / "predicted.csv").write_text("pitch,yaw,roll\n" + "5,10,20\n" * frames)
    result = run(
        "match-biwi", chain / "synhead+", chain / "synhead", tmp_path / "out", "--target-poses",
        tmp_path / "predicted.csv", "--labels-convention", "biwi+", "--all-heads", "--nearest", 2, "-q",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "target labels: not used (predicted: predicted.csv)" in result.output
    with open_dataset(tmp_path / "out" / "synhead++") as union:
        assert union.manifest.target_labels_used is False
        assert union.describe()["target_poses"] == "predicted: predicted.csv"
        assert union.manifest.parents[1]["target_poses"] == "predicted: predicted.csv"


def test_labels_alone_in_the_ray_frame(run, chain, tmp_path):
    result = run(
        "match-biwi", chain / "synhead+", chain / "synhead", tmp_path / "out", "--labels-only", "--frame", "ray",
        "--json", "-q", "--workers", 2,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["settings"]["frame"] == "ray"
    assert report["synbiwi+_frames"] == report["matches"]
    with open_dataset(tmp_path / "out" / "synbiwi+") as labels:
        assert "image" not in labels.columns
        assert labels.describe()["target_labels_used"] is True


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--max-residual-deg", 0), "no match is within 0.0 degrees"),
        (("--sequences", "9"), "no sequence 9"),
        (("--crop-to-box", 5), "would show an empty corner"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(run, chain, tmp_path, options, complaint):
    (tmp_path / "target.csv").write_text("pitch,yaw,roll\n3,4,5\n")
    target = chain / "synhead" if options[0] == "--sequences" else tmp_path / "target.csv"
    given = () if options[0] == "--sequences" else ("--labels-convention", "biwi+")
    result = run("match-biwi", chain / "synhead+", target, tmp_path / "out", *options, *given, "-q")
    assert result.exit_code == 1
    assert complaint in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_csv_is_a_source_of_labels(run, chain, track_csv, tmp_path):
    result = run(
        "match-biwi", track_csv, chain / "synhead", tmp_path / "out", "--source-convention", "biwi+", "--json", "-q"
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["settings"]["labels_only"] is True
    with open_dataset(tmp_path / "out" / "synbiwi+") as labels:
        assert len(labels) == len(open_dataset(chain / "synhead"))
