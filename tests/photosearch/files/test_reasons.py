"""Reasons: what people read about a file that can't be opened."""

import errno
import os

import pytest

from photosearch.files.reasons import reason_of


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EACCES, "permission denied"),
        (errno.ENOENT, "it is gone"),
        (errno.ELOOP, "links lead in a circle"),
        (errno.EIO, os.strerror(errno.EIO).lower()),
    ],
)
def test_a_reason_is_in_words(number: int, reason: str) -> None:
    assert reason_of(OSError(number, os.strerror(number), "/p/a.jpg")) == reason


def test_an_error_without_words_is_called_by_its_name() -> None:
    assert reason_of(TimeoutError()) == "timeouterror"
