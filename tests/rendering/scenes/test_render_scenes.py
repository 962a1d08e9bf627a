import dataclasses
import json

import numpy as np
import pytest

from synhead_tools.errors import HeadError, PlanError
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.labels_parquet import read_labels_parquet
from synhead_tools.formats.sample import FACE_MESH_VERTICES, FACES_MOST, HIDDEN, OUTSIDE, VISIBLE
from synhead_tools.geometry.pose_laws import biwi_like_rotations
from synhead_tools.geometry.projection import project_points
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.heads.library import load_head
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.scene import Camera, studio_lighting
from synhead_tools.rendering.scenes.plan import SCENES_PER_CAST, ScenePlan
from synhead_tools.rendering.scenes.render_scenes import render_scenes
from synhead_tools.rendering.scenes.window import window_of


def _plan(**changes):
    settings = {
        "heads": ("f01", "m04"),
        "rotmats": biwi_like_rotations(40, np.random.default_rng(2)),
        "scenes": 10,
        "size_px": (160, 120),
        "faces": (0, 4),
        "face_px": (20.0, 90.0),
        "looks": ("tint", "sensor"),
        "background": "clutter",
        "seed": 11,
        "detail": 0,
    }
    return ScenePlan(**{**settings, **changes})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return render_scenes(_plan(), tmp_path_factory.mktemp("scenes") / "out", rows_per_shard=4)


@pytest.fixture(scope="module")
def faces(folder):
    """Columns of all faces of the dataset, one after another, and the number of each one's scene."""
    with open_dataset(folder) as dataset:
        there = np.arange(FACES_MOST) < dataset.read("faces_count")[:, None]
        names = [name for name in dataset.columns if name.startswith("faces_") and name != "faces_count"]
        columns = {name.removeprefix("faces_"): dataset.read(name)[there] for name in names}
        scene = np.nonzero(there)[0]
        columns["scene"], columns["number"] = scene, np.nonzero(there)[1]
        columns["intrinsics"] = dataset.read("intrinsics")[scene]
        columns["instance"] = dataset.read("instance")[scene]
    assert len(scene) >= 12
    return columns


def test_points_mesh_and_boxes_agree_with_head_and_pose(faces):
    mesh = load_face_mesh()
    assert len(mesh.mean_m) == FACE_MESH_VERTICES
    assert np.abs(faces["mesh"][:, mesh.landmarks68] - faces["landmarks68"]).max() < 2e-3
    assert np.abs(faces["mesh"][:, mesh.points5] - faces["points5"]).max() < 2e-3
    low, high = faces["mesh"][..., :2].min(axis=1), faces["mesh"][..., :2].max(axis=1)
    assert np.abs(np.concatenate([low, high], axis=1) - faces["box_xyxy"]).max() < 2e-3
    for k in range(len(faces["scene"])):
        eyes, depth_m = project_points(
            np.zeros((1, 3)), faces["rotmat"][k], faces["translation_m"][k], faces["intrinsics"][k]
        )
        pupils = faces["points5"][k, :2]
        # the origin is midway between the eyes' centres, a little behind the pupils
        assert depth_m[0] == pytest.approx(pupils[:, 2].mean(), abs=0.03)
        side = faces["box_xyxy"][k, 3] - faces["box_xyxy"][k, 1]
        assert np.linalg.norm(eyes[0] - pupils[:, :2].mean(axis=0)) < 0.25 * side


def test_what_is_visible_is_shown_by_its_own_head(faces):
    shown = hidden = 0
    for k in range(len(faces["scene"])):
        instance, number = faces["instance"][k], faces["number"][k] + 1
        for (x, y, _), code in zip(faces["landmarks68"][k], faces["landmarks68_visibility"][k], strict=True):
            inside = 0 <= x < instance.shape[1] and 0 <= y < instance.shape[0]
            assert inside == (code != OUTSIDE)
            if code == VISIBLE:
                # one of the pixels around the point, whose nearest is on the rim of the jaw perhaps not the head's
                rows, columns = slice(max(int(y) - 2, 0), int(y) + 3), slice(max(int(x) - 2, 0), int(x) + 3)
                assert (instance[rows, columns] == number).any()
                shown += 1
            hidden += code == HIDDEN
    assert shown > 200
    assert hidden > 50


def test_shown_fraction_is_one_for_the_nearest_inside_and_less_for_the_covered(faces):
    fraction = faces["shown_fraction"]
    assert fraction.min() >= 0
    assert fraction.max() <= 1
    width, height = 160, 120
    box = faces["box_xyxy"]
    inside = (box[:, :2] >= 0).all(axis=1) & (box[:, 2] < width) & (box[:, 3] < height)
    nearest = inside & (faces["number"] == 0)
    assert nearest.any()
    assert (fraction[nearest] == 1).all()
    assert (fraction[~inside] < 1).all()
    assert (~inside).any()


def test_nearer_people_come_first_and_everything_random_is_a_function_of_the_scene(faces):
    for scene in np.unique(faces["scene"]):
        depths = faces["translation_m"][faces["scene"] == scene][:, 2]
        assert (np.diff(depths) >= 0).all()
    plan, other = _plan(), _plan(scenes=500)
    for index in (0, 9):
        one, two = plan.scene(index), other.scene(index)
        assert one.seed == two.seed
        assert len(one.people) == len(two.people)
        assert all((a.rotmat == b.rotmat).all() for a, b in zip(one.people, two.people, strict=True))
    assert _plan(seed=12).scene(0).seed != plan.scene(0).seed
    many = _plan(heads=tuple(f"h{k}" for k in range(30)), scenes=500)
    assert many.cast(0) == many.cast(SCENES_PER_CAST - 1) != many.cast(SCENES_PER_CAST)


def test_bytes_do_not_depend_on_workers_or_on_being_interrupted(folder, tmp_path):
    render_scenes(_plan(), tmp_path / "two", workers=2, rows_per_shard=4)

    class Killed(Exception):
        pass

    def stop_after_the_first(done, total):
        if 0 < done < total:
            raise Killed

    with pytest.raises(Killed):
        render_scenes(_plan(), tmp_path / "killed", rows_per_shard=4, progress=stop_after_the_first)
    assert not (tmp_path / "killed" / "dataset.json").exists()
    render_scenes(_plan(), tmp_path / "killed", rows_per_shard=4, resume=True)
    for name in ("two", "killed"):
        for path in sorted(folder.rglob("*.*")):
            if path.is_file():
                assert path.read_bytes() == (tmp_path / name / path.relative_to(folder)).read_bytes(), path.name


def test_the_manifest_tells_what_it_is_and_labels_are_a_table(folder):
    manifest = json.loads((folder / "dataset.json").read_text())
    assert manifest["kind"] == "SynHeadScenes"
    assert manifest["composed"] is True
    assert manifest["image"] == {"width": 160, "height": 120}
    assert set(manifest["heads"]) == {"f01", "m04"}
    labels, _ = read_labels_parquet(folder / "labels.parquet")
    with open_dataset(folder) as dataset:
        assert dataset.verify() == 3
        for name, column in labels.items():
            assert (column == dataset.read(name)).all(), name
    assert "faces_mesh" not in labels
    assert labels["faces_head_id"].dtype == np.dtype("S16")
    assert {"preview.png", "stats.png", "README.md"} <= {path.name for path in folder.iterdir()}


def test_a_window_shows_what_the_whole_picture_shows_there():
    head, backend = load_head("f01", 0), open_backend("cpu")
    camera = Camera(200, 150, [[220, 0, 100], [0, 220, 75], [0, 0, 1]])
    rotmat, at_m = biwi_like_rotations(3, np.random.default_rng(5))[1], np.array([0.12, -0.03, 0.9])
    window = window_of(head, np.array([110, 40, 160, 110]), rotmat, at_m, camera)
    whole = backend.render(head, rotmat, at_m, camera, studio_lighting())
    part = backend.render(head, rotmat, at_m, window.camera(camera), studio_lighting())
    inside, there = window.overlap((150, 200))
    difference = np.abs(whole.image[there].astype(int) - part.image[inside])
    assert difference.mean() < 0.05
    assert np.percentile(difference, 99.9) <= 8
    outside = whole.alpha.copy()
    outside[there] = 0
    assert not outside.any()
    backend.close()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"faces": (3, 13)}, "faces is"),
        ({"faces": (5, 2)}, "faces is"),
        ({"face_px": (0, 10)}, "face_px is"),
        ({"fov_deg": (30, 160)}, "fov_deg is"),
        ({"scenes": 0}, "scenes is"),
        ({"heads": ()}, "name at least one"),
        ({"expressions": "grimace"}, "unknown expressions"),
        ({"size_px": (160, 8)}, "size_px is"),
    ],
)
def test_bad_plans_are_refused_in_one_line(change, says):
    with pytest.raises(PlanError) as caught:
        _plan(**change)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_imported_heads_have_no_mesh_and_are_refused_before_anything_is_touched(tmp_path):
    imported = dataclasses.replace(load_head("f01", 0), name="bought", recipe=None, face_mesh_m=None)
    with pytest.raises(HeadError, match="imported"):
        render_scenes(_plan(heads=("bought",)), tmp_path / "out", heads={"bought": imported})
    assert not (tmp_path / "out").exists()
