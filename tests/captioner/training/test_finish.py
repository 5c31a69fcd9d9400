from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.errors import DataError
from captioner.training.finish import Material, calibration_error
from captioner.training.sources import Photo, Role


@given(seed=st.integers(0, 99))
def test_true_probabilities_have_a_small_calibration_error(seed: int) -> None:
    chance = np.random.default_rng(seed)
    sure = chance.random(20000)
    right = (chance.random(20000) < sure).astype(float)
    assert calibration_error(sure, right) < 0.03
    assert calibration_error(np.sqrt(sure), right) > 0.1  # too sure


def test_the_calibration_error_is_the_distance_in_each_bin() -> None:
    sure = np.array([0.91, 0.93, 0.11, 0.01])
    right = np.array([1, 0, 0, 1])
    # Two of three lie in the bin from 0.9, a third in the bin from 0.1; 0.01 does not count.
    assert calibration_error(sure, right) == pytest.approx(2 / 3 * 0.42 + 1 / 3 * 0.11, abs=1e-4)
    assert calibration_error(np.array([0.01]), np.array([0])) == 0


def test_without_held_out_captions_there_is_nothing_to_tune_on(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    train = Photo("photo.jpg", "album", Role.CAPTIONS, "train", ("a dog",))
    dev = Photo("photo.jpg", "album", Role.EMBEDDING, "dev", ("a dog",))
    with pytest.raises(DataError, match="no captioned photo has the split dev"):
        Material.of([(train, file), (dev, file)], tmp_path)
