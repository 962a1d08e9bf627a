import numpy as np

from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.pose_laws.smooth_track import smooth_track


def test_tracks_are_smooth_and_seeded():
    track = smooth_track(200, np.random.default_rng(5))
    assert geodesic_distance_deg(track[1:], track[:-1]).max() < 20
    assert (track == smooth_track(200, np.random.default_rng(5))).all()
    assert not np.allclose(track, smooth_track(200, np.random.default_rng(6)))
