"""Mode exact: what no turned picture can be."""

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.geometry.distance import geodesic_distance_deg


@pytest.fixture(scope="module")
def exact(run, chain):
    arguments = ("match-biwi", chain / "synhead+", chain / "synhead", chain / "exact", "--mode", "exact")
    result = run(*arguments, "--max-targets", 3, "-q")
    assert result.exit_code == 0, result.output
    assert run(*arguments, "--max-targets", 3, "-q", "--resume").exit_code == 0
    return chain / "exact"


def test_every_head_is_rendered_at_the_targets_own_rotation(exact, chain):
    target = open_dataset(chain / "synhead")
    with open_dataset(exact / "synbiwi+") as found, open_dataset(chain / "synhead+") as plus:
        assert found.manifest.kind == "SynBiwi+"
        assert len(found) == 3 * 2
        assert set(found.read("head_id").tolist()) == set(plus.read("head_id").tolist())
        rows = np.array([int(name) for name in found.read("target_id")])
        assert geodesic_distance_deg(found.read("rotmat"), target.read("rotmat")[rows]).max() < 1e-6
        assert not found.read("residual_deg").any()
        assert not found.read("in_plane_deg").any()
        assert (found.read("intrinsics") == plus.read("intrinsics")[0]).all()
        assert found.manifest.convention == plus.manifest.convention == "biwi+"
        assert found.read("image").any(axis=(1, 2, 3)).all()
        assert found.manifest.target_labels_used
        assert found.verify() == len(found.manifest.shards)


def test_a_frame_of_the_source_is_rendered_again_byte_for_byte(exact, chain):
    """Heads, camera and looks are the source's: its own poses give its own pictures."""
    with open_dataset(exact / "synbiwi+") as found, open_dataset(chain / "synhead") as source:
        for row, name in enumerate(found.read("target_id").tolist()):
            pose = source.read("rotmat", [int(name)])[0]
            same = np.abs(source.read("rotmat") - pose).max(axis=(1, 2)) < 1e-12
            same &= source.read("head_id") == found.read("head_id")[row]
            assert (source.read("image", np.flatnonzero(same)[:1]) == found.read("image", [row])).all()


def test_the_union_and_the_report_know_it(exact, chain):
    import json

    with open_dataset(exact / "synhead++") as union, open_dataset(chain / "synhead+") as plus:
        assert len(union) == len(plus) + 6
        assert union.manifest.target_labels_used
    report = json.loads((exact / "report.json").read_text())
    assert report["residual_deg"]["100"] == 0
    assert report["mode"] == "exact"


@pytest.mark.parametrize("option", [("--nearest", 2), ("--all-heads",), ("--labels-only",), ("--frame", "ray")])
def test_options_that_mean_nothing_there_are_refused(run, chain, tmp_path, option):
    out = tmp_path / "out"
    result = run("match-biwi", chain / "synhead+", chain / "synhead", out, "--mode", "exact", *option)
    assert result.exit_code == 2
    assert "--mode exact" in result.output
    assert not out.exists()


def test_a_source_that_was_not_rendered_is_refused(run, chain, track_csv, tmp_path):
    result = run("match-biwi", track_csv, chain / "synhead", tmp_path / "out", "--mode", "exact")
    assert result.exit_code == 1
    assert "is no dataset of ours" in result.output


def test_predicted_rotations_can_be_rendered_too(run, chain, tmp_path):
    frames = len(open_dataset(chain / "synhead"))
    (tmp_path / "predicted.csv").write_text("pitch,yaw,roll\n" + "5,10,20\n" * frames)
    result = run(
        "match-biwi", chain / "synhead+", chain / "synhead", tmp_path / "out", "--mode", "exact", "--max-targets", 1,
        "--target-poses", tmp_path / "predicted.csv", "--labels-convention", "biwi+", "-q",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    with open_dataset(tmp_path / "out" / "synbiwi+") as found:
        assert np.allclose(found.read("euler_deg"), [5, 10, 20])
        assert found.manifest.target_labels_used is False
        assert found.manifest.target_poses == "predicted: predicted.csv"
