import numpy as np

from synhead_tools.geometry.pose_laws import uniform_rotations
from synhead_tools.geometry.pose_laws.streams import pose_rng
from synhead_tools.rendering.plan import RenderPlan


def test_a_stream_is_a_function_of_seed_and_law():
    first = {(seed, law): pose_rng(seed, law).random() for seed in (0, 1, 2**40) for law in ("uniform", "like")}
    assert len(set(first.values())) == 6
    assert first[0, "like"] == pose_rng(0, "like").random()


def test_it_is_none_of_the_streams_of_samples():
    """Neither by number of the sample, nor by what its seed spawns."""
    plan = RenderPlan(("f01",), uniform_rotations(300, np.random.default_rng(0)), seed=5)
    ours = {int(pose_rng(5, law).integers(2**63)) for law in ("uniform", "biwi-like", "like")}
    seen = set()
    for index in range(300):
        seed = plan.sample_seed(index)
        sequences = [np.random.SeedSequence((5, index)), np.random.SeedSequence(seed)]
        sequences += np.random.SeedSequence(5).spawn(1) + np.random.SeedSequence(seed).spawn(8)
        seen |= {int(np.random.default_rng(sequence).integers(2**63)) for sequence in sequences}
    assert len(seen) > 2000
    assert not seen & ours
