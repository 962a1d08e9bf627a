from PIL import Image


def test_the_ten_heads_are_listed(run):
    result = run("heads")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.output.splitlines()] == [
        f"{s}{i:02d}" for s in "fm" for i in range(1, 6)
    ]


def test_a_sheet_is_drawn_once(run, tmp_path):
    assert run("heads", "--show", tmp_path / "h.png", "--heads", "f01", "--size", 48).exit_code == 0
    assert Image.open(tmp_path / "h.png").size == (2 * 3 * 48, 48)
    again = run("heads", "--show", tmp_path / "h.png", "--heads", "f01")
    assert again.exit_code == 1
    assert "--overwrite" in again.output
