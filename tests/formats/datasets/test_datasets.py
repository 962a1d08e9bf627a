import inspect

import pytest

from synhead_tools.formats.datasets import DATASETS


@pytest.mark.parametrize("name", DATASETS)
def test_every_reader_has_the_common_signature(name, tmp_path):
    reader = DATASETS.load(name)
    parameters = list(inspect.signature(reader).parameters.values())
    assert parameters[1].name == "labels"
    assert parameters[1].default is None
    assert ("convention" in [p.name for p in parameters]) == reader.needs_convention
    assert reader.recognises(tmp_path) is False
    assert {"columns", "read", "describe", "__len__"} <= set(dir(reader))
