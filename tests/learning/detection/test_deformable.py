import numpy as np
import pytest
import torch
import torch.nn.functional as F

from synhead_tools.learning.detection.deformable import DeformableConv2d, deformable_conv2d, slow_parameters


def read(picture, y, x):
    """Bilinear sample of (H, W) with zeros around, straight from its definition."""
    total = 0.0
    for row in (int(np.floor(y)), int(np.floor(y)) + 1):
        for column in (int(np.floor(x)), int(np.floor(x)) + 1):
            if 0 <= row < picture.shape[0] and 0 <= column < picture.shape[1]:
                total += picture[row, column] * (1 - abs(y - row)) * (1 - abs(x - column))
    return total


def slow(x, offset, weight, mask, stride, padding, dilation):
    """Every output as a sum over channels and taps, one number at a time."""
    n, channels = x.shape[:2]
    n_out, per_group, kh, kw = weight.shape
    groups, moved = channels // per_group, offset.shape[1] // (2 * kh * kw)
    out = np.zeros((n, n_out, *offset.shape[2:]))
    for b, o, i, j in np.ndindex(out.shape):
        first = o // (n_out // groups) * per_group
        for c in range(per_group):
            channel = first + c
            g = channel // (channels // moved)
            for tap in range(kh * kw):
                dy, dx = offset[b, 2 * (g * kh * kw + tap) : 2 * (g * kh * kw + tap) + 2, i, j]
                y = i * stride - padding + tap // kw * dilation + dy
                at_x = j * stride - padding + tap % kw * dilation + dx
                factor = 1.0 if mask is None else mask[b, g * kh * kw + tap, i, j]
                out[b, o, i, j] += weight[o, c, tap // kw, tap % kw] * factor * read(x[b, channel], y, at_x)
    return out


def case(stride=1, padding=1, dilation=1, groups=1, moved=1, size=(5, 4), spread=2.0, kernel=(3, 3), masked=True):
    rng = np.random.default_rng(0)
    h, w = ((s + 2 * padding - dilation * (k - 1) - 1) // stride + 1 for s, k in zip(size, kernel, strict=True))
    taps = kernel[0] * kernel[1]
    x = rng.normal(size=(2, 4, *size))
    offset = spread * rng.normal(size=(2, 2 * taps * moved, h, w))
    weight = rng.normal(size=(6, 4 // groups, *kernel))
    mask = rng.uniform(0, 2, size=(2, taps * moved, h, w)) if masked else None
    return (x, offset, weight, mask), {"stride": stride, "padding": padding, "dilation": dilation}


@pytest.mark.parametrize(
    "options",
    [
        {}, {"stride": 2}, {"padding": 2, "dilation": 2}, {"groups": 2}, {"moved": 2, "groups": 2}, {"spread": 30.0},
        {"size": (1, 5)}, {"size": (1, 1)}, {"kernel": (1, 3), "padding": 1}, {"masked": False, "size": (8, 3)},
    ],
    ids=str,
)  # fmt: skip
def test_it_is_the_sum_over_moved_taps(options):
    arrays, settings = case(**options)
    tensors = [None if array is None else torch.from_numpy(array) for array in arrays]
    expected = slow(*arrays, **settings)
    np.testing.assert_allclose(deformable_conv2d(*tensors, **settings), expected, rtol=1e-12, atol=1e-12)
    single = [None if t is None else t.float() for t in tensors]
    np.testing.assert_allclose(deformable_conv2d(*single, **settings), expected, rtol=2e-4, atol=2e-4)


def test_without_offsets_it_is_a_plain_convolution_to_the_last_bit():
    """Whole numbers add up without rounding in whatever order, so that any difference is one of sampling."""
    generator = torch.Generator().manual_seed(1)
    for size in ((7, 5), (20, 33), (1, 9), (160, 13)):
        layer = DeformableConv2d(3, 4)
        layer.weight.data = torch.randint(-3, 4, layer.weight.shape, generator=generator).float()
        x = torch.randint(-9, 10, (2, 3, *size), generator=generator).float()
        assert torch.equal(layer(x), F.conv2d(x, layer.weight, padding=1))
    stepping = DeformableConv2d(3, 4, stride=2)
    stepping.weight.data.round_()
    x = torch.randint(-9, 10, (1, 3, 11, 8), generator=generator).float()
    assert torch.equal(stepping(x), F.conv2d(x, stepping.weight, stride=2, padding=1))


def test_without_offsets_real_numbers_differ_by_the_order_of_sums_alone():
    torch.manual_seed(0)
    layer = DeformableConv2d(16, 8).double()
    x = torch.randn(1, 16, 21, 30, dtype=torch.float64)
    torch.testing.assert_close(layer(x), F.conv2d(x, layer.weight, padding=1), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("options", [{}, {"stride": 2, "moved": 2}, {"size": (1, 4)}], ids=str)
def test_gradients_are_those_of_finite_differences(options):
    (x, offset, weight, mask), settings = case(spread=0.3, **{"size": (3, 3), **options})
    offset = offset - np.round(offset) * 0.5 + 0.17  # away from whole pixels, where the slope jumps
    inputs = [torch.from_numpy(array[:1] if array is not weight else array).requires_grad_() for array in
              (x, offset, weight, mask)]  # fmt: skip
    assert torch.autograd.gradcheck(lambda *t: deformable_conv2d(*t, **settings), inputs, atol=1e-6)


def test_it_learns_to_look_aside():
    """A picture moved by two pixels: a plain convolution of one tap cannot follow, moved taps can."""
    torch.manual_seed(0)
    x = F.avg_pool2d(torch.randn(4, 1, 20, 20), 5, 1, 2) * 3
    wanted = torch.roll(x, 2, dims=3)
    layer = DeformableConv2d(1, 1)
    layer.weight.data.zero_()
    layer.weight.data[0, 0, 1, 1] = 1.0
    layer.weight.requires_grad_(False)
    optimiser = torch.optim.Adam(slow_parameters(layer), lr=0.05)
    losses = []
    for _ in range(60):
        loss = (layer(x) - wanted)[..., 4:-4].square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]
    assert layer.offset.bias[9].item() < -0.5  # x of the middle tap: to the left
