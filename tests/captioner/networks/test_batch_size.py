"""A batch size that fits into a memory; the graphics processor is a fake that counts photos."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from captioner.networks.batch_size import MOST, BatchSize, fitting


@dataclass
class Device:
    """Has room for so many photos."""

    room: int
    error: type[RuntimeError] = torch.cuda.OutOfMemoryError
    batches: list[int] = field(default_factory=list)
    refused: int = 0
    working: int = 0  # parts that are begun and not finished
    at_once: int = 0  # the most of them

    def describe(self, photos: np.ndarray) -> Callable[[], list[int]]:
        if len(photos) > self.room:
            self.refused += 1
            raise self.error("out of memory: tried to allocate too much")
        self.batches.append(len(photos))
        self.working += 1
        self.at_once = max(self.at_once, self.working)

        def finish() -> list[int]:
            self.working -= 1
            return [int(photo) for photo in photos]

        return finish


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
    assert device.at_once <= 2 and device.working == 0
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
    def broken(photos: np.ndarray) -> Callable[[], list[int]]:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        BatchSize(4).run(broken, np.zeros(4, int))


def test_a_part_is_begun_before_the_results_of_the_part_before_are_taken() -> None:
    device = Device(8)
    BatchSize(8, 8).run(device.describe, np.zeros(32, int))
    assert (device.batches, device.at_once) == ([8, 8, 8, 8], 2)


@given(st.integers(0, 10**12), st.integers(1, 10**10))
def test_what_fits_is_a_power_of_two_and_leaves_memory_free(free: int, needed: int) -> None:
    size = fitting(free, needed)
    assert 1 <= size <= MOST and size & (size - 1) == 0
    assert size == 1 or size * needed <= 0.7 * free
    assert size == MOST or 2 * size * needed > 0.7 * free - needed


def test_large_memory_takes_the_most_at_once_and_small_memory_a_part() -> None:
    assert [fitting(gigabytes << 30, 20 << 20) for gigabytes in (80, 12, 4, 1)] == [
        512,
        256,
        128,
        32,
    ]
