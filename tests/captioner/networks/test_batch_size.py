"""A batch size that fits into a memory; the graphics processor is a fake that counts photos."""

from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from captioner.networks.batch_size import BatchSize


@dataclass
class Device:
    """Has room for so many photos."""

    room: int
    error: type[RuntimeError] = torch.cuda.OutOfMemoryError
    batches: list[int] = field(default_factory=list)
    refused: int = 0

    def describe(self, photos: np.ndarray) -> list[int]:
        if len(photos) > self.room:
            self.refused += 1
            raise self.error("out of memory: tried to allocate too much")
        self.batches.append(len(photos))
        return [int(photo) for photo in photos]


@given(
    st.integers(1, 300), st.integers(1, 64), st.lists(st.integers(0, 200), min_size=1, max_size=9)
)
def test_every_photo_is_described_once_in_order(room: int, size: int, given: list[int]) -> None:
    batch, device, count = BatchSize(size, 256), Device(room), 0
    for number in given:
        photos = np.arange(count, count + number)
        assert batch.run(device.describe, photos) == photos.tolist()
        count += number
        assert 1 <= batch.size <= 256
    assert max(device.batches, default=0) <= room
    assert device.refused <= 9  # a size that didn't fit is halved, and not tried again


def test_the_batch_grows_to_what_fits_and_stays() -> None:
    batch, device = BatchSize(32), Device(200)
    for _ in range(9):
        batch.run(device.describe, np.zeros(batch.size, int))
    assert device.batches == [32, 64, 128, 128, 128, 128, 128, 128, 128, 128]
    assert device.refused == 1


def test_it_never_grows_beyond_the_most_nor_by_parts() -> None:
    batch, device = BatchSize(32, 100), Device(1000)
    batch.run(device.describe, np.zeros(31, int))
    assert batch.size == 32
    for _ in range(4):
        batch.run(device.describe, np.zeros(batch.size, int))
    assert device.batches == [31, 32, 64, 100, 100]


def test_it_shrinks_when_others_take_the_memory() -> None:
    batch, device = BatchSize(64), Device(64, RuntimeError)  # as MPS says it
    batch.run(device.describe, np.zeros(64, int))
    device.room = 9
    batch.run(device.describe, np.zeros(64, int))
    assert (batch.size, set(device.batches[1:])) == (8, {8})


def test_where_not_one_fits_the_error_is_told() -> None:
    with pytest.raises(RuntimeError, match="out of memory"):
        BatchSize(4).run(Device(0).describe, np.zeros(4, int))


def test_other_errors_are_not_its_business() -> None:
    def broken(photos: np.ndarray) -> list[int]:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        BatchSize(4).run(broken, np.zeros(4, int))
