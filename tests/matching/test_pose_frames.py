import numpy as np
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.open import open_any
from synhead_tools.geometry.boxes import face_box_xyxy
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.pose_laws import biwi_like_rotations
from synhead_tools.geometry.projection import intrinsics_from_fov
from synhead_tools.matching.in_plane import match_in_plane, turn_about_optical_axis
from synhead_tools.matching.pose_frames import read_rotations, rotations_in_frame

K = intrinsics_from_fov(640, 480, 50.0)


def _heads_off_the_axis(n, seed):
    rng = np.random.default_rng(seed)
    rotmat = biwi_like_rotations(n, rng)
    place_m = np.stack([*rng.uniform(-0.2, 0.2, (2, n)), rng.uniform(0.6, 1.2, n)], axis=1)
    return rotmat, place_m


def test_turning_the_picture_turns_what_its_crop_shows_as_well():
    """The box goes with the picture: R_ray of the turned frame is Rz R_ray, so the best turn is found as before."""
    rotmat, place_m = _heads_off_the_axis(40, 0)
    turn = turn_about_optical_axis(np.linspace(-170, 170, 40))
    shown = rotations_in_frame(rotmat, "ray", K, face_box_xyxy(rotmat, place_m, K))
    turned, turned_place_m = turn @ rotmat, (turn @ place_m[..., None])[..., 0]
    shown_turned = rotations_in_frame(turned, "ray", K, face_box_xyxy(turned, turned_place_m, K))
    assert geodesic_distance_deg(turn @ shown, shown_turned).max() < 1e-6
    assert geodesic_distance_deg(shown, rotmat).min() > 0.5


def test_matching_in_the_ray_frame_makes_crops_alike():
    rotmat, place_m = _heads_off_the_axis(400, 1)
    box = face_box_xyxy(rotmat, place_m, K)
    shown = rotations_in_frame(rotmat, "ray", K, box)
    index, in_plane_deg, residual_deg = match_in_plane(shown[:300], shown[300:])
    turn = turn_about_optical_axis(in_plane_deg)
    turned, turned_place_m = turn @ rotmat[index], (turn @ place_m[index][..., None])[..., 0]
    again = rotations_in_frame(turned, "ray", K, face_box_xyxy(turned, turned_place_m, K))
    assert np.abs(geodesic_distance_deg(again, shown[300:]) - residual_deg).max() < 1e-6


def test_the_camera_frame_takes_rotations_as_they_are():
    rotmat, _ = _heads_off_the_axis(3, 2)
    assert (rotations_in_frame(rotmat) == rotmat).all()


def test_what_is_missing_is_named():
    with pytest.raises(LabelFormatError, match="known: camera, ray"):
        rotations_in_frame(np.eye(3)[None], "world")
    with pytest.raises(LabelFormatError, match="need intrinsics"):
        rotations_in_frame(np.eye(3)[None], "ray")


@pytest.mark.real
def test_biwi_plus_crops_show_other_rotations_than_the_labels_say(real_data):
    target = open_any(real_data / "biwi_plus" / "Biwi_plus.npz")
    camera, ray = read_rotations(target), read_rotations(target, "ray")
    difference_deg = geodesic_distance_deg(camera, ray)
    assert difference_deg.mean() == pytest.approx(6.75, abs=0.05)
    assert (read_rotations(target, "ray", np.array([5, 9])) == ray[[5, 9]]).all()
    assert 16 < difference_deg.max() < 18
