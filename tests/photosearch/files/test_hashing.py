"""The content of files as hashes."""

import hashlib
import os
import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from photosearch.files.hashing import SAMPLE, content_hash, hash_file, sample


@pytest.mark.parametrize("size", [0, 1, SAMPLE - 1, SAMPLE, SAMPLE + 1, 5 * SAMPLE + 3])
def test_a_hash_is_of_the_whole_file_and_a_sample_of_its_middle(tmp_path: Path, size: int) -> None:
    content = random.Random(size).randbytes(size)
    path = tmp_path / "a"
    path.write_bytes(content)
    assert hash_file(str(path)) == hashlib.sha256(content).digest()
    with open(path, "rb") as file:
        file.seek(size // 2)
        assert content_hash(file) == hashlib.sha256(content).digest()
    start = max(0, size - SAMPLE) // 2
    assert sample(str(path)) == hashlib.sha256(content[start : start + SAMPLE]).digest()


def test_scans_that_differ_in_the_middle_only_have_other_samples(tmp_path: Path) -> None:
    samples = set()
    for number in range(3):
        path = tmp_path / "scan"
        path.write_bytes(bytes(3 * SAMPLE) + bytes([number]) + bytes(3 * SAMPLE))
        samples.add(sample(str(path)))
    assert len(samples) == 3


@pytest.mark.parametrize("of", [hash_file, sample])
def test_what_cannot_be_read_has_none(tmp_path: Path, of: Callable[[str], bytes | None]) -> None:
    os.mkfifo(tmp_path / "pipe")  # opening it would wait
    for path in (tmp_path / "nothing", tmp_path, tmp_path / "pipe"):
        assert of(str(path)) is None


@pytest.mark.parametrize("of", [hash_file, sample])
def test_a_closed_file_has_none(
    public_folder: Path,
    as_nobody: Callable[[], AbstractContextManager[None]],
    of: Callable[[str], bytes | None],
) -> None:
    path = public_folder / "a"
    path.write_bytes(b"secret")
    path.chmod(0)
    with as_nobody():
        assert of(str(path)) is None


def test_a_file_of_a_film_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "film"
    with open(path, "wb") as file:
        file.truncate((4 << 30) + 1)  # takes no room
    assert hash_file(str(path)) is None
    assert sample(str(path)) == hashlib.sha256(bytes(SAMPLE)).digest()
