import sys

import pytest

MAKER = """
import numpy as np

class Maker:
    def __init__(self, slow): self.slow = slow
    def blocks(self, start, stop, between=lambda: None):
        for first in range(start, stop, 2):
            between()
            if self.slow:
                import time; time.sleep(0.01)
            if first == 666:
                import os; os._exit(9)
            if first == 77:
                raise ValueError("no sample 77")
            yield {"seed": np.arange(first, min(first + 2, stop), dtype="u8")}
    def close(self): pass

class Opening:
    def __init__(self, slow=False): self.slow = slow
    def open(self): return Maker(self.slow)
"""


@pytest.fixture
def maker_module(tmp_path, monkeypatch):
    """Folder of a module ``numbers_maker`` that other processes can import: its samples are their numbers."""
    folder = tmp_path / "module"
    folder.mkdir()
    (folder / "numbers_maker.py").write_text(MAKER)
    monkeypatch.syspath_prepend(folder)
    yield folder
    sys.modules.pop("numbers_maker", None)


@pytest.fixture
def opening(maker_module):
    import numbers_maker

    return numbers_maker.Opening()
