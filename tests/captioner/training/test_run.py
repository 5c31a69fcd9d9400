"""Runs of training."""

import numpy as np
import pytest

from captioner.training.run import rate


def test_rates_warm_up_and_fall_to_nothing() -> None:
    found = np.array([rate(done, 0.1) for done in np.linspace(0, 1, 101)])
    assert found[0] == 0 and found[-1] == pytest.approx(0) and found.max() <= 1
    assert (np.diff(found[:10]) > 0).all() and (np.diff(found[11:]) < 0).all()
