import numpy as np
import torch

from synhead_tools.learning.pictures.augment_colour import augment_colour, standardise
from synhead_tools.learning.pictures.backgrounds import composite, draw_backgrounds
from synhead_tools.learning.sampling import named_generator


def _pictures(n=64):
    return torch.rand(n, 3, 32, 32, generator=named_generator(1))


def test_strength_zero_changes_nothing_and_strength_one_changes_all_within_range():
    pictures = _pictures()
    assert torch.equal(augment_colour(pictures, 0.0, named_generator(0)), pictures)
    changed = augment_colour(pictures, 1.0, named_generator(0))
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert ((changed - pictures).abs().mean(dim=(1, 2, 3)) > 0.01).all()
    assert torch.equal(changed, augment_colour(pictures, 1.0, named_generator(0)))


def test_faces_stay_recognisable():
    """Brightness order survives: the picture and its augmentation are clearly correlated in nearly every sample."""
    smooth = torch.nn.functional.interpolate(_pictures()[..., :6, :6], size=(32, 32), mode="bilinear")
    changed = augment_colour(smooth, 1.0, named_generator(0))
    pairs = zip(smooth.mean(1).flatten(1).numpy(), changed.mean(1).flatten(1).numpy(), strict=True)
    correlation = [np.corrcoef(a, b)[0, 1] for a, b in pairs]
    assert np.quantile(correlation, 0.1) > 0.5


def test_standardise_is_imagenets():
    white = standardise(torch.ones(1, 3, 2, 2))
    np.testing.assert_allclose(white[0, :, 0, 0], [(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225])
    assert white.is_contiguous(memory_format=torch.channels_last)


def test_backgrounds_vary_between_and_within_samples():
    drawn = draw_backgrounds(64, 32, named_generator(0))
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    assert drawn.mean(dim=(2, 3)).std(dim=0).min() > 0.1
    within = drawn.std(dim=(2, 3)).mean(dim=1)
    assert within.min() < 0.08  # plain walls
    assert within.max() > 0.15  # scenes with edges


def test_composite_is_the_premultiplied_over_rule():
    pixel = torch.tensor([0.1, 0.2, 0.3, 0.25]).view(1, 4, 1, 1)
    out = composite(pixel, torch.tensor([0.4, 0.8, 1.0]).view(1, 3, 1, 1))
    torch.testing.assert_close(out.flatten(), torch.tensor([0.1 + 0.3, 0.2 + 0.6, 1.0]))
