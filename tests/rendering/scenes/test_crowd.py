import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synhead_tools.geometry.boxes import face_box_xyxy
from synhead_tools.rendering.scenes.crowd import INSIDE_SHARE, OVERLAP_SHARE, Place, draw_places, position_m


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 3), st.integers(0, 9), st.sampled_from([(640, 640), (320, 200)]))
def test_faces_keep_to_their_ranges_and_leave_each_other_room(seed, fewest, more, size_px):
    places = draw_places(np.random.default_rng(seed), size_px, (fewest, fewest + more), (16.0, 150.0))
    assert fewest <= len(places) <= fewest + more
    sides = [place.side_px for place in places]
    assert sides == sorted(sides, reverse=True)
    assert all(16 <= side <= 150 for side in sides)
    for place in places:
        for at, length in zip(place.centre_px, size_px, strict=True):
            inside = min(at + place.side_px / 2, length) - max(at - place.side_px / 2, 0)
            assert inside >= INSIDE_SHARE * place.side_px - 1e-9
    if fewest == 0:
        for k, one in enumerate(places):
            for other in places[:k]:
                assert _common(one, other) <= OVERLAP_SHARE * min(one.side_px, other.side_px) ** 2 + 1e-6


def _common(one, other):
    sides = []
    for a, b in zip(one.centre_px, other.centre_px, strict=True):
        low, high = max(a - one.side_px / 2, b - other.side_px / 2), min(a + one.side_px / 2, b + other.side_px / 2)
        sides.append(max(high - low, 0))
    return sides[0] * sides[1]


def test_sizes_are_even_over_their_logarithm_and_few_faces_are_commoner_than_many():
    rng = np.random.default_rng(0)
    scenes = [draw_places(rng, (640, 640), (0, 12), (16.0, 406.0)) for _ in range(3000)]
    counts = np.bincount([len(scene) for scene in scenes], minlength=13)
    assert counts[1] > counts[3] > counts[6] > 0
    assert counts[12] > 0
    assert counts[0] == pytest.approx(180, abs=50)
    logs = np.log([place.side_px for scene in scenes for place in scene])
    shares = np.histogram(logs, np.log([16, 36, 81, 181, 406]))[0] / len(logs)
    assert shares.min() > 0.08


def test_the_face_box_of_the_position_is_at_the_place():
    place, focal_px = Place((100.0, 420.0), 80.0), 700.0
    rng = np.random.default_rng(4)
    for rotmat in (np.eye(3), *(np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(3))):
        rotmat = rotmat * np.sign(np.linalg.det(rotmat))
        at_m = position_m(place, rotmat, focal_px, (320.0, 240.0))
        intrinsics = np.array([[focal_px, 0, 320.0], [0, focal_px, 240.0], [0, 0, 1]])
        box = face_box_xyxy(rotmat[None], at_m[None], intrinsics[None])[0]
        assert (box[:2] + box[2:]) / 2 == pytest.approx(place.centre_px, abs=0.01)
        assert box[2] - box[0] == pytest.approx(place.side_px, rel=0.01)
