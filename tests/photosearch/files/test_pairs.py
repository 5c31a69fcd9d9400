"""Pairs: a RAW file and the JPEG of its name are one photo."""

import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photosearch.files.file import File
from photosearch.files.names import CAMERA_SUFFIXES, RAW_SUFFIXES
from photosearch.files.pairs import (
    hidden_twin,
    is_same_raw,
    pairs_among,
    partner_suffixes,
    stand_in,
    stands_in_already,
)

RAW = File("/p/a.dng", 100, 7, 1)
JPEG = File("/p/a.jpg", 50, 8, 2, twin=RAW)


def every(name: str) -> bool:
    return True


def test_a_raw_file_belongs_to_the_first_jpeg_or_heic_of_its_name() -> None:
    names = ["A.dng", "a.CR2", "a.heic", "a.jpg", "a.png", "b.dng", "b.tif", "c.jpg"]
    assert pairs_among(names, every) == {"a.heic": ["A.dng", "a.CR2"]}


def test_files_that_do_not_count_make_no_pair() -> None:
    names = ["a.dng", "a.heic", "a.jpg", "a.nef"]
    assert pairs_among(names, lambda name: name != "a.heic") == {"a.jpg": ["a.dng", "a.nef"]}
    assert pairs_among(names, lambda name: name != "a.dng") == {"a.heic": ["a.nef"]}
    assert pairs_among(names, lambda name: name.endswith("g")) == {"a.jpg": ["a.dng"]}


def test_files_are_looked_at_only_where_there_is_a_raw_file() -> None:
    def look(name: str) -> bool:
        raise AssertionError("a look at a file costs time")

    assert pairs_among(["a.jpg", "b.jpg", "c.txt"], look) == {}


suffixes = st.sampled_from([".jpg", ".JPG", ".heic", ".dng", ".CR2", ".png", ".xmp", ""])
names = st.lists(st.tuples(st.sampled_from(["a", "A", "b", "a.b"]), suffixes).map("".join))


@given(names.map(lambda names: sorted(set(names))))
def test_pairs_are_what_a_plain_search_finds(names: list[str]) -> None:
    def stem(name: str) -> str:
        return os.path.splitext(name.lower())[0]

    def of(kind: frozenset[str], among: str) -> list[str]:
        return [
            name
            for name in names
            if stem(name) == among and os.path.splitext(name.lower())[1] in kind
        ]

    expected = {}
    for one in {stem(name) for name in names}:
        shown, raws = of(CAMERA_SUFFIXES, one), of(RAW_SUFFIXES, one)
        if shown and raws:
            expected[shown[0]] = raws
    assert pairs_among(names, every) == expected


def test_the_other_file_of_a_pair_is_of_the_other_kind() -> None:
    assert partner_suffixes("/p/a.JPG") == RAW_SUFFIXES
    assert partner_suffixes("/p/a.Dng") == CAMERA_SUFFIXES
    for name in ("/p/a.png", "/p/a", "/p.dng/a", ""):
        assert partner_suffixes(name) == frozenset()
    assert not RAW_SUFFIXES & CAMERA_SUFFIXES


def test_one_file_of_a_pair_is_shown() -> None:
    assert (stand_in(JPEG, set()), hidden_twin(JPEG, set())) == (None, RAW)
    assert (stand_in(JPEG, {JPEG.path}), hidden_twin(JPEG, {JPEG.path})) == (RAW, None)
    alone = replace(JPEG, twin=None)
    for undecoded in (set[str](), {alone.path}):
        assert stand_in(alone, undecoded) is hidden_twin(alone, undecoded) is None


@pytest.mark.parametrize(
    ("failed", "tried_again", "twin_known", "expected"),
    [
        (False, False, True, False),
        (False, True, True, False),
        (True, False, False, True),
        (True, False, True, True),
        (True, True, True, True),
        (True, True, False, False),  # its turn comes when the JPEG can't be decoded again
    ],
)
def test_a_twin_stands_in_as_long_as_its_jpeg_cannot_be_decoded(
    failed: bool, tried_again: bool, twin_known: bool, expected: bool
) -> None:
    assert stands_in_already(failed, tried_again, twin_known) == expected


def test_a_moved_raw_file_keeps_name_and_time() -> None:
    assert is_same_raw(RAW, "/q/a.dng", 7)
    assert not is_same_raw(RAW, "/q/b.dng", 7)
    assert not is_same_raw(RAW, "/q/a.dng", 8)
    assert not is_same_raw(RAW, "/q/a.dng", None)
    assert not is_same_raw(RAW, "/p/a.dng", 7)  # it hasn't moved
