import json
import re

import numpy as np
import pytest

from synhead_tools.errors import TrainingError
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.rays import to_ray_frame
from synhead_tools.learning.pictures.data import DomainCrops, crop_pictures, read_crops
from synhead_tools.learning.pose_estimator import DESCRIPTION_KEYS, PoseEstimator
from synhead_tools.learning.scores.comparison import compare
from synhead_tools.learning.scores.metrics import remove_mean_rotation


class Fixed:
    """An estimator that gives rotations made beforehand."""

    crop_px, crop_margin, ray_frame = 8, 1.0, True

    def __init__(self, rotmat, **told):
        self.rotmat, self.told = rotmat, dict.fromkeys(DESCRIPTION_KEYS) | told
        self.crops_read = 0

    def read_crops(self, source, **options):
        self.crops_read += 1
        return read_crops(source, self.crop_px, self.crop_margin, **options)

    def crop_pictures(self, pictures, face_box_xyxy, *, intrinsics=None) -> DomainCrops:
        return crop_pictures(pictures, face_box_xyxy, self.crop_px, self.crop_margin, intrinsics=intrinsics)

    def predict(self, crops, *, flip_average=False, ray_rule=True):
        return self.rotmat

    def applies_ray_rule(self, crops, ray_rule=True):
        return ray_rule

    def describe(self):
        return dict(self.told)


@pytest.fixture(scope="module")
def predictions(toy_target):
    true, rng = toy_target.read("rotmat"), np.random.default_rng(0)
    return [true @ rotmat_from_euler(rng.normal(2, 3, (len(true), 3)), "biwi+") for _ in range(4)]


@pytest.fixture(scope="module")
def comparison(predictions, toy_target):
    assert isinstance(Fixed(predictions[0]), PoseEstimator)
    seeds = {f"padaco{i}": Fixed(predictions[i], method="padaco", recipe="x", seed=i) for i in range(3)}
    return compare({**seeds, "peer": Fixed(predictions[3], model="peer")}, toy_target)


def test_each_report_is_that_of_its_own_answers(comparison, predictions, toy_target):
    true = toy_target.read("rotmat")
    for report, predicted in [*zip(comparison.reports.values(), predictions, strict=True)][::3]:
        np.testing.assert_array_equal(report.predicted, predicted)
        np.testing.assert_array_equal(report.true, true)
        without = next(entry for entry in report.variants if entry.name == "estimator, without the ray rule")
        rays = read_crops(toy_target, 8, 1.0).ray_rotmat
        again = compare({"a": Fixed(to_ray_frame(predicted, rays))}, toy_target).reports["a"].scores[0]
        assert without.mae_deg == pytest.approx(again.mae_deg)
        aligned = next(entry for entry in report.variants if "mean rotation of all" in entry.name)
        again = compare({"a": Fixed(remove_mean_rotation(predicted, true))}, toy_target).reports["a"].scores[0]
        assert aligned.mae_deg == pytest.approx(again.mae_deg)
        assert aligned.uses_scored_labels


def test_seeds_of_one_recipe_get_mean_and_spread(comparison):
    assert comparison.groups() == [("padaco0", "padaco1", "padaco2")]
    mae = [comparison.reports[f"padaco{i}"].scores[0].mae_deg for i in range(3)]
    line = next(line for line in comparison.lines() if line.startswith("  mean of 3 seeds: padaco0"))
    assert line.split("...")[1].split()[0] == f"{np.mean(mae):.2f}+-{np.std(mae, ddof=1):.2f}"
    group = json.loads(comparison.to_json())["groups"][0]
    assert group["mae_deg"] == pytest.approx({"mean": np.mean(mae), "sd": np.std(mae, ddof=1)})
    assert group["models"] == ["padaco0", "padaco1", "padaco2"]


@pytest.mark.parametrize(
    "told",
    [
        [{"recipe": "x", "seed": 0}, {"recipe": "y", "seed": 1}],
        [{"recipe": "x", "seed": 0}, {"recipe": "x", "seed": 0}],
        [{"recipe": "x", "seed": 0}, {"recipe": "x", "seed": 1, "input_px": 4}],
        [{"seed": 0}, {"seed": 1}],
        [{"recipe": "x"}, {"recipe": "x"}],
    ],
)
def test_what_is_not_known_to_be_one_recipe_is_not_averaged(told, predictions, toy_target):
    estimators = {str(i): Fixed(predictions[i], **each) for i, each in enumerate(told)}
    assert compare(estimators, toy_target).groups() == []


def test_the_table_has_a_row_for_each_and_for_the_baselines(comparison):
    lines = comparison.lines()
    shared, *own = lines[: lines.index("")]
    assert shared.startswith("Protocol: dataset: toy target; subset: all; frames: 48")
    assert "method" not in shared
    assert [re.match(r"  (\w+): ", line)[1] for line in own] == ["padaco0", "padaco1", "padaco2", "peer"]
    assert "seed: 1" in own[1]
    assert "method: unknown" in own[3]
    table = lines[lines.index("") + 1 :]
    heads = table[0].split()
    for name, report in comparison.reports.items():
        cells = next(line for line in table if line.startswith(name)).split()[1:]
        assert len(cells) == 8 + 1 + 1 + 3  # MAE to MAEV; aligned; without the ray rule; few-shot
        assert cells[heads.index("MAE")] == f"{report.scores[0].mae_deg:.2f}"
    assert sum(line.startswith("predict ") for line in table) == 2
    assert any("* knows labels it is scored on" in line for line in table)
    assert any(line.startswith("n-shot +") and "100 draws" in line for line in table)


def test_equal_crops_are_read_once(predictions, toy_target):
    first, second, other = (Fixed(predictions[0], crop=crop) for crop in ("a", "a", "b"))
    done = []
    compare({"1": first, "2": second, "3": other}, toy_target, progress=lambda *of: done.append(of))
    assert [each.crops_read for each in (first, second, other)] == [1, 0, 1]
    assert done == [(1, 3), (2, 3), (3, 3)]


def test_labels_that_are_no_numbers_are_named(predictions, toy_target):
    from tests.learning.conftest import ToySource

    columns = {name: toy_target.read(name) for name in toy_target.columns}
    columns["rotmat"] = columns["rotmat"].copy()
    columns["rotmat"][7, 1, 1] = np.nan
    with pytest.raises(TrainingError, match="row 7: rotmat is not finite"):
        compare({"a": Fixed(predictions[0])}, ToySource(columns))
