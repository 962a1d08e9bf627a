from fractions import Fraction
from pathlib import Path, PurePath

import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import OutputExistsError, PictureError
from synhead_tools.learning.prediction.answers import CROP_RAY, Answer
from synhead_tools.learning.prediction.drawn_output import MARK_NAME, drawn_output, refuse_input
from synhead_tools.learning.prediction.input_list import InputFile
from synhead_tools.learning.prediction.picture_file import read_picture
from synhead_tools.learning.prediction.pose_drawing import draw_answers
from synhead_tools.learning.prediction.video_file import open_video

PICTURE = np.full((49, 65, 3), 90, np.uint8)


def _source(name):
    return InputFile(Path("in") / name, PurePath(name), name.endswith(".mp4"))


def _answer(name):
    return Answer(name, None, None, 0, np.array([10.0, 8, 50, 48]), np.eye(3), CROP_RAY)


def _add(drawn, name, **more):
    drawn.add(_source(name), draw_answers(PICTURE, [_answer(name)], None, "axes"), **more)


def test_a_folder_keeps_the_places_of_pictures_and_loses_none(tmp_path):
    with drawn_output(tmp_path / "out", "axes", [], None, False) as drawn:
        for name in ("a.png", "sub/a.JPG", "a.bmp", "a.png"):
            _add(drawn, name)
        assert not (tmp_path / "out").exists()
    files = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert files == ["a-2.png", "a-3.png", "a.png", MARK_NAME, "sub/a.jpg"]
    assert (read_picture(tmp_path / "out" / "a.png") != PICTURE).any()
    assert Image.open(tmp_path / "out" / "sub" / "a.jpg").format == "JPEG"


def test_videos_come_out_with_every_frame_and_its_time(tmp_path):
    pytest.importorskip("av")
    times_s = [0.0, 0.1, 0.25, 0.3, 0.3, 0.5]
    with drawn_output(tmp_path / "out", "cube", [], None, False) as drawn:
        for name in ("a.mp4", "b.mp4"):
            for time_s in times_s:
                _add(drawn, name, time_s=time_s, rate=Fraction(10))
    for name in ("a.mp4", "b.mp4"):
        with open_video(tmp_path / "out" / name) as video:
            frames = list(video.read())
        np.testing.assert_allclose([frame.time_s for frame in frames], times_s, atol=1e-3)
        assert frames[0].picture.shape == (50, 66, 3)
        assert np.ptp(frames[0].picture[8:48, 10:50].astype(int)) > 60  # something is drawn
        assert abs(int(frames[0].picture[2, 2, 0]) - 90) < 6


def test_one_file_for_one_input(tmp_path):
    with drawn_output(tmp_path / "out.png", "axes", [], _source("a.png"), False) as drawn:
        _add(drawn, "a.png")
    assert read_picture(tmp_path / "out.png").shape == PICTURE.shape
    pytest.importorskip("av")
    with drawn_output(tmp_path / "out.mp4", "axes", [], _source("a.mp4"), False) as drawn:
        for number in range(3):
            _add(drawn, "a.mp4", time_s=number / 10, rate=Fraction(10))
    with open_video(tmp_path / "out.mp4") as video:
        assert len(list(video.read())) == 3


@pytest.mark.parametrize(
    ("name", "only"), [("out.png", None), ("out.mp4", "a.png"), ("out.png", "a.mp4"), ("out.avi", "a.mp4")]
)
def test_a_file_cannot_hold_everything(name, only, tmp_path):
    with pytest.raises(PictureError, match="cannot hold"):  # noqa: SIM117
        with drawn_output(tmp_path / name, "axes", [], only and _source(only), False):
            pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["out", "out.png", "out.mp4"])
def test_a_run_that_fails_leaves_nothing(name, tmp_path):
    only = {"out.png": _source("a.png"), "out.mp4": _source("a.mp4")}.get(name)

    def draw_and_stop():
        with drawn_output(tmp_path / name, "axes", [], only, False) as drawn:
            for source in ("a.png", "v.mp4") if only is None else (only.path.name,):
                _add(drawn, source, time_s=0.0, rate=Fraction(10))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        draw_and_stop()
    assert list(tmp_path.iterdir()) == []


def test_only_what_was_drawn_is_replaced(tmp_path):
    def draw(overwrite):
        with drawn_output(tmp_path / "out", "axes", [], None, overwrite) as drawn:
            _add(drawn, "a.png")

    draw(False)
    with pytest.raises(OutputExistsError, match="--overwrite"):
        draw(False)
    draw(True)
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    with pytest.raises(OutputExistsError, match=r"thesis\.tex"):
        draw(True)
    (tmp_path / "out" / MARK_NAME).unlink()
    with pytest.raises(OutputExistsError, match="no folder of drawn copies"):
        draw(True)
    assert (tmp_path / "out" / "thesis.tex").read_text() == "mine"


def test_an_input_is_no_output(tmp_path):
    photo = tmp_path / "photo.png"
    Image.fromarray(PICTURE).save(photo)
    (tmp_path / "link.png").symlink_to(photo)
    with pytest.raises(OutputExistsError, match="is an input"):
        refuse_input(tmp_path / "link.png", [photo])
    with pytest.raises(OutputExistsError, match="read here"):  # noqa: SIM117
        with drawn_output(tmp_path, "axes", [photo], None, True):
            pass
    assert photo.is_file()
