import pytest
import torch

from synhead_tools.errors import TrainingError
from synhead_tools.learning.precision import resolve_precision


def test_what_is_asked_for_is_taken():
    assert resolve_precision("float32", "cpu", 64) == "float32"
    assert resolve_precision("bfloat16", "cpu", 64) == "bfloat16"
    assert resolve_precision("auto", torch.device("cpu"), 64) in ("float32", "bfloat16")


def test_bfloat16_is_not_used_where_it_computes_wrongly():
    assert resolve_precision("auto", "cpu", 16) == "float32"
    with pytest.raises(TrainingError, match="input_px = 16"):
        resolve_precision("bfloat16", "cpu", 16)
