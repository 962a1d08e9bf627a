import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synhead_tools.geometry.boxes import face_box_xyxy
from synhead_tools.geometry.pose_laws import biwi_like_rotations
from synhead_tools.matching.in_plane import turn_about_optical_axis
from synhead_tools.matching.margins import crop_stays_inside
from synhead_tools.matching.turn_picture import turn_picture
from synhead_tools.rendering.plan import RenderPlan

SIZE = 96
PRINCIPAL = np.array([[SIZE / 2, SIZE / 2]])


def _shows_an_empty_corner(box, turn_deg):
    """Turn a picture that is full everywhere; look at every pixel whose centre is in the crop."""
    full = turn_picture(np.full((SIZE, SIZE), 255, np.uint8), turn_deg, PRINCIPAL[0], smooth=False)
    centres = np.arange(SIZE) + 0.5
    columns, rows = (np.flatnonzero((centres > box[i]) & (centres < box[i + 2])) for i in (0, 1))
    beyond = box[0] < 0 or box[1] < 0 or box[2] > SIZE or box[3] > SIZE
    return beyond or (full[np.ix_(rows, columns)] == 0).any()


@settings(max_examples=200, deadline=None)
@given(
    x=st.floats(20, 76), y=st.floats(20, 76), half=st.floats(4, 40), turn_deg=st.floats(-180, 180),
)  # fmt: skip
def test_the_rule_agrees_with_every_pixel(x, y, half, turn_deg):
    box = np.array([x - half, y - half, x + half, y + half])
    whole = crop_stays_inside(box[None], [turn_deg], PRINCIPAL, SIZE, SIZE)[0]
    if whole and (box >= 0).all() and (box <= SIZE).all():
        assert not _shows_an_empty_corner(box, turn_deg)
    if _shows_an_empty_corner(box + [1.5, 1.5, -1.5, -1.5], turn_deg) and (box >= 0).all() and (box <= SIZE).all():
        assert not whole  # more than a pixel of it is empty


@pytest.mark.parametrize("size_px", [SIZE])
def test_default_pictures_have_the_margin_for_any_turn(size_px):
    plan = RenderPlan(("f01",), biwi_like_rotations(300, np.random.default_rng(2)), size_px=size_px)
    intrinsics, place = plan.camera().intrinsics, plan.sample(0).translation_m
    turns = np.linspace(-180, 180, len(plan))
    turn = turn_about_optical_axis(turns)
    boxes = face_box_xyxy(turn @ plan.rotmats, turn @ place, np.tile(intrinsics, (len(plan), 1, 1)))
    assert crop_stays_inside(boxes, turns, np.tile(PRINCIPAL, (len(plan), 1)), size_px, size_px).all()
    for box, turn_deg in zip(boxes, turns, strict=True):
        assert not _shows_an_empty_corner(box, float(turn_deg))
