import numpy as np
import pytest

from synhead_tools.heads.assets import PROXIES, load_geometry, load_proxy
from synhead_tools.heads.eyeballs import eye_centres
from synhead_tools.heads.morph import macro_weights, morph
from synhead_tools.heads.proxies import fit, proxy_mesh
from synhead_tools.heads.torso import torso_mesh
from synhead_tools.heads.torso_geometry import load_torso

REST = load_geometry().vertices_dm
OLD_MAN = morph(macro_weights(1.0, 80.0, {"asian": 1.0}, 0.5, 0.8))


def test_offsets_and_bases_both_scale_with_the_head():
    proxy = load_proxy("short04")
    assert np.allclose(fit(proxy, 1.3 * REST), 1.3 * fit(proxy, REST))
    assert np.allclose(fit(proxy, REST + [0.1, -2.0, 0.3]), fit(proxy, REST) + [0.1, -2.0, 0.3])


@pytest.mark.parametrize("name", PROXIES)
def test_proxies_sit_on_the_head(name):
    positions, normals, uv, triangles = proxy_mesh(name, fit(load_proxy(name), OLD_MAN))
    middle = np.mean(eye_centres(OLD_MAN), axis=0)
    assert np.linalg.norm(positions - middle, axis=1).max() < (5.5 if name in ("long01", "braid01") else 3.5)
    assert np.isfinite(normals).all()
    assert triangles.max() < len(positions) == len(uv)
    assert 0 <= uv.min() <= uv.max() <= 1


def test_long_hair_ends_before_the_torso_does():
    positions, *_ = proxy_mesh("long01", fit(load_proxy("long01"), REST))
    waist = torso_mesh(load_torso().vertices_dm, "crew_neck", seed=0)[0][:, 1].min()
    assert waist + 0.5 < positions[:, 1].min() < 3.0
    assert fit(load_proxy("long01"), REST)[:, 1].min() < positions[:, 1].min() - 0.5
