"""Fixtures of the geometry tests."""

import pytest

from synhead_tools.geometry.compiled_points import way_of_indices


@pytest.fixture(scope="module", params=["scipy", "compiled"])
def each_way(request):
    """Run a module's tests with SciPy's tree and with the compiled one."""
    if request.param == "compiled":
        pytest.importorskip("numba", reason="without numba there is no compiled tree")
    with way_of_indices(request.param):
        yield request.param
