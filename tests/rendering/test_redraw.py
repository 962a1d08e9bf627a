"""The stored columns are enough to draw a picture again, byte for byte."""

import json

import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import PlanError
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.labels import read_labels_parquet
from synhead_tools.formats.sample import PICTURE_COLUMNS
from synhead_tools.geometry.pose_laws import uniform_rotations
from synhead_tools.heads.library import load_head
from synhead_tools.rendering.annotate import FaceAreas
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.looks.picture_folder import list_folder
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.redraw import redraw
from synhead_tools.rendering.render_dataset import render_dataset
from synhead_tools.rendering.render_shard import HeadShelf, ShardRenderer

pytest.importorskip("numba", reason="datasets are rendered by the cpu backend here")

ROTMATS = uniform_rotations(3, np.random.default_rng(4))
CASES = {
    "place and camera": {
        "size_px": (56, 40), "fov_deg": 30.0, "place": "anywhere", "distance_jitter": 0.2, "lighting": "random",
    },
    "surroundings": {"lighting": "environment", "background": "environment", "intrinsics": (90.0, 95.0, 20.0, 26.0)},
    "soft light, expressions": {"lighting": "sh", "expressions": "random", "background": "noise"},
    "all looks": {
        "looks": ("tint", "glasses:0.7", "occluder:0.7", "infrared:0.4", "sensor"), "lighting": "sh",
        "expressions": "random", "background": "gradient",
    },
    "left open": {"looks": ("tint", "occluder:1", "infrared", "sensor:2")},
}  # fmt: skip


@pytest.fixture(scope="module")
def drawn():
    """drawn(plan): its columns, by one backend for all."""
    backend = open_backend("cpu")
    areas = FaceAreas(backend)

    def draw(plan):
        shelf = HeadShelf(plan.heads, detail=plan.head_detail)
        return ShardRenderer(plan, shelf, backend, areas).columns(0, len(plan))

    return draw


@pytest.fixture(scope="module")
def fresh():
    """Another backend, which has drawn nothing of what is compared."""
    return open_backend("cpu")


@pytest.mark.parametrize("case", CASES)
def test_the_same_bytes_again(drawn, fresh, case):
    plan = RenderPlan(("m03",), ROTMATS, **{"size_px": 40, "seed": 5, **CASES[case]})
    columns, config = drawn(plan), json.loads(json.dumps(plan.summary()))
    labels = {name: column for name, column in columns.items() if name not in PICTURE_COLUMNS}
    for row in reversed(range(len(plan))):
        values, head = {name: column[row] for name, column in labels.items()}, load_head("m03", config["detail"])
        picture = redraw(values, config, head, fresh)
        np.testing.assert_array_equal(picture.image, columns["image"][row])
        np.testing.assert_array_equal(picture.alpha, columns["alpha"][row])


def test_files_keep_every_bit(tmp_path, drawn):
    """Shards and ``labels.parquet`` hold what was drawn, in every new column."""
    plan = RenderPlan(("m03",), ROTMATS, size_px=24, **CASES["all looks"])
    with open_dataset(render_dataset(plan, tmp_path / "set")) as dataset:
        labels, columns = dataset.labels(), drawn(plan)
        assert dataset.manifest.config["looks"] == list(plan.looks)
    table, _ = read_labels_parquet(tmp_path / "set" / "labels.parquet")
    for name, column in labels.items():
        np.testing.assert_array_equal(column, columns[name])
        np.testing.assert_array_equal(np.asarray(table[name]), column)


def test_a_picture_follows_its_columns(drawn, fresh):
    """Another stored light gives another picture: the test above does not compare two draws of the same seed."""
    plan = RenderPlan(("m03",), ROTMATS[:1], size_px=40, lighting="random", looks=("tint", "sensor"))
    values = {name: column[0] for name, column in drawn(plan).items()}
    config, head = plan.summary(), load_head("m03", plan.head_detail)
    for name, change in (("light_colour", 2.0), ("light_ambient", 0.5), ("skin_tint", 0.7), ("sensor", 0.5)):
        changed = values | {name: values[name] * values[name].dtype.type(change)}
        assert (redraw(changed, config, head, fresh).image != values["image"]).any(), name


def test_files_behind_heads_are_named_and_drawn_again(tmp_path, drawn, fresh):
    folder = tmp_path / "pictures"
    folder.mkdir()
    colours = {"red.png": (200, 30, 30), "green.png": (30, 200, 30), "blue.png": (30, 30, 200)}
    for name, colour in colours.items():
        Image.new("RGB", (30, 60), colour).save(folder / name)
    plan = RenderPlan(
        ("m03",), uniform_rotations(12, np.random.default_rng(0)), size_px=24, background=f"folder:{folder}"
    )
    columns, config = drawn(plan), plan.summary()
    files, image, alpha = (columns[name] for name in ("background_file", "image", "alpha"))
    assert set(config["folders"]) == {"background"}
    assert len(set(files.tolist())) > 1
    for row, file in enumerate(files.tolist()):
        assert (image[row][alpha[row] == 0] == colours[file.decode()]).all()
    values = {name: column[3] for name, column in columns.items()}
    assert (redraw(values, config, load_head("m03", config["detail"]), fresh).image == image[3]).all()
    Image.new("RGB", (30, 61)).save(folder / "zz.png")  # listed once a process: the hash is looked at in the next one
    list_folder.cache_clear()
    assert RenderPlan.from_dict(plan.to_dict()).summary()["folders"] != config["folders"]


def test_missing_columns_are_named():
    with pytest.raises(PlanError, match="rotmat"):
        redraw({}, {"size_px": 8}, None, None)


@pytest.mark.slow
def test_workers_change_no_byte_with_every_look_on(tmp_path):
    plan = RenderPlan(
        ("f01", "m03"), ROTMATS, size_px=32, seed=9, lighting="environment", background="environment", place="anywhere",
        looks=("tint", "glasses", "occluder", "infrared:0.5", "sensor"), expressions="random",
    )  # fmt: skip
    one, two = (render_dataset(plan, tmp_path / str(n), n, rows_per_shard=2) for n in (1, 2))
    for shard in sorted((one / "shards").glob("*.h5")):
        assert shard.read_bytes() == (two / "shards" / shard.name).read_bytes()
