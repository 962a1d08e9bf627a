import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.w300lp_files import find_labelled_pictures, folder_counts, has_pair


def _touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_pairs_in_all_folders_sorted_by_name(tmp_path):
    root = _touch(
        tmp_path, "HELEN/b.jpg", "HELEN/b.mat", "AFW_Flip/a.JPG", "AFW_Flip/a.mat", "AFW/a.mat", "AFW/a.png", "z.jpg"
    )
    _touch(root, "landmarks/AFW/a.mat", "landmarks/AFW/a.jpg", "Code/x.mat", "AFW/._a.mat", "AFW/readme.txt", "y.mat")
    found = find_labelled_pictures(root)
    assert found.names == ["AFW/a", "AFW_Flip/a", "HELEN/b"]
    assert [path.relative_to(root).as_posix() for path in found.pictures] == [
        "AFW/a.png",
        "AFW_Flip/a.JPG",
        "HELEN/b.jpg",
    ]
    assert [path.suffix for path in found.label_files] == [".mat"] * 3
    assert folder_counts(found.names) == {"AFW": 1, "AFW_Flip": 1, "HELEN": 1}
    assert found.problems() == [
        "1 files have no picture of the same name (y.mat is the first)",
        "1 files have no label file of the same name (z.jpg is the first)",
    ]


def test_names_that_clash_or_do_not_fit_are_said(tmp_path):
    name = "n" * 65
    assert find_labelled_pictures(_touch(tmp_path / "a", f"{name}.jpg", f"{name}.mat")).problems() == [
        f"1 names are longer than 64 bytes, target_id holds their ends ({name})"
    ]
    with pytest.raises(LabelFormatError, match="share one name"):
        find_labelled_pictures(_touch(tmp_path / "b", "x.jpg", "x.png", "x.mat"))


def test_links_to_folders_are_not_followed(tmp_path):
    root = _touch(tmp_path, "AFW/a.jpg", "AFW/a.mat")
    (root / "AFW/loop").symlink_to(root)
    assert find_labelled_pictures(root).names == ["AFW/a"]


def test_no_folder(tmp_path):
    with pytest.raises(LabelFormatError, match="not a folder"):
        find_labelled_pictures(tmp_path / "a")


def test_quick_look(tmp_path):
    assert not has_pair(tmp_path)
    assert not has_pair(tmp_path / "missing")
    assert not has_pair(_touch(tmp_path, "a.mat", "b.jpg"))
    assert has_pair(_touch(tmp_path, "b.mat"))
