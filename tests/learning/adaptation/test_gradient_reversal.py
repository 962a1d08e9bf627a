import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from synhead_tools.learning.adaptation.gradient_reversal import reverse_gradient


@settings(max_examples=10, deadline=None)
@given(st.floats(0, 5), st.integers(0, 1000))
def test_forward_is_identity_and_backward_is_minus_lambda_times_the_closed_form(scale, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(4, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(3, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    features = torch.tanh(x)
    reversed_features = reverse_gradient(features, torch.tensor(scale, dtype=torch.float64))
    assert torch.equal(reversed_features, features)
    (reversed_features @ weight).pow(2).sum().backward()
    # d/dF sum (F W)^2 = 2 F W W^T ; d tanh = 1 - tanh^2
    plain = 2 * features @ weight @ weight.T * (1 - features**2)
    torch.testing.assert_close(x.grad, -scale * plain)
    # what lies behind the reversal learns at full strength, in the right direction
    torch.testing.assert_close(weight.grad, 2 * features.T @ features @ weight)
