"""The likeliest words of a photo: what is kept, and what a spelling finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from captioner.describe.labels import Label
from captioner.describe.model_folder import shipped_model
from captioner.describe.words import (
    BYTES,
    KEPT,
    NO_WORD,
    STEP,
    Words,
    decode,
    encode,
    sparse,
    unpack,
)
from captioner.errors import ModelError


@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 3), st.integers(1, 90)),
        elements=st.floats(0, 1, width=32),
    )
)
def test_the_likeliest_words_come_back(probabilities: np.ndarray) -> None:
    blobs = sparse(probabilities)
    assert all(len(blob) == BYTES == 120 for blob in blobs)
    kept = min(KEPT, probabilities.shape[1])
    for photo, ids, codes in zip(probabilities, *unpack(blobs), strict=True):
        found = photo[ids[:kept]]
        assert len({*ids[:kept]}) == kept
        assert found.tolist() == sorted(photo, reverse=True)[:kept]
        assert (ids[kept:] == NO_WORD).all() and (codes[kept:] == 255).all()
        assert (np.diff(codes.astype(int)) >= 0).all()  # the likeliest first
        likely = found > np.exp(-255 / STEP)
        assert decode(codes[:kept])[likely] == pytest.approx(found[likely], rel=0.51 / STEP)


def test_a_blob_is_little_endian_indices_then_codes() -> None:
    probabilities = np.full((1, 600), 1e-6, np.float32)
    probabilities[0, [0x0102, 7]] = (1.0, np.exp(-1))
    (blob,) = sparse(probabilities)
    assert blob[:4] == b"\x02\x01\x07\x00" and blob[80:83] == bytes([0, 32, 255])
    ids, codes = unpack(blob)
    assert ids.shape == codes.shape == (KEPT,)
    assert (ids.dtype, codes.dtype) == (np.dtype(np.uint16), np.dtype(np.uint8))


def test_no_photos_have_no_words() -> None:
    assert sparse(np.zeros((0, 100), np.float32)) == []
    ids, codes = unpack([])
    assert ids.shape == codes.shape == (0, KEPT)


def test_a_blob_of_another_length_is_refused() -> None:
    for wrong in (b"", bytes(119), [bytes(120), bytes(121)]):
        with pytest.raises(ValueError, match="120 bytes"):
            unpack(wrong)


def test_every_code_stands_for_the_probability_it_came_from() -> None:
    codes = np.arange(256, dtype=np.uint8)
    assert np.array_equal(encode(decode(codes)), codes)
    assert encode(np.array([1.0, 0.0, 1e-9])).tolist() == [0, 255, 255]


def test_a_spelling_finds_its_word() -> None:
    words = Words([
        Label("people", forms=("person", "people")), Label("child", forms=("child", "kid", "kids")),
        Label("child", forms=("kid", "kids")), Label("sit", forms=("sit", "sat", "people")),
    ])  # fmt: skip
    found = {
        word: words.find(word) for word in ("people", "kid", "kids", "sat", "child", "children")
    }
    # "kid" is a word of its own; "kids" is a form of two, and the earlier one has it.
    assert found == {"people": 0, "kid": 2, "kids": 1, "sat": 3, "child": 1, "children": None}
    assert (len(words), words.names[0]) == (4, "people")
    assert Words([]).find("people") is None


def test_people_find_the_shipped_words_by_everyday_spellings() -> None:
    words = Words.load(shipped_model())
    for spellings in (("child", "children"), ("goose", "geese"), ("dog", "dogs"), ("kid", "kids")):
        assert len({words.find(spelling) for spelling in spellings}) == 1
        assert words.find(spellings[0]) is not None
    for one, other in (("sofa", "couch"), ("kid", "child"), ("motorbike", "motorcycle")):
        places = words.find(one), words.find(other)
        assert None not in places
        assert words.names[places[0] or 0] == words.names[places[1] or 0]
    assert words.find("zzzqqq") is None


def test_words_that_are_gone_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model in"):
        Words.load(tmp_path)
