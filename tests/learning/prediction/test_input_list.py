import pytest

from synhead_tools.errors import PictureError
from synhead_tools.learning.prediction.input_list import MARK_NAME, count_inputs, list_inputs


@pytest.fixture
def folder(tmp_path):
    for name in ("b.JPG", "a.png", "sub/z.mp4", "sub/deep/y.tiff", "notes.txt", ".hidden.png", ".git/x.png", "Ä.webp"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in" / "dangling.png").symlink_to(tmp_path / "nowhere")
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "in" / "a.png")
    return tmp_path / "in"


def test_folders_are_searched_sorted_and_without_what_is_hidden(folder):
    found = list(list_inputs([folder]))
    names = ["a.png", "b.JPG", "link.png", "sub/deep/y.tiff", "sub/z.mp4", "Ä.webp"]
    assert [file.inside.as_posix() for file in found] == names
    assert [file.path for file in found] == [folder / name for name in names]
    assert [file.is_video for file in found] == [False, False, False, False, True, False]
    assert count_inputs([folder]) == (5, 1)


def test_what_is_named_is_taken_in_the_order_given(folder):
    given = [folder / "notes.txt", folder / "sub", folder / "a.png", folder / "a.png"]
    assert [file.path.name for file in list_inputs(given)] == ["notes.txt", "y.tiff", "z.mp4", "a.png", "a.png"]


def test_nothing_to_look_at_is_an_error(tmp_path):
    (tmp_path / "readme.md").write_text("")
    with pytest.raises(PictureError, match="no picture and no video"):
        count_inputs([tmp_path])


def test_a_dataset_is_no_folder_of_pictures(folder):
    (folder / "dataset.json").write_text("{}")
    with pytest.raises(PictureError, match="is a dataset, whose pictures lie in shards"):
        count_inputs([folder])


def test_folders_of_drawn_copies_are_left_out_unless_they_are_named(folder):
    (folder / "sub" / MARK_NAME).write_text("")
    assert "sub/z.mp4" not in [file.inside.as_posix() for file in list_inputs([folder])]
    assert [file.inside.as_posix() for file in list_inputs([folder / "sub"])] == ["deep/y.tiff", "z.mp4"]
