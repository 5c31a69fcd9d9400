"""Hashes: the same content is the same hash, whatever the name."""

import hashlib
import os
from pathlib import Path

import pytest

from photosearch.files.hashing import SAMPLE, content_hash, hash_file, sample


@pytest.mark.parametrize("size", [0, 1, SAMPLE - 1, SAMPLE, 3 * SAMPLE + 1])
def test_the_hash_is_that_of_the_whole_file(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    expected = hashlib.sha256(content).digest()
    assert hash_file(str(path)) == expected
    with path.open("rb") as file:
        file.read(size // 2)  # wherever it stands
        assert content_hash(file) == expected


def test_a_sample_tells_the_middle_alone(tmp_path: Path) -> None:
    content = bytearray(os.urandom(3 * SAMPLE))
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    before = sample(str(path))
    content[0] ^= 1
    content[-1] ^= 1
    path.write_bytes(content)
    assert sample(str(path)) == before
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert sample(str(path)) not in (None, before)


def test_what_cannot_be_read_has_no_hash(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for a writer
    for name in ("none", "pipe", "."):
        assert hash_file(str(tmp_path / name)) is sample(str(tmp_path / name)) is None


def test_what_is_too_large_for_a_photo_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    with path.open("wb") as file:
        file.truncate(200 << 30)  # takes no room, but minutes to read
    assert hash_file(str(path)) is None
