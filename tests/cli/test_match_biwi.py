import json

import numpy as np
import pytest

from synhead_tools.formats.dataset import open_dataset
from synhead_tools.geometry.distance import geodesic_distance_deg


def test_synbiwi_plus_holds_turned_frames_that_say_how_near_they_are(chain):
    turned, target = open_dataset(chain / "matched" / "synbiwi+"), open_dataset(chain / "synhead")
    assert turned.manifest.kind == "SynBiwi+"
    assert turned.manifest.target_labels_used
    assert len(turned) == 4 * 2
    rows = np.array([int(name) for name in turned.read("target_id")])
    residual = geodesic_distance_deg(turned.read("rotmat"), target.read("rotmat")[rows])
    assert np.allclose(residual, turned.read("residual_deg"), atol=1e-6)
    assert turned.verify() == len(turned.manifest.shards)


def test_synhead_plus_plus_is_the_union_and_copies_nothing(chain):
    union = open_dataset(chain / "matched" / "synhead++")
    plus, turned = open_dataset(chain / "synhead+"), open_dataset(chain / "matched" / "synbiwi+")
    assert len(union) == len(plus) + len(turned)
    assert not list((chain / "matched" / "synhead++").rglob("*.h5"))
    assert (union.read("image", np.arange(len(plus))) == plus.read("image")).all()
    assert union.manifest.target_labels_used


def test_the_report_counts_all_matches(chain):
    report = json.loads((chain / "matched" / "report.json").read_text())
    assert report["matches"] == 2 * len(open_dataset(chain / "synhead"))
    assert report["target_labels_used"] is True


@pytest.mark.parametrize("what", ["missing", "text"])
def test_a_target_that_is_none_is_refused(run, chain, tmp_path, what):
    if what == "text":
        (tmp_path / what).write_text("hello")
    result = run("match-biwi", chain / "synhead+", tmp_path / what, tmp_path / "out")
    assert result.exit_code in (1, 2)
    assert what in result.output
    assert not (tmp_path / "out").exists()
