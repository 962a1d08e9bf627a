"""Read again with json alone, and checked against what COCO says of its fields."""

import json

import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import ExportError
from synhead_tools.formats.datasets.w300lp import W300LP
from synhead_tools.formats.exporters.coco import export
from synhead_tools.formats.exporters.w300lp import export as export_w300lp
from synhead_tools.geometry.euler import rotmat_from_euler


@pytest.fixture
def exported(faces, tmp_path):
    export(faces[0], tmp_path / "out", convention="hopenet")
    return tmp_path / "out", json.loads((tmp_path / "out" / "annotations.json").read_text()), faces[1]


def test_pictures_and_annotations_belong_together(exported):
    folder, document, columns = exported
    images = {entry["id"]: entry for entry in document["images"]}
    assert len(images) == len({entry["id"] for entry in document["annotations"]}) == 5
    for row, annotation in enumerate(document["annotations"]):
        entry = images[annotation["image_id"]]
        picture = Image.open(folder / entry["file_name"])
        assert picture.size == (entry["width"], entry["height"]) == (56, 40)
        np.testing.assert_array_equal(np.asarray(picture), columns["image"][row])


def test_boxes_are_x_y_width_height(exported):
    _, document, columns = exported
    for row, annotation in enumerate(document["annotations"]):
        x, y, width, height = annotation["bbox"]
        np.testing.assert_array_equal(np.array([x, y, x + width, y + height], "f4"), columns["face_box_xyxy"][row])
        assert annotation["area"] == pytest.approx(width * height)
        assert annotation["face_box"] == annotation["bbox"]
        x, y, width, height = annotation["head_box"]
        np.testing.assert_array_equal(np.array([x, y, x + width, y + height], "f4"), columns["head_box_xyxy"][row])
        assert (annotation["category_id"], annotation["iscrowd"], annotation["segmentation"]) == (1, 0, [])


@pytest.mark.parametrize(("field", "name", "count"), [("keypoints", "points5", 5), ("face_kpts", "landmarks68", 68)])
def test_points_count_from_the_centre_of_the_first_pixel(exported, field, name, count):
    _, document, columns = exported
    outside = 0
    for row, annotation in enumerate(document["annotations"]):
        x, y, v = np.array(annotation[field]).reshape(count, 3).T
        np.testing.assert_array_equal(v, columns[f"{name}_visibility"][row])  # the codes happen to be COCO's
        expected = np.where(v[:, None] > 0, columns[name][row, :, :2] - 0.5, 0)
        np.testing.assert_allclose(np.stack([x, y], axis=1), expected, rtol=0, atol=4e-6)
        assert all(isinstance(code, int) for code in annotation[field][2::3])
        outside += (v == 0).sum()
        if field == "keypoints":
            assert annotation["num_keypoints"] == (v > 0).sum()
    assert outside > 0 or count == 5
    assert len(document["categories"][0]["keypoints"]) == 5
    assert {end for edge in document["categories"][0]["skeleton"] for end in edge} == set(range(1, 6))


def test_the_head_pose_is_exact_and_says_its_convention(exported):
    _, document, columns = exported
    assert document["info"]["convention"] == "hopenet"
    for row, annotation in enumerate(document["annotations"]):
        pose = annotation["head_pose"]
        np.testing.assert_array_equal(np.reshape(pose["rotmat"], (3, 3)), columns["rotmat"][row])
        np.testing.assert_array_equal(pose["translation_m"], columns["translation_m"][row])
        np.testing.assert_array_equal(np.reshape(pose["intrinsics"], (3, 3)), columns["intrinsics"][row])
        np.testing.assert_allclose(pose["quat_xyzw"], columns["quat_xyzw"][row], atol=1e-12)
        assert pose["convention"] == "hopenet"
        back = rotmat_from_euler(pose["euler_deg"], "hopenet")
        np.testing.assert_allclose(back, columns["rotmat"][row], rtol=0, atol=1e-9)


def test_the_datasets_own_convention_is_the_default(faces, tmp_path):
    assert export(faces[0], tmp_path / "out")["convention"] == "biwi+"


def test_a_dataset_with_boxes_alone_still_makes_a_detection_set(make_faces, tmp_path):
    dataset, columns = make_faces(tmp_path / "data", without=("points5", "landmarks68", "face_box_xyxy", "intrinsics"))
    assert export(dataset, tmp_path / "out")["bbox"] == "head_box_xyxy"
    document = json.loads((tmp_path / "out" / "annotations.json").read_text())
    assert "keypoints" not in document["categories"][0]
    annotation = document["annotations"][2]
    assert not {"keypoints", "face_kpts", "num_keypoints"} & set(annotation)
    assert "intrinsics" not in annotation["head_pose"]
    np.testing.assert_array_equal(annotation["bbox"][:2], columns["head_box_xyxy"][2, :2].astype(float))


def test_points_of_unknown_visibility_are_said_to_be(faces, tmp_path):
    export_w300lp(faces[0], tmp_path / "w300lp")
    export(W300LP(tmp_path / "w300lp"), tmp_path / "out")
    document = json.loads((tmp_path / "out" / "annotations.json").read_text())
    assert document["info"]["visibility"] == "unknown"
    for row, annotation in enumerate(document["annotations"]):
        x, y = faces[1]["landmarks68"][row, :, :2].T
        inside = (x >= 0) & (x < 56) & (y >= 0) & (y < 40)
        np.testing.assert_array_equal(annotation["face_kpts"][2::3], np.where(inside, 2, 0))


def test_without_any_box_it_is_refused(make_faces, tmp_path):
    dataset, _ = make_faces(tmp_path / "data", without=("face_box_xyxy", "head_box_xyxy"))
    with pytest.raises(ExportError, match="no column 'face_box_xyxy'"):
        export(dataset, tmp_path / "out")


def test_a_visibility_that_is_none_is_refused(make_faces, tmp_path):
    dataset, _ = make_faces(tmp_path / "data")
    good = dataset.read

    def read(name, rows=None):
        return good(name, rows) + (7 if name == "points5_visibility" else 0)

    dataset.read = read
    with pytest.raises(ExportError, match="points5_visibility holds"):
        export(dataset, tmp_path / "out")
    assert not (tmp_path / "out").exists()
