"""Large files: what the quick hash tells apart, and what only the hash of all bytes does."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from captioner.describe.large_files import sample_hash, whole_hash


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "weights"
    path.write_bytes(np.random.default_rng(1).bytes(1_000_000))
    return path


def test_another_file_a_cut_file_and_a_longer_file_have_other_samples(file: Path) -> None:
    content, before = file.read_bytes(), sample_hash(file)
    assert sample_hash(file) == before
    for other in (content[::-1], content[:-1], content + b"\0", b""):
        file.write_bytes(other)
        assert sample_hash(file) != before


def test_the_first_and_the_last_byte_are_in_the_sample(file: Path) -> None:
    content, before = bytearray(file.read_bytes()), sample_hash(file)
    for place in (0, -1):
        changed = bytearray(content)
        changed[place] ^= 1
        file.write_bytes(changed)
        assert sample_hash(file) != before


def test_the_whole_hash_sees_every_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    assert whole_hash(file) == hashlib.sha256(content).hexdigest()[:16]
    before = whole_hash(file), sample_hash(file)
    content[20_000] ^= 1  # between two pieces of the sample
    file.write_bytes(content)
    assert (whole_hash(file) == before[0], sample_hash(file) == before[1]) == (False, True)


@pytest.mark.parametrize("size", [0, 1, 100, 4096, 5000])
def test_small_files_have_samples_too(tmp_path: Path, size: int) -> None:
    path = tmp_path / "small"
    path.write_bytes(bytes(size))
    assert sample_hash(path)
    with pytest.raises(OSError, match="nowhere"):
        sample_hash(tmp_path / "nowhere")
