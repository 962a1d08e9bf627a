import pytest

from synhead_tools.cli.paper_table.settings import FULL, QUICK, QUICK_EMBEDDED, table_settings
from synhead_tools.errors import SynheadError, TrainingError
from synhead_tools.geometry.pose_laws.ranges import parse_range_deg


@pytest.mark.parametrize("preset", [FULL, QUICK, QUICK_EMBEDDED])
def test_presets_are_allowed_and_fill_the_network_s_input_with_the_face(preset):
    settings = table_settings(preset)
    config = settings.train_config()
    assert settings.chain.size_px / 1.7 == pytest.approx(config.input_px, abs=1)
    assert settings.chain.training["discriminator"] == "dropout"  # defaults are among the facts
    for text in settings.chain.ranges:
        assert len(parse_range_deg(text))


def test_full_is_every_target_with_every_head_and_three_seeds():
    assert (FULL.chain.max_targets, FULL.chain.heads, FULL.chain.tracks, FULL.seeds) == (None, "all", 70, (0, 1, 2))


def test_what_is_given_wins_and_what_is_not_stays():
    settings = table_settings(
        QUICK, training={"input_px": 32, "batch_size": None}, chain={"max_targets": 5, "heads": None}, seeds=(4,)
    )
    assert (settings.chain.training["input_px"], settings.chain.training["batch_size"]) == (32, 64)
    assert (settings.chain.max_targets, settings.chain.heads, settings.chain.size_px) == (5, "all", 54)
    assert settings.seeds == (4,)


def test_facts_leave_out_what_may_change_between_parts_of_a_run():
    facts = [
        table_settings(QUICK, seeds=seeds, methods=methods).facts()
        for seeds, methods in (((0,), ("dann",)), ((1, 2), ("padaco",)))
    ]
    assert facts[0] == facts[1]
    assert facts[0] != table_settings(QUICK, training={"lambda_max": 1.0}).facts()
    assert facts[0] != table_settings(QUICK, chain={"frame": "ray"}).facts()
    assert facts[0] != table_settings(QUICK, seed=1).facts()


def test_bad_values_are_refused():
    with pytest.raises(TrainingError, match="lambda_maxx"):
        table_settings(QUICK, training={"lambda_maxx": 1.0})
    with pytest.raises(TrainingError, match="input_px = 33"):
        table_settings(QUICK, training={"input_px": 33})
    with pytest.raises(SynheadError, match="at least one"):
        table_settings(QUICK, seeds=())
