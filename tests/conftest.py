"""Fixtures every room shares."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# shared machines stall at random: a deadline per example would fail tests for nothing
settings.register_profile("synhead", deadline=None, max_examples=25)
settings.load_profile("synhead")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real research data for tests marked `real`; skips only where there is no such folder."""
    repository = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("SYNHEAD_DATA", repository / "../shared/data")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set SYNHEAD_DATA to its folder")
    return folder
