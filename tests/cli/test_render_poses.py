"""Which rotations `synhead render` draws, to the labels on the disk."""

import json

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.open import open_any
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.pose_laws import euler_grid, uniform_rotations
from synhead_tools.geometry.pose_laws.streams import pose_rng

SMALL = ("--size", 32, "-q")
ALL_AROUND = ("--pitch", "-90,0,90", "--yaw", "-180,-90,90,180", "--roll", "0,180")


@pytest.fixture(scope="module")
def rendered(run, track_csv, tmp_path_factory):
    """A grid at gimbal lock and half turns, a track and uniform rotations, of two heads, in both layouts."""
    out = tmp_path_factory.mktemp("poses") / "synhead"
    what = (*ALL_AROUND, "--track", track_csv, "--uniform", 6, "--seed", 9, "--heads", "f01,m02")
    result = run("render", out, *what, *SMALL, "--layout", "nvidia", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["nvidia"] == f"{out}-nvidia"
    return out


def test_the_labels_are_the_very_rotations_at_lock_and_half_turns_and_behind(rendered):
    with open_dataset(rendered) as dataset:
        rotmat, euler_deg = dataset.read("rotmat").reshape(2, -1, 3, 3), dataset.read("euler_deg").reshape(2, -1, 3)
        grid = euler_grid([-90, 0, 90], [-180, -90, 90, 180], [0, 180], "synhead")
        assert rotmat.shape[1] == len(grid) + 3 + 6  # combinations that make one rotation are kept
        for head in range(2):
            assert np.array_equal(rotmat[head, : len(grid)], grid)
            assert np.array_equal(rotmat[head, -6:], uniform_rotations(6, pose_rng(9, "uniform")))
            assert geodesic_distance_deg(rotmat_from_euler(euler_deg[head], "synhead"), rotmat[head]).max() < 1e-6
        sources = dataset.manifest.config["poses_from"]["sources"]
        assert [source["kind"] for source in sources] == ["grid", "track", "law"]
        assert not dataset.manifest.target_labels_used


def test_nvidias_layout_reads_back_as_the_same_frames(rendered):
    ours, theirs = open_any(rendered), open_any(f"{rendered}-nvidia")
    assert type(theirs).__name__ == "NvidiaSynhead"
    columns = {}
    for name in ("head_id", "rotmat", "image"):
        # frames of no track come first, as track 01: the track has number 0
        grid = ours.read("track_id") == -1
        columns[name] = ours.read(name), theirs.read(name)
    order = np.lexsort((grid, columns["head_id"][0]))
    assert np.array_equal(columns["head_id"][0][order], columns["head_id"][1])
    assert geodesic_distance_deg(columns["rotmat"][0][order], columns["rotmat"][1]).max() < 1e-4
    assert np.array_equal(columns["image"][0][order], columns["image"][1])
    ours.close()


def test_a_finished_run_writes_the_layout_again_only_when_asked(run, rendered, track_csv):
    what = (*ALL_AROUND, "--track", track_csv, "--uniform", 6, "--seed", 9, "--heads", "f01,m02", *SMALL)
    before = {path: path.read_bytes() for path in rendered.parent.rglob("*.csv")}
    result = run("render", rendered.with_name("other"), *what, "--layout", "nvidia", "--dry-run")
    assert result.exit_code == 0
    (rendered.with_name("third-nvidia")).mkdir()
    (rendered.with_name("third-nvidia") / "x").touch()
    result = run("render", rendered.with_name("third"), *what, "--layout", "nvidia")
    assert result.exit_code == 1
    assert "third-nvidia is already there" in result.output
    assert not rendered.with_name("third").exists()
    result = run("render", rendered, *what, "--layout", "nvidia", "--resume")
    assert result.exit_code == 0, result.output
    assert {path: path.read_bytes() for path in rendered.parent.rglob("*.csv")} == before


def test_target_labels_are_recorded(run, tmp_path):
    np.savez(
        tmp_path / "Biwi_plus.npz",
        images=np.array(["07/frame_00003_rgb.png", "08/frame_00004_rgb.png"]),
        pyr=np.array([[10.0, 20, 30], [-5, 0, 0]]),
        bbox=np.array([[1, 2, 30, 30]] * 2),
    )
    one = ("--poses-from", tmp_path / "Biwi_plus.npz", "--sequences", 7, "--heads", "f01", *SMALL)
    result = run("render", tmp_path / "out", *one)
    assert result.exit_code == 0, result.output
    with open_dataset(tmp_path / "out") as dataset:
        assert dataset.manifest.target_labels_used
        assert dataset.manifest.target_poses == "BIWI: ground truth"
        assert dataset.describe()["target_labels_used"]
        assert dataset.read("track_id").tolist() == [7]
        assert dataset.read("frame_id").tolist() == [3]
        assert np.array_equal(dataset.read("rotmat")[0], rotmat_from_euler([10.0, 20, 30], "biwi+"))


@pytest.mark.parametrize(
    ("options", "status", "word"),
    [
        (("--uniform", 0), 1, "no poses"),
        (("--biwi-like", -1), 1, "no poses"),
        (("--uniform", 10**9), 1, "more than 1000000"),
        (("--biwi-like", "many"), 2, "many"),
        (("--yaw", "0:360:0.001", "--pitch", "0:9:1"), 1, "more than 100000 angles"),
        (("--yaw", "0:360:0.01", "--pitch", "0:90:1"), 1, "more than 1000000; take larger steps"),
        (("--yaw", "x"), 1, "'x'"),
        (("--poses-from", "missing.npz"), 2, "missing.npz"),
        (("--poses-from", "{tmp}"), 1, "is no dataset"),
        (("--poses-from", "{tmp}/empty.csv"), 1, "empty.csv"),
        (("--poses-from", "{tmp}/nan.csv", "--labels-convention", "biwi+"), 1, "nan.csv"),
        (("--poses-from", "{tmp}/good.csv"), 1, "--labels-convention"),
        (("--poses-from", "{tmp}/good.csv", "--labels-convention", "nope"), 1, "nope"),
        (("--poses-from", "{tmp}/good.csv", "--labels-convention", "biwi+", "--sequences", "1"), 1, "no sequences"),
        (("--poses-from", "{tmp}/good.csv", "--labels-convention", "biwi+", "--sequences", "a"), 1, "1,3-5"),
        (("--like", "{tmp}/good.csv", "--labels-convention", "biwi+"), 2, "--count"),
        (("--like", "{tmp}/one.csv", "--labels-convention", "biwi+", "--count", 5), 1, "too little"),
        (("--like", "{tmp}/good.csv", "--labels-convention", "biwi+", "--count", 0), 1, "no poses"),
        (("--grid", "--count", 5), 2, "--like"),
        (("--grid", "--sequences", "1"), 2, "--sequences"),
        (("--grid", "--labels-convention", "biwi+"), 2, "--labels-convention"),
        (("--track", "{tmp}/folder"), 1, "holds no tracks"),
        (("--track", "{tmp}/empty.csv"), 1, "empty.csv"),
        (("--track", "{tmp}/nan.csv"), 1, "row 2"),
        (("--grid", "--layout", "nowhere"), 2, "nowhere"),
        (("--grid", "--layout", "nvidia", "--heads", "all,{tmp}/f11.json"), 1, "11 heads"),
        (("--track", "{tmp}/many", "--layout", "nvidia", "--heads", "f01"), 1, "401 tracks"),
    ],
)
def test_bad_poses_are_one_line_and_nothing_is_written(run, tmp_path, options, status, word):
    (tmp_path / "empty.csv").touch()
    (tmp_path / "nan.csv").write_text("pitch,yaw,roll\n1,nan,3\n")
    (tmp_path / "good.csv").write_text("pitch,yaw,roll\n10,20,30\n-10,20,0\n")
    (tmp_path / "one.csv").write_text("pitch,yaw,roll\n10,20,30\n10,20,30\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "many").mkdir()
    for number in range(401):
        (tmp_path / "many" / f"t{number}.csv").write_text("10,20,30\n")
    before = sorted(tmp_path.iterdir())
    result = run("render", tmp_path / "out", *(str(option).format(tmp=tmp_path) for option in options))
    assert result.exit_code == status, result.output
    assert word in result.output
    if status == 1:
        assert len(result.output.strip().splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before
