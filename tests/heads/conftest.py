import pytest

from synhead_tools.heads.library import demo_names, load_head, preset_names

ALL_NAMES = (*preset_names(), *demo_names())


@pytest.fixture(scope="session", params=ALL_NAMES)
def head(request):
    """Each bundled head, built once."""
    return load_head(request.param)
