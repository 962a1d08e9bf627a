import torch

from synhead_tools.learning.pictures.augment_context import turn_context
from synhead_tools.learning.pictures.augment_geometry import jitter_pictures, no_jitter


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def _changed(stored, largest_deg=40.0, margin=1.5, side=32):
    jitter = no_jitter(len(stored))
    before = jitter_pictures(stored, jitter, side, margin)
    return before, turn_context(before, stored, jitter, margin, largest_deg, _generator())


def _halves(n):
    """White above the middle, black below: whatever is turned shows it."""
    stored = torch.zeros(n, 48, 48, 3, dtype=torch.uint8)
    stored[:, :24] = 255
    return stored


def test_every_second_picture_changes_and_never_in_the_middle():
    before, after = _changed(_halves(400))
    same = (after - before).abs().flatten(1).amax(1) < 1e-5
    assert 0.4 < same.float().mean() < 0.6
    torch.testing.assert_close(after[:, :, 12:20, 12:20], before[:, :, 12:20, 12:20])


def test_surroundings_are_turned_by_angles_even_up_to_the_largest():
    """Colour rises to the right; the top right corner, turned by t, reads what was sqrt(2) sin(t + 45) right of it."""
    ramp = torch.arange(48).float() * 5
    stored = ramp[None, None, :, None].expand(600, 48, 48, 3).to(torch.uint8)
    before, after = _changed(stored, side=64)
    changed = (after - before).abs().flatten(1).amax(1) > 1e-3
    right = (after[changed, 0, 0, -1] * 255 / 5 - 23.5) / 16  # in half box sides, of which the crop has 1.5
    turn_deg = torch.rad2deg(torch.asin(right / (63 / 64) / 2**0.5)) - 45
    assert 35 < turn_deg.abs().max() < 42
    assert abs(float((turn_deg.abs() < 20).float().mean()) - 0.5) < 0.1
    assert abs(float((turn_deg > 0).float().mean()) - 0.5) < 0.1


def test_alpha_is_turned_with_its_colour():
    stored = torch.cat([_halves(20), _halves(20)[..., :1]], dim=-1)
    _, after = _changed(stored)
    torch.testing.assert_close(after[:, 0], after[:, 3])


def test_no_turn_draws_nothing():
    stored, generator = _halves(3), _generator(4)
    before = generator.get_state()
    pictures = torch.rand(3, 3, 32, 32)
    assert turn_context(pictures, stored, no_jitter(3), 1.5, 0.0, generator) is pictures
    assert torch.equal(before, generator.get_state())
