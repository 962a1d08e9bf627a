import numpy as np

from synhead_tools.rendering.looks.streams import stream


def test_the_first_four_are_the_children_of_the_seed():
    children = [np.random.default_rng(s) for s in np.random.SeedSequence(77).spawn(4)]
    for name, child in zip(("place", "light", "background", "expression"), children, strict=True):
        np.testing.assert_array_equal(stream(77, name).random(5), child.random(5))


def test_names_and_seeds_have_streams_of_their_own():
    names = ("place", "light", "background", "expression", "tint", "glasses", "noise of sensor")
    firsts = {stream(seed, name).random() for name in names for seed in (0, 1, 2**63)}
    assert len(firsts) == 3 * len(names)
    assert stream(5, "tint").random() == stream(np.uint64(5), "tint").random()
