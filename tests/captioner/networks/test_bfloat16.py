from pathlib import Path

import pytest
import torch

from captioner.networks.bfloat16 import is_faster

CPU = torch.device("cpu")
CPUINFO = Path("/proc/cpuinfo")


@pytest.mark.parametrize(
    ("single", "half", "expected"), [(1.0, 0.4, True), (1.0, 0.9, False), (1.0, 5.0, False)]
)
def test_only_a_clear_gain_counts(single: float, half: float, expected: bool) -> None:
    times = {torch.float32: single, torch.bfloat16: half}
    assert is_faster(CPU, times.__getitem__) == expected


def test_a_device_without_it_gains_nothing() -> None:
    def seconds(dtype: torch.dtype) -> float:
        if dtype == torch.bfloat16:
            raise RuntimeError("BFloat16 is not supported on MPS")
        return 1.0

    assert not is_faster(CPU, seconds)


@pytest.mark.skipif(not CPUINFO.exists(), reason="needs Linux")
def test_a_processor_that_emulates_it_gains_nothing() -> None:
    if "bf16" in CPUINFO.read_text():
        pytest.skip("this processor has it")
    assert not is_faster(CPU)
