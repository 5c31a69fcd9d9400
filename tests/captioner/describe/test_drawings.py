"""Drawings: the same on every machine, each unlike the others."""

import hashlib

import numpy as np
import pytest

from captioner.describe.drawings import DRAWINGS, drawings


def test_they_are_the_same_on_every_machine() -> None:
    """A changed drawing needs new records in all model folders: `captioner doctor --record`."""
    assert hashlib.sha256(drawings(224).tobytes()).hexdigest()[:16] == "2d4d75e2c87427d4"


@pytest.mark.parametrize("side", [8, 32, 299])
def test_each_is_a_picture_of_its_own_at_any_size(side: int) -> None:
    pictures = drawings(side)
    assert pictures.shape == (len(DRAWINGS), side, side, 3)
    assert pictures.dtype == np.uint8
    assert len({picture.tobytes() for picture in pictures}) == len(DRAWINGS)
