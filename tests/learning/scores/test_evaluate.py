import json
from dataclasses import replace

import numpy as np
import pytest

from synhead_tools.errors import SynheadError, TrainingError
from synhead_tools.learning.pictures.data import read_crops, read_labelled_crops
from synhead_tools.learning.predict import Estimator
from synhead_tools.learning.scores.evaluate import evaluate
from synhead_tools.learning.scores.metrics import mean_absolute_errors_deg
from synhead_tools.learning.trainer import train
from tests.learning.conftest import ToySource


@pytest.fixture(scope="module")
def estimators(toy_source, toy_target, small_config):
    source, target = read_labelled_crops(toy_source, 48), read_crops(toy_target, 48)
    return {m: Estimator(train(replace(small_config, method=m), source, target)) for m in ("source-only", "padaco")}


def test_scores_are_those_of_the_predictions(estimators, toy_target, toy_source):
    estimator = estimators["padaco"]
    report = evaluate(estimator, toy_target, reference_rotmat=toy_source.read("rotmat"), reference_name="toy source")
    predicted, true = estimator.predict(estimator.read_crops(toy_target)), toy_target.read("rotmat")
    mae = mean_absolute_errors_deg(predicted, true)
    first = report.scores[0]
    np.testing.assert_allclose([first.pitch_mae_deg, first.yaw_mae_deg, first.roll_mae_deg], mae)
    assert first.mae_deg == pytest.approx(mae.mean())
    assert [entry.name for entry in report.scores[2:]] == [
        "predict zero", "predict the mean of toy source", "predict these frames' mean"
    ]  # fmt: skip
    assert [entry.uses_scored_labels for entry in report.scores] == [False, True, False, False, True]


def test_a_mean_of_labels_that_hold_the_scored_ones_is_a_yardstick(estimators, toy_target, toy_source):
    true = toy_target.read("rotmat")
    larger = np.concatenate([toy_source.read("rotmat"), true])

    def mean_score(reference):
        report = evaluate(estimators["padaco"], toy_target, reference_rotmat=reference, reference_name="the reference")
        return next(entry for entry in report.scores if entry.name == "predict the mean of the reference")

    assert mean_score(larger).uses_scored_labels
    assert mean_score(true).mae_deg == pytest.approx(mean_score(true[::-1]).mae_deg)
    assert not mean_score(np.delete(larger, -1, axis=0)).uses_scored_labels


def test_parts_cover_all_frames_and_average_to_the_whole(estimators, toy_target):
    report = evaluate(estimators["padaco"], toy_target)
    assert set(report.parts) == {"yaw bin", "pitch bin", "sequence", "subject"}
    for entries in report.parts.values():
        assert sum(entry.frames for entry in entries) == len(toy_target)
        mean = sum(entry.frames * entry.mae_deg for entry in entries) / len(toy_target)
        assert mean == pytest.approx(report.scores[0].mae_deg)
    assert [entry.name for entry in report.parts["subject"]] == ["ball-a", "ball-b"]


def test_the_protocol_says_what_was_used(estimators, toy_target):
    adapted = evaluate(estimators["padaco"], toy_target, labels_chose_model=True).protocol
    plain = evaluate(estimators["source-only"], toy_target, ray_rule=False).protocol
    assert adapted["target_images_used_for_training"].startswith("yes (toy target")
    assert plain["target_images_used_for_training"] == "no"
    assert adapted["ray_rule_applied"]
    assert not plain["ray_rule_applied"]
    assert adapted["target_labels_used_for_selection"]
    assert not plain["target_labels_used_for_training_or_matching"]


def test_lineage_of_target_labels_reaches_the_protocol(toy_source, toy_target, small_config):
    class Matched(ToySource):
        def describe(self):
            return {**super().describe(), "target_labels_used": True}

    source = Matched({name: toy_source.read(name) for name in toy_source.columns})
    config = replace(small_config, stage1_steps=1, stage2_steps=1)
    estimator = Estimator(train(config, read_labelled_crops(source, 48)))
    line = evaluate(estimator, toy_target).protocol_line()
    assert "target labels used for training or matching: yes" in line


def test_report_is_text_and_json(estimators, toy_target):
    report = evaluate(estimators["source-only"], toy_target)
    lines = report.lines()
    assert lines[0].startswith("Protocol: dataset: toy target; subset: all; frames: 48")
    assert "convention: biwi+" in lines[0]
    assert "calibrated: yes" in lines[0]
    assert any(line.startswith("predict zero") for line in lines)
    values = json.loads(report.to_json())
    assert values["scores"][0]["mae_deg"] == pytest.approx(report.scores[0].mae_deg)


def test_a_dataset_without_labels_is_refused(estimators, toy_target):
    bare = ToySource({name: toy_target.read(name) for name in toy_target.columns if name != "rotmat"})
    with pytest.raises(TrainingError, match="rotmat"):
        evaluate(estimators["source-only"], bare)


def test_a_convention_without_angles_is_refused_before_anything_is_computed(toy_target):
    for convention, message in (("mediapipe", "no angles"), ("biwi-plus", "known: biwi")):
        with pytest.raises(SynheadError, match=message):
            evaluate(None, toy_target, convention=convention)


def test_variants_are_the_other_reading_and_the_calibrated_ones(estimators, toy_target):
    estimator = estimators["padaco"]
    report = evaluate(estimator, toy_target, seed=3)
    names = [entry.name for entry in report.variants]
    assert names[:2] == ["estimator, without the ray rule", "estimator, mean rotation of all removed"]
    assert names[2:] == [
        "estimator, calibrated on 1 labelled frame of each sequence",
        "estimator, calibrated on 5 labelled frames of each sequence",
        "estimator, calibrated on 20 labelled frames of each sequence",
    ]
    left_alone = evaluate(estimator, toy_target, ray_rule=False, seed=3)
    assert left_alone.variants[0].name == "estimator, with the ray rule"
    assert left_alone.variants[0].mae_deg == pytest.approx(report.scores[0].mae_deg)
    assert left_alone.scores[0].mae_deg == pytest.approx(report.variants[0].mae_deg)
    assert evaluate(estimator, toy_target, seed=3).to_dict() == report.to_dict()
    assert evaluate(estimator, toy_target, seed=4).variants != report.variants
