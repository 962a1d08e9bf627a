"""Pictures are written again only when nobody has them any more."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="needs numba")

from synhead_tools.rendering.cpu import picture_room
from synhead_tools.rendering.cpu.aligned import aligned_copy, aligned_zeros
from synhead_tools.rendering.cpu.picture_room import PictureRoom


def holders():
    """What may be left of a picture: all of it, one array, a view, a view in another shape."""
    return (lambda p: p, lambda p: p.alpha, lambda p: p.depth_m[2:], lambda p: p.image.reshape(4, 6, 3)[::-1])


@pytest.mark.parametrize("hold", holders())
def test_pictures_that_somebody_has_are_left_alone(hold):
    room = PictureRoom()
    pictures = room.blank(4, 6)
    addresses = [array.ctypes.data for array in pictures]
    held = hold(pictures)
    del pictures
    other = room.blank(4, 6)
    assert all(array.ctypes.data not in addresses for array in other)
    del held, other
    assert room.blank(4, 6).image.ctypes.data in addresses


def test_what_is_used_again_is_blank():
    room = PictureRoom()
    pictures = room.blank(3, 5)
    address = pictures.alpha.ctypes.data
    for array in pictures:
        array.fill(7)
    del array, pictures
    again = room.blank(3, 5)
    assert again.alpha.ctypes.data == address
    assert not any(array.any() for array in again[:4])
    assert (again.triangle_id == -1).all()
    assert room.blank(5, 3).alpha.shape == (5, 3)


def test_large_pictures_are_not_kept(monkeypatch):
    monkeypatch.setattr(picture_room, "MAX_KEPT_BYTES", 13 * 100)
    room = PictureRoom()
    kept = [room.blank(5, 10) for _ in range(5)]
    assert len(room._kept) == 2
    del kept


def test_frames_of_a_list_differ(cpu, egg, make_camera, white_light):
    places = [np.array([x, 0.0, 1.0]) for x in (-0.05, 0.0, 0.05)]
    frames = [cpu.render(egg, np.eye(3), place, make_camera(32), white_light) for place in places]
    alone = [cpu.render(egg, np.eye(3), place, make_camera(32), white_light).alpha.copy() for place in places]
    for frame, alpha in zip(frames, alone, strict=True):
        np.testing.assert_array_equal(frame.alpha, alpha)


@pytest.mark.parametrize("count", [0, 1, 17, 4096])
def test_aligned_arrays_begin_on_a_line(count):
    array = aligned_zeros(count, np.float32)
    assert array.shape == (count,)
    assert not array.any()
    assert array.ctypes.data % 64 == 0 or count == 0
    copy = aligned_copy(np.arange(12.0).reshape(3, 4).T)
    np.testing.assert_array_equal(copy, np.arange(12.0).reshape(3, 4).T)
    assert copy.flags.c_contiguous
    assert copy.ctypes.data % 64 == 0
