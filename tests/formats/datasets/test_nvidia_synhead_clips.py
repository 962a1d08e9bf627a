import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.nvidia_synhead_clips import find_clips, is_synhead


def _touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_names_are_sorted_by_their_numbers(tmp_path):
    root = _touch(tmp_path, *(f"BIWI/f01/00/{name}.png" for name in ("f2_100", "f2_99", "x007", "0")))
    _touch(root, "BIWI/f01/00/readme.txt", "BIWI/f01/00/._1.png", "BIWI/f01/x/1.png", "BIWI/sphere/00/1.png")
    (clip,) = find_clips(root)
    assert clip.names == ["0.png", "x007.png", "f2_99.png", "f2_100.png"]
    assert clip.numbers == [0, 7, 99, 100]
    assert (clip.name, clip.track_id, clip.csv_path) == ("BIWI/f01/00", 0, root / "BIWI/00.csv")


def test_both_spellings_of_softkinetic(tmp_path):
    root = _touch(tmp_path, "softkinect/f01/03/0.png")
    (clip,) = find_clips(root)
    assert (clip.group, clip.track_id, clip.csv_path) == ("softkinetic", 303, root / "softkinect/03.csv")
    _touch(root, "softkinetic/f01/03/0.png")
    with pytest.raises(LabelFormatError, match="two folders of one group"):
        find_clips(root)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a.png",), r"a\.png has no frame number"),
        (("9999999999.png",), "no frame number"),
        (("1" * 5 + "0" * 200 + ".png",), "no frame number"),
        (("1.png", "01.png"), "have one number"),
    ],
)
def test_frames_without_an_order_are_named(tmp_path, names, message):
    with pytest.raises(LabelFormatError, match=message):
        find_clips(_touch(tmp_path, *(f"BIWI/f01/00/{name}" for name in names)))


def test_quick_look(tmp_path):
    assert not is_synhead(tmp_path)
    assert not is_synhead(tmp_path / "missing")
    assert not is_synhead(_touch(tmp_path, "BIWI/f01/00/0.png"))
    assert is_synhead(_touch(tmp_path, "BIWI/00.csv"))
    assert is_synhead(tmp_path / "BIWI")
    assert not is_synhead(_touch(tmp_path / "other", "00.csv", "x/00/0.png"))
