import pytest
import torch

from synhead_tools.errors import TrainingError
from synhead_tools.learning.device import memory_explained, resolve_device


def test_a_device_that_is_not_here_is_named():
    with pytest.raises(TrainingError, match="no-such-device"):
        resolve_device("no-such-device")


def _exhaust_memory():
    torch.empty(2**58, dtype=torch.uint8)


def _exhaust_gpu():
    raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 20.00 GiB.")


def _exhaust_pinned_memory():
    raise RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported")


def _exhaust_library():
    raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")


@pytest.mark.parametrize("work", [_exhaust_memory, _exhaust_gpu, _exhaust_pinned_memory, _exhaust_library])
def test_full_memory_is_answered_with_the_options_to_change(work):
    answer = "batch_size = 512, input_px = 224; pass a smaller --batch-size"
    with pytest.raises(TrainingError, match=answer) as caught, memory_explained(512, 224, "cuda"):
        work()
    assert "\n" not in str(caught.value)


def test_other_errors_pass_through():
    with pytest.raises(RuntimeError, match="shape"), memory_explained(1, 1, "cpu"):
        raise RuntimeError("shape mismatch")
