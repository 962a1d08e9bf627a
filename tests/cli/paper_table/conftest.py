import pytest

from synhead_tools.cli.paper_table.results import RunResult
from synhead_tools.cli.paper_table.runs import TableRun


def _score(name, pitch, yaw, roll, knows=False):
    return {
        "name": name, "frames": 251, "mae_deg": (pitch + yaw + roll) / 3, "pitch_mae_deg": pitch,
        "yaw_mae_deg": yaw, "roll_mae_deg": roll, "geodesic_deg": 2 * pitch, "uses_scored_labels": knows,
    }  # fmt: skip


@pytest.fixture
def result():
    """result(source, method, seed, pitch, yaw, roll): what a run with these errors leaves."""

    def make(source, method, seed, pitch, yaw, roll):
        scores = [
            _score("estimator", pitch, yaw, roll),
            _score("estimator, mean rotation removed per sequence", pitch / 2, yaw / 2, roll / 2, True),
            _score("predict zero", 28.53, 14.46, 10.45),
            _score("predict these frames' mean", 13.65, 14.58, 10.15, True),
        ]
        protocol = {
            "frames": 251, "convention": "biwi+", "calibrated": True, "ray_rule_applied": True,
            "flip_average": False, "target_labels_used_for_selection": False,
        }  # fmt: skip
        run = TableRun(source, method, seed)
        return RunResult(run, "cpu", 12.3, {"protocol": protocol, "scores": scores, "parts": {}})

    return make
