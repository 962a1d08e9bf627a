"""All real Biwi+ poses, matched with a small source: labels of every one."""

import json

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.open import open_any
from synhead_tools.matching.build import build_matched
from synhead_tools.matching.settings import MatchSettings


@pytest.mark.real
def test_every_real_target_gets_a_label_with_every_head(small, real_data, tmp_path):
    target = open_any(real_data / "biwi_plus" / "Biwi_plus.npz")
    build_matched(small / "synhead+", target, tmp_path / "out", MatchSettings(labels_only=True))
    with open_dataset(tmp_path / "out" / "synbiwi+") as labels:
        assert len(labels) == 2 * 15_678
        assert set(labels.read("target_id").tolist()) == set(target.read("target_id").tolist())
        assert np.isfinite(labels.read("residual_deg")).all()
        assert labels.manifest.target_labels_used
    assert json.loads((tmp_path / "out" / "report.json").read_text())["targets"] == 15_678
