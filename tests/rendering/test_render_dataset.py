import dataclasses
import hashlib
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from synhead_tools.errors import HeadError, ManifestError, OutputExistsError, PlanError
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.labels import read_labels_parquet
from synhead_tools.geometry.euler import euler_from_rotmat
from synhead_tools.geometry.pose_laws import euler_grid
from synhead_tools.heads.assets import meshes_dir
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_dataset import render_dataset

pytest.importorskip("numba", reason="datasets are rendered by the cpu backend here")

ROTMATS = euler_grid(np.array([-20.0, 20.0]), np.array([-40.0, 0.0, 40.0]), np.array([0.0]), "biwi+")


@pytest.fixture(scope="module")
def heads(egg):
    return {"egg": egg, "twin": dataclasses.replace(egg, name="twin", recipe_sha256="1" * 64)}


@pytest.fixture(scope="module")
def plan():
    return RenderPlan(("egg", "twin"), ROTMATS, size_px=32, seed=7, lighting="random", offset_jitter=0.05)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, plan, heads):
    """Dataset of 12 samples in 3 shards, never interrupted."""
    return render_dataset(plan, tmp_path_factory.mktemp("sets") / "whole", heads=heads, rows_per_shard=5)


def contents(folder):
    files = [p for p in folder.rglob("*") if p.is_file()]
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_folder_is_complete(finished):
    expected = {"dataset.json", "labels.parquet", "preview.png", "stats.png", "README.md"}
    assert set(contents(finished)) == expected | {f"shards/{k:05d}.h5" for k in range(3)}


def test_samples_are_what_the_backend_draws(finished, plan, heads):
    with open_dataset(finished) as dataset:
        assert len(dataset) == 12
        assert dataset.manifest.kind == "SynHead"
        image, alpha, seed = (dataset.read(name) for name in ("image", "alpha", "seed"))
        head_id, frame_id = dataset.read("head_id"), dataset.read("frame_id")
        np.testing.assert_array_equal(dataset.read("rotmat"), np.tile(ROTMATS, (2, 1, 1)))
        euler = euler_from_rotmat(dataset.read("rotmat"), "synhead")
        np.testing.assert_allclose(dataset.read("euler_deg"), euler, atol=1e-9)
    assert head_id.tolist() == [b"egg"] * 6 + [b"twin"] * 6
    assert frame_id.tolist() == [*range(6)] * 2
    backend = open_backend("cpu")
    for row in (0, 4, 7, 11):
        setup = plan.sample(row)
        rotmat = plan.rotmats[setup.pose_index]
        frame = backend.render(heads["egg"], rotmat, setup.translation_m, plan.camera(), setup.lighting)
        np.testing.assert_array_equal(image[row], frame.image)
        np.testing.assert_array_equal(alpha[row], frame.alpha)
        assert seed[row] == setup.seed


def test_manifest_tells_what_made_it(finished, plan):
    with open_dataset(finished) as dataset:
        manifest = dataset.manifest
        assert dataset.verify() == 3
    assert manifest.seed == 7
    assert manifest.renderer.startswith("cpu numba")
    assert manifest.heads["twin"] == {"licence": "test", "recipe_sha256": "1" * 64}
    assert manifest.config["lighting"] == "random"
    assert manifest.config["backend"] == "cpu"
    assert not manifest.target_labels_used
    labels, metadata = read_labels_parquet(finished / "labels.parquet")
    assert metadata["convention"] == "synhead"
    assert len(labels["rotmat"]) == 12


def test_workers_change_no_byte(finished, plan, heads, tmp_path):
    seen = []
    out = render_dataset(
        plan,
        tmp_path / "two",
        2,
        heads=heads,
        rows_per_shard=5,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert contents(out) == contents(finished)
    assert seen[0] == (0, 12)
    assert seen[-1] == (12, 12)
    assert seen == sorted(seen)


def copy_of(folder, out):
    import shutil

    return shutil.copytree(folder, out)


@pytest.mark.parametrize(
    "damage",
    [
        ["dataset.json", "shards/00001.h5"],
        ["shards/00000.h5", "shards/00002.h5"],
        ["labels.parquet", "preview.png", "README.md"],
    ],
)
def test_resumed_run_ends_with_the_same_bytes(finished, plan, heads, tmp_path, damage):
    out = copy_of(finished, tmp_path / "out")
    for name in damage:
        (out / name).unlink()
    (out / "shards" / ".00001.h5.12345678.tmp").write_bytes(b"half a shard")
    untouched = {p: p.stat().st_mtime_ns for p in (out / "shards").glob("0*.h5")}
    render_dataset(plan, out, resume=True, heads=heads, rows_per_shard=5)
    assert contents(out) == contents(finished)
    assert all(p.stat().st_mtime_ns == stamp for p, stamp in untouched.items()), "whole shards are kept"


@pytest.mark.parametrize("cut", ["truncated", "flipped"])
def test_damaged_shard_is_rendered_anew(finished, plan, heads, tmp_path, cut):
    out = copy_of(finished, tmp_path / "out")
    shard = out / "shards" / "00001.h5"
    data = bytearray(shard.read_bytes())
    if cut == "truncated":
        data = data[: len(data) // 2]
    else:
        data[-1000] ^= 255
    shard.write_bytes(data)
    render_dataset(plan, out, resume=True, heads=heads, rows_per_shard=5)
    assert contents(out) == contents(finished)


def test_other_plans_shards_are_refused(finished, plan, heads, tmp_path):
    out = copy_of(finished, tmp_path / "out")
    other = dataclasses.replace(plan, seed=8)
    with pytest.raises(ManifestError, match="another plan"):
        render_dataset(other, out, resume=True, heads=heads, rows_per_shard=5)
    (out / "dataset.json").unlink()
    with pytest.raises(ManifestError, match="another plan"):
        render_dataset(other, out, resume=True, heads=heads, rows_per_shard=5)
    (out / "dataset.json").write_bytes((finished / "dataset.json").read_bytes())
    assert contents(out) == contents(finished), "refusing changes nothing"


def test_nothing_is_overwritten_unasked(finished, plan, heads, tmp_path):
    out = copy_of(finished, tmp_path / "out")
    with pytest.raises(OutputExistsError):
        render_dataset(plan, out, heads=heads, rows_per_shard=5)
    render_dataset(dataclasses.replace(plan, heads=("egg",)), out, overwrite=True, heads=heads, rows_per_shard=5)
    with open_dataset(out) as dataset:
        assert len(dataset) == 6
    assert len(list((out / "shards").iterdir())) == 2


def test_interrupted_run_can_be_resumed(finished, plan, heads, tmp_path):
    def interrupt(done, total):
        if done >= 5:
            raise KeyboardInterrupt

    out = tmp_path / "out"
    for workers in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            render_dataset(plan, out, workers, overwrite=True, progress=interrupt, heads=heads, rows_per_shard=5)
        assert not (out / "dataset.json").exists(), "half a set is no dataset"
        assert not (out / ".lock").exists()
        assert any((out / "shards").iterdir())
    render_dataset(plan, out, resume=True, heads=heads, rows_per_shard=5)
    assert contents(out) == contents(finished)


def test_finished_shards_are_not_read_again_while_their_time_is_that_of_the_journal(plan, heads, tmp_path):
    def interrupt(done, total):
        if done >= 10:
            raise KeyboardInterrupt

    out, options = tmp_path / "out", {"heads": heads, "rows_per_shard": 5}
    with pytest.raises(KeyboardInterrupt):
        render_dataset(plan, out, progress=interrupt, **options)
    assert (out / ".finished").exists()
    shard = out / "shards" / "00000.h5"
    stamp, data = shard.stat().st_mtime_ns, shard.read_bytes()
    seed = plan.sample(0).seed.to_bytes(8, "little")
    assert seed in data
    for mtime_ns, kept in ((stamp, True), (stamp + 10**9, False)):
        shard.write_bytes(data.replace(seed, bytes(8)))
        os.utime(shard, ns=(mtime_ns, mtime_ns))
        render_dataset(plan, out, resume=True, **options)
        assert not (out / ".finished").exists()
        assert (shard.read_bytes() != data) == kept
        if kept:
            with open_dataset(out) as dataset, pytest.raises(ManifestError, match="00000.h5 is not the file"):
                dataset.verify()
    with open_dataset(out) as dataset:
        assert dataset.verify() == 3
    assert shard.read_bytes() == data


def test_killed_process_can_be_resumed(tmp_path):
    """A real kill -9 of a run with the bundled heads, at a random moment."""
    code = (
        "import sys, numpy as np; from synhead_tools.rendering.plan import RenderPlan\n"
        "from synhead_tools.rendering.render_dataset import render_dataset\n"
        "from synhead_tools.geometry.pose_laws import uniform_rotations\n"
        "plan = RenderPlan(('m03',), uniform_rotations(40, np.random.default_rng(0)), size_px=24)\n"
        "render_dataset(plan, sys.argv[1], resume=True, rows_per_shard=8, progress=lambda *n: print(*n, flush=True))"
    )
    run = [sys.executable, "-c", code]
    process = subprocess.Popen([*run, tmp_path / "killed"], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if int(line.split()[0]) >= 8:
            time.sleep(0.02)
            os.kill(process.pid, signal.SIGKILL)
            break
    process.wait()
    process.stdout.close()
    assert not (tmp_path / "killed" / "dataset.json").exists()
    for name in ("killed", "whole"):
        subprocess.run([*run, tmp_path / name], check=True, stdout=subprocess.DEVNULL)
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


def test_optional_columns(plan, heads, tmp_path):
    plan = dataclasses.replace(plan, heads=("egg",), store_depth=True, background="solid:#204060")
    out = render_dataset(plan, tmp_path / "out", heads=heads)
    with open_dataset(out) as dataset:
        image, alpha, region, depth = (dataset.read(name) for name in ("image", "alpha", "region", "depth_m"))
        box = dataset.read("head_box_xyxy")
        assert dataset.manifest.composed
    assert (alpha[region == Region.BACKGROUND] < 255).all(), "it stays coverage by the head"
    assert (alpha[depth == 0] == 0).all()
    empty = (depth == 0) & (region == Region.BACKGROUND)
    assert (image[empty] == (0x20, 0x40, 0x60)).all()
    assert 0.7 < depth[depth > 0].min() < 1.2
    assert (box[:, 2] - box[:, 0] < 32).all(), "the box is the head's, not the picture's"


def test_refuses_before_touching_the_folder(plan, heads, tmp_path):
    with pytest.raises(PlanError):
        render_dataset(plan, tmp_path / "out", workers=0, heads=heads)
    with pytest.raises(ValueError, match="nobody"):
        render_dataset(dataclasses.replace(plan, heads=("nobody",)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_heads_that_cannot_be_told_apart_are_refused_before_the_folder_is_made(tmp_path):
    text = (meshes_dir() / "recipes" / "f01.toml").read_text()
    recipes = [tmp_path / "a" / "x.toml", tmp_path / "b" / "x.toml", tmp_path / "a" / ("y" * 17 + ".toml")]
    for path in recipes:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    for chosen, word in ((recipes[:2], "both called 'x'"), (recipes[2:], "17 bytes")):
        with pytest.raises(HeadError, match=word):
            render_dataset(RenderPlan(tuple(map(str, chosen)), [np.eye(3)], size_px=16), tmp_path / "out")
    assert not (tmp_path / "out").exists()
