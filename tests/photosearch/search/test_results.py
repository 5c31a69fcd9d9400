"""Results: hits are a sequence of results, and can't be changed."""

import dataclasses
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photosearch.search.query import Query
from photosearch.search.results import Hits, Nothing, Result

RESULTS = tuple(Result(f"/{number}.jpg", 1.0 - number / 10, "a dog", {}, []) for number in range(3))


def test_hits_are_a_sequence_of_results() -> None:
    hits = Hits(Query("dog"), RESULTS)
    assert isinstance(hits, Sequence)
    assert (len(hits), bool(hits), list(hits)) == (3, True, list(RESULTS))
    assert (hits[0], hits[-1], hits[1:]) == (RESULTS[0], RESULTS[2], list(RESULTS[1:]))
    assert (list(reversed(hits)), hits.index(RESULTS[1])) == ([*RESULTS[::-1]], 1)
    assert RESULTS[2] in hits
    with pytest.raises(IndexError):
        hits[3]


def test_hits_equal_whatever_holds_the_same_results() -> None:
    hits = Hits(Query("dog"), RESULTS)
    assert hits == list(RESULTS) == hits and hits == RESULTS
    assert hits == Hits(Query("hound", 7), RESULTS)
    assert hits != list(RESULTS[:2]) and hits != "abc"


@given(st.integers(0, 3), st.integers(0, 3))
def test_the_sure_and_the_others_are_all_results(sure: int, others: int) -> None:
    results = [Result(f"/{rank}.jpg", 0.5, "", {}, [], sure=rank < sure) for rank in range(6)]
    hits = Hits(Query("dog"), tuple(results[: sure + others]))
    assert (len(hits.sure), len(hits.perhaps)) == (sure, others)
    assert [*hits.sure, *hits.perhaps] == list(hits)


def test_no_hits_are_false_and_say_why() -> None:
    hits = Hits(Query("dog"), nothing=Nothing.NO_MATCH)
    assert not hits and hits == [] and hits.nothing is Nothing.NO_MATCH


def test_hits_stay_as_they_are() -> None:
    hits = Hits(Query("dog"), RESULTS)
    with pytest.raises(dataclasses.FrozenInstanceError):
        hits.results = ()  # type: ignore[misc]
    with pytest.raises(TypeError):
        hash(hits)
