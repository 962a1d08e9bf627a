import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from synhead_tools.geometry.euler import euler_from_rotmat, rotmat_from_euler
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pictures.augment_geometry import (
    CropJitter,
    draw_jitter,
    jitter_euler_deg,
    jitter_pictures,
    no_jitter,
)
from synhead_tools.learning.sampling import named_generator
from tests.learning.conftest import draw_ball

MIRROR = np.diag([-1.0, 1.0, 1.0])


def _jitter(turn_deg=0.0, mirror=1.0, scale=1.0, shift=(0.0, 0.0)):
    return CropJitter(*(torch.tensor([float(v)]) for v in (scale, *shift, turn_deg, mirror)))


@settings(max_examples=25, deadline=None)
@given(st.floats(-80, 80), st.floats(-80, 80), st.floats(-80, 80), st.floats(-40, 40), st.booleans())
def test_label_rule_equals_mirroring_and_turning_the_rotation(pitch, yaw, roll, turn, mirrored):
    rotmat = rotmat_from_euler([pitch, yaw, roll], "biwi+")
    if mirrored:
        rotmat = MIRROR @ rotmat @ MIRROR
    rotmat = Rotation.from_euler("z", -turn, degrees=True).as_matrix() @ rotmat
    angles = torch.tensor([[pitch, yaw, roll]], dtype=torch.float64)
    ruled = jitter_euler_deg(angles, _jitter(turn, -1.0 if mirrored else 1.0))
    np.testing.assert_allclose(ruled.numpy()[0], euler_from_rotmat(rotmat, "biwi+"), atol=1e-4)


def _drawn(euler_deg, jitter):
    """A toy crop of 1.5 boxes, jittered to 64 px."""
    colour, _ = draw_ball(rotmat_from_euler(euler_deg, "biwi+"), (48.0, 48.0), 24.0, 96)
    return jitter_pictures(torch.from_numpy(colour)[None], jitter, 64, 1.5)[0].permute(1, 2, 0).numpy()


def _difference(first, second):
    return np.abs(first - second).mean() * 255


@settings(max_examples=8, deadline=None)
@given(st.floats(-25, 25), st.floats(-40, 40), st.floats(-30, 30), st.floats(-40, 40), st.booleans())
def test_a_jittered_picture_shows_what_its_label_says(pitch, yaw, roll, turn, mirrored):
    """Draw, then mirror and turn the picture; or draw the pose that the label rule gives: the same picture."""
    jitter = _jitter(turn, -1.0 if mirrored else 1.0)
    label = jitter_euler_deg(torch.tensor([[pitch, yaw, roll]]), jitter)[0].double().numpy()
    changed, redrawn = _drawn([pitch, yaw, roll], jitter), _drawn(label, _jitter())
    assert _difference(changed, redrawn) < 1.6


def test_a_wrong_label_rule_would_show():
    changed = _drawn([5.0, 20.0, 10.0], _jitter(turn_deg=15.0))
    assert _difference(changed, _drawn([5.0, 20.0, 25.0], _jitter())) < 1.6
    assert _difference(changed, _drawn([5.0, 20.0, -5.0], _jitter())) > 4.0
    mirrored = _drawn([5.0, 20.0, 10.0], _jitter(mirror=-1.0))
    assert _difference(mirrored, _drawn([5.0, -20.0, -10.0], _jitter())) < 1.6
    assert _difference(mirrored, _drawn([5.0, 20.0, 10.0], _jitter())) > 4.0


def test_counter_clockwise_is_counter_clockwise():
    picture = torch.zeros(1, 48, 48, 3, dtype=torch.uint8)
    picture[0, 23:25, 34:36] = 255  # right of the centre
    turned = jitter_pictures(picture, _jitter(turn_deg=45.0), 32, 1.5)[0, 0]
    row, column = divmod(int(turned.argmax()), 32)
    assert row < 12
    assert column > 19


def test_without_jitter_the_middle_is_copied_exactly():
    picture = torch.randint(0, 256, (3, 48, 48, 4), dtype=torch.uint8, generator=named_generator(0))
    cut = jitter_pictures(picture, no_jitter(3), 32, 1.5)
    torch.testing.assert_close(cut.permute(0, 2, 3, 1), picture[:, 8:40, 8:40] / 255.0, atol=1e-5, rtol=0)


def test_scale_and_shift_move_a_mark_as_they_say():
    axis = np.arange(96) + 0.5
    x, y = 60.0, 40.0  # 12 px right of and 8 px above the centre of a box of 64 px
    spot = 255 * np.exp(-((axis[None] - x) ** 2 + (axis[:, None] - y) ** 2) / 8)
    picture = torch.from_numpy(np.repeat(spot[..., None], 3, -1).astype(np.uint8))[None]
    cut = jitter_pictures(picture, _jitter(scale=1.25, shift=(0.1, -0.05)), 64, 1.5)[0, 0].numpy()
    axis = np.arange(64) + 0.5
    found = np.array([(cut.sum(0) * axis).sum(), (cut.sum(1) * axis).sum()]) / cut.sum()
    expected = 32 + (np.array([12.0, -8.0]) - 32 * np.array([0.1, -0.05])) / 1.25
    np.testing.assert_allclose(found, expected, atol=0.1)


def test_outside_is_transparent_with_alpha_and_repeated_without():
    far = _jitter(shift=(2.0, 0.0))
    assert not jitter_pictures(torch.full((1, 48, 48, 4), 9, dtype=torch.uint8), far, 32, 1.5)[..., 20:].any()
    assert (jitter_pictures(torch.full((1, 48, 48, 3), 255, dtype=torch.uint8), far, 32, 1.5) > 0.99).all()


def test_draws_keep_their_law_and_repeat():
    config = TrainConfig(turn_deg=12.0, flip_probability=0.25)
    first, again = (draw_jitter(4000, config, named_generator(5)) for _ in range(2))
    assert torch.equal(first.scale, again.scale)
    assert first.turn_deg.abs().max() <= 12
    assert abs(float((first.mirror < 0).float().mean()) - 0.25) < 0.03
    assert first.shift_x.abs().max() <= 2 * config.crop_shift_jitter + 1e-6
    assert abs(float(first.scale.log().std()) - 0.07 * 0.959) < 0.003  # clamping at two deviations leaves 0.959
