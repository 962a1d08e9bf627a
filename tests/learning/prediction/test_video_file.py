import contextlib
import os
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synhead_tools.errors import PictureError
from synhead_tools.learning.prediction.video_file import open_video

pytest.importorskip("av")


def _read(path, every=1):
    with open_video(path) as video:
        return list(video.read(every))


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.avi", "mpeg4")])
def test_frames_come_in_order_with_numbers_and_times(make_video, name, codec, tmp_path):
    frames = _read(make_video(tmp_path / name, 10, codec=codec))
    assert [frame.number for frame in frames] == list(range(10))
    np.testing.assert_allclose([frame.time_s for frame in frames], np.arange(10) / 25, atol=1e-3)
    for number, frame in enumerate(frames):
        assert frame.picture.shape == (48, 64, 3)
        assert frame.picture.dtype == np.uint8
        white = (frame.picture[-4, :, :].min(axis=-1) > 128).sum()
        assert abs(white - 4 * number) <= 1
        assert frame.picture[4, 4, 0] > 200 > 60 > frame.picture[4, 4, 1]


def test_every_nth_frame_keeps_its_number(make_video, tmp_path):
    frames = _read(make_video(tmp_path / "a.mp4", 10), every=4)
    assert [frame.number for frame in frames] == [0, 4, 8]
    np.testing.assert_allclose([frame.time_s for frame in frames], [0, 0.16, 0.32], atol=1e-6)


# ISO 14496-12: a, b, u, c, d, v, x, y, w take (x, y) to (a x + c y + x, b x + d y + y); 16.16 fixed point
TURNED = {
    "clockwise": ((0, 1, -1, 0, 48, 0), "top right", (64, 48)),
    "half": ((-1, 0, 0, -1, 64, 48), "bottom right", (48, 64)),
    "counter-clockwise": ((0, -1, 1, 0, 0, 64), "bottom left", (64, 48)),
}


@pytest.mark.parametrize("turn", TURNED)
def test_the_turn_that_the_file_asks_for_is_done(make_video, turn, tmp_path):
    (a, b, c, d, x, y), corner, shape = TURNED[turn]
    data = bytearray(make_video(tmp_path / "a.mp4", 2).read_bytes())
    start = data.find(b"tkhd") + 4 + 40  # behind version, times, numbers, duration, layer and volume
    assert struct.unpack(">9i", data[start : start + 36]) == (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    fixed = [value << 16 for value in (a, b)] + [0] + [value << 16 for value in (c, d)] + [0, x << 16, y << 16, 1 << 30]
    data[start : start + 36] = struct.pack(">9i", *fixed)
    (tmp_path / "turned.mp4").write_bytes(data)
    picture = _read(tmp_path / "turned.mp4")[0].picture
    assert picture.shape[:2] == shape
    row, column = (4 if "top" in corner else -5), (4 if "left" in corner else -5)
    red = (picture[..., 0] > 200) & (picture[..., 1] < 60)
    assert red[row, column]
    assert red.mean() == pytest.approx(1 / 9, abs=0.02)


def test_playlists_open_nothing(make_video, tmp_path):
    """A name of a video with a list of other files in it: they are not opened."""
    video = make_video(tmp_path / "a.mp4", 3)
    playlists = {
        "hls.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{video}\n#EXT-X-ENDLIST\n",
        "concat.mp4": f"ffconcat version 1.0\nfile '{video}'\n",
    }
    for name, text in playlists.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(PictureError, match="no video that can be read"):
            _read(tmp_path / name)


def test_what_cannot_be_read_is_said_in_a_line(make_video, tmp_path):
    good = make_video(tmp_path / "a.mp4", 10).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(good[: len(good) // 2])
    (tmp_path / "text.mp4").write_text("hello")
    os.mkfifo(tmp_path / "pipe.mp4")
    for name in ("cut.mp4", "text.mp4", "pipe.mp4", "missing.mp4", ""):
        with pytest.raises(PictureError) as caught:
            _read(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_damage_in_the_middle_gives_what_is_before_it(make_video, tmp_path):
    path = make_video(tmp_path / "a.mkv", 60)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    numbers = []
    with open_video(path) as video:
        frames = video.read()
        with contextlib.suppress(PictureError):  # some formats cannot tell an end from a damage
            while (frame := next(frames, None)) is not None:
                numbers.append(frame.number)
    assert numbers == list(range(len(numbers)))
    assert 0 < len(numbers) < 60


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6), st.integers(0, 9_999))
def test_whatever_is_damaged_is_read_or_refused(make_video, tmp_path_factory, changes, length):
    folder = tmp_path_factory.getbasetemp()
    if not (folder / "sound.mp4").exists():
        make_video(folder / "sound.mp4", 4)
    data = bytearray((folder / "sound.mp4").read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    path = folder / "damaged.mp4"
    path.write_bytes(data[:length] if length < len(data) else data)
    with contextlib.suppress(PictureError):
        assert all(frame.picture.shape[2] == 3 for frame in _read(path))
