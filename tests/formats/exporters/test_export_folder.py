"""What --overwrite may throw away."""

import json

import pytest

from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.datasets.hopenet_csv import HopenetCsv
from synhead_tools.formats.exporters.export_dataset import export_dataset


def test_an_export_of_another_format_is_kept(faces, tmp_path):
    export_dataset(faces[0], tmp_path / "out", "coco")
    with pytest.raises(OutputExistsError, match="another format"):
        export_dataset(faces[0], tmp_path / "out", "webdataset", overwrite=True)
    assert (tmp_path / "out" / "annotations.json").is_file()


@pytest.mark.parametrize("text", [None, "", "[]", '{"format": ["coco"]}', "{" * 5000, '{"format": "co'])
def test_a_folder_that_does_not_say_it_is_an_export_is_kept(text, faces, tmp_path):
    (tmp_path / "out" / "images").mkdir(parents=True)
    if text is not None:
        (tmp_path / "out" / "export.json").write_text(text)
    (tmp_path / "out" / "images" / "000000.png").touch()
    with pytest.raises(OutputExistsError, match="choose another place") as error:
        export_dataset(faces[0], tmp_path / "out", "coco", overwrite=True)
    assert len(str(error.value)) < 400
    assert (tmp_path / "out" / "images" / "000000.png").exists()


def test_a_file_is_not_replaced_by_a_folder(faces, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputExistsError):
        export_dataset(faces[0], tmp_path / "out", "coco", overwrite=True)
    assert (tmp_path / "out").read_text() == "mine"


def test_a_link_in_an_export_is_somebodys(faces, tmp_path):
    export_dataset(faces[0], tmp_path / "out", "coco")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "extra").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputExistsError, match="'extra'"):
        export_dataset(faces[0], tmp_path / "out", "coco", overwrite=True)


def test_an_export_never_replaces_what_it_is_made_from(faces, tmp_path):
    export_dataset(faces[0], tmp_path / "out", "hopenet-csv")
    again = HopenetCsv(tmp_path / "out")
    with pytest.raises(OutputExistsError, match="which is read here"):
        export_dataset(again, tmp_path / "out", "hopenet-csv", overwrite=True)
    assert len(HopenetCsv(tmp_path / "out")) == 5


def test_a_dataset_is_not_replaced_by_an_export(make_faces, faces, tmp_path):
    make_faces(tmp_path / "dear")
    with pytest.raises(OutputExistsError, match="is no export"):
        export_dataset(faces[0], tmp_path / "dear", "coco", overwrite=True)
    assert json.loads((tmp_path / "dear" / "dataset.json").read_text())["kind"] == "SynHead"
