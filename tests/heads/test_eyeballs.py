import numpy as np
import pytest

from synhead_tools.heads.assets import load_geometry
from synhead_tools.heads.eyeballs import eye_centres, place_eyeballs, pupils
from synhead_tools.heads.morph import macro_weights, morph

REST = load_geometry().vertices_dm
OLD_MAN = morph(macro_weights(1.0, 80.0, {"asian": 1.0}, 0.5, 0.8))


@pytest.mark.parametrize("vertices", [REST, OLD_MAN], ids=["rest", "old man"])
def test_eyeballs_sit_round_in_the_sockets_and_look_ahead(vertices):
    balls = place_eyeballs(vertices, vertices)
    for centre, pupil in zip(eye_centres(vertices), pupils(vertices, vertices), strict=True):
        ball = balls[np.sign(balls[:, 0]) == np.sign(centre[0])]
        radius = np.linalg.norm(ball - centre, axis=1)
        assert 0.10 < radius.min() < radius.max() < 0.17  # dm; the front is flattened where the iris lies
        assert np.allclose(pupil[:2], centre[:2], atol=0.005)
        assert 0.10 < pupil[2] - centre[2] < 0.17


def test_eyeballs_are_moved_and_scaled_but_never_deformed():
    rest, man = place_eyeballs(REST, REST), place_eyeballs(OLD_MAN, OLD_MAN)
    left = rest[:, 0] > 0
    for side in (left, ~left):
        before, after = (np.linalg.norm(balls[side] - balls[side][0], axis=1)[1:] for balls in (rest, man))
        assert np.ptp(after / before) < 1e-9


def test_a_turn_of_the_helper_spheres_turns_the_balls():
    angle = np.radians(20)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    looking = REST.copy()
    for sphere in (load_geometry().right_eye_vertices, load_geometry().left_eye_vertices):
        centre = REST[sphere].mean(axis=0)
        looking[sphere] = centre + (REST[sphere] - centre) @ turn.T
    for centre, pupil in zip(eye_centres(REST), pupils(looking, REST), strict=True):
        assert np.degrees(np.arctan2(*(pupil - centre)[[0, 2]])) == pytest.approx(20, abs=0.5)
