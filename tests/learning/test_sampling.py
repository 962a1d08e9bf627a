import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from synhead_tools.errors import TrainingError
from synhead_tools.learning.sampling import IndexStream, named_generator, stream_seed, systematic_epoch


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=40).filter(any), st.integers(1, 200), st.integers(0, 99))
def test_every_sample_comes_in_proportion_to_its_weight(weights, count, seed):
    weights = torch.tensor(weights)
    index = systematic_epoch(weights, count, named_generator(seed))
    drawn = torch.bincount(index, minlength=len(weights))
    expected = count * weights.double() / weights.sum()
    assert drawn.sum() == count
    assert ((drawn - expected).abs() < 1 + 1e-9).all()
    assert (drawn[weights == 0] == 0).all()


@pytest.mark.parametrize("weight", [1.0, 48.0, 0.1])
def test_equal_weights_give_a_permutation_even_of_many(weight):
    n = 300_000  # float32 sums would lose some of them
    index = systematic_epoch(torch.full((n,), weight, dtype=torch.float64), n, named_generator(0))
    assert torch.equal(index.sort().values, torch.arange(n))
    assert not torch.equal(index[:10], torch.arange(10))


@pytest.mark.parametrize("weights", [[0.0, 0.0], [1.0, -1.0], [1.0, float("nan")], [1.0, float("inf")]])
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(TrainingError, match="weights"):
        systematic_epoch(torch.tensor(weights), 3, named_generator(0))


def test_stream_goes_through_all_samples_before_any_comes_again():
    stream = IndexStream(torch.ones(10), named_generator(3))
    taken = torch.cat([stream.take(4) for _ in range(5)])
    assert torch.equal(taken[:10].sort().values, torch.arange(10))
    assert torch.equal(taken[10:].sort().values, torch.arange(10))


def test_named_streams_are_apart_and_repeatable():
    assert stream_seed(0, "a") == stream_seed(0, "a")
    assert len({stream_seed(s, n) for s in (0, 1) for n in ("a", "b")}) == 4
