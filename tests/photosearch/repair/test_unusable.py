"""Descriptions that can't be used: those that no model can have made."""

import contextlib
import sqlite3
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.describe.words import BYTES, KEPT, sparse, unpack
from photosearch.library import Library
from photosearch.repair.unusable import are_words

Inside = Callable[[Library], contextlib.AbstractContextManager[sqlite3.Connection]]


@given(st.integers(1, 90), st.integers(0, 99))
def test_what_a_model_packs_are_words(known: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    ids, codes = unpack(sparse(random.random((5, known)) ** 9))
    assert are_words(ids, codes, np.full(5, known)).all()
    if known > KEPT:  # a smaller head can't have made the largest id
        assert not are_words(ids, codes, ids.max(axis=1)).any()
    mixed = codes.copy()
    mixed[:, 0] = 255
    same = (mixed == codes).all(axis=1)
    assert np.array_equal(are_words(ids, mixed, np.full(5, known)), same | (mixed == 255).all(1))
    if known > 1:
        ids[:, 1] = ids[:, 0]
        assert not are_words(ids, codes, np.full(5, known)).any()


WORDS = sparse(np.linspace(1, 0.1, 50)[None])[0]


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        ("UPDATE words SET words = zeroblob(119) WHERE photo_id IN (3, 4)", "words of 2 photos"),
        ("UPDATE words SET words = zeroblob(120) WHERE photo_id = 3", "words of 1 photo"),
        (f"UPDATE words SET words = x'{WORDS[:80].hex()}{WORDS[:79:-1].hex()}' WHERE photo_id = 3",
         "words of 1 photo"),
        ("UPDATE captions SET confidence = 1.5 WHERE photo_id = 3", "confidence of 3 captions"),
        ("UPDATE captions SET confidence = -0.1 WHERE photo_id = 3 AND rank = 1",
         "confidence of 1 caption"),
        *[(f"UPDATE captions SET word_confidences = '{said}' WHERE photo_id = 3 AND rank = 0",
           "confidence of 1 caption")
          for said in ("", "no JSON", "3", "{}", "[1]", '[["dog"]]', '[["dog", "x"]]', '[[1, 0.5]]',
                       '[["dog", 1.01]]', '[["dog", NaN]]', '[["dog", null]]')],
        ("""UPDATE captions SET word_confidences = CAST(x'ff' AS TEXT)
            WHERE photo_id = 3 AND rank = 0""", "confidence of 1 caption"),
        *[(f"UPDATE photos SET dates = {said} WHERE id IN (3, 4)", "dates of 2 photos")
          for said in ("'{bad'", "'[1]'", "'3'", "CAST(x'7bff7d' AS TEXT)")],
    ],
)  # fmt: skip
def test_what_no_model_says_is_found_and_taken_out(
    library: Library, inside: Inside, damage: str, fault: str
) -> None:
    with inside(library) as connection:
        connection.execute(damage)
    assert library.doctor(check=True).faults == [fault]
    assert library.doctor().state == "repaired"
    assert library.doctor().state == "healthy"
    with inside(library) as connection:
        (unread,) = connection.execute("SELECT sum(metadata_unread) FROM photos").fetchone()
        assert unread == (2 if "dates" in fault else 0)
        (captions,) = connection.execute("SELECT count(*) FROM captions").fetchone()
        known = "SELECT count(*) FROM captions WHERE confidence > 0 AND word_confidences > ''"
        assert captions - connection.execute(known).fetchone()[0] == (
            int(fault.split()[2]) if "confidence" in fault else 0
        )


def test_words_that_the_model_in_use_does_not_have_are_found(
    library: Library, inside: Inside
) -> None:
    ids = np.arange(60_000, 60_000 + KEPT, dtype="<u2").tobytes()
    with inside(library) as connection:
        query = "UPDATE words SET words = ? WHERE photo_id = 3"
        connection.execute(query, (ids + bytes(BYTES - len(ids)),))
    assert library.doctor(check=True).faults == []  # the model that the library remembers is gone
    assert Library(library.path, model="shipped").doctor().faults == ["words of 1 photo"]


def test_photos_of_another_model_are_told_with_what_to_do(library: Library, inside: Inside) -> None:
    shipped = Library(library.path, model="shipped")
    assert shipped.doctor(check=True).outdated == 0
    with inside(library) as connection:
        connection.execute("UPDATE models SET fingerprint = 'other' WHERE part = 'vectors'")
    for check in (True, False):
        report = shipped.doctor(check=check)
        assert report.outdated == report.photos
        assert str(report) == (
            f"healthy: {report.photos} photos, {report.photos} described by another model, so that "
            "only words find them (photosearch index --upgrade)"
        )
    assert library.doctor().outdated == 0  # nothing to compare with: the model is gone
