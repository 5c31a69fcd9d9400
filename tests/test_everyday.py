"""benchmarks/everyday.py judges what it says it judges."""

from __future__ import annotations

import pytest

from benchmarks.everyday import (
    Found,
    Query,
    candidates,
    figures,
    read_judgements,
    read_queries,
    take_over,
)


def test_there_are_sixty_queries_of_one_to_five_words() -> None:
    queries = read_queries()
    assert len({query.text for query in queries}) == 60
    assert all(1 <= len(query.text.split()) <= 5 for query in queries)


def test_judgements_are_of_known_queries_once_each() -> None:
    judged = read_judgements()
    assert judged.keys() == {query.text for query in read_queries()}


def test_figures_are_those_of_a_count_by_hand() -> None:
    found = {
        "cat": Found(("a", "b", "c", "d", "e", "z"), 2),  # a, c right; sure of a and b
        "dog": Found(("f",), 1),  # wrong
        "unicorn": Found(("g", "h"), 2),  # there is none: left out
    }
    right = {
        "cat": {"a": True, "b": False, "c": True, "d": False, "e": False, "z": True},
        "dog": {"f": False, "y": True},
        "unicorn": {"g": False, "h": False},
    }
    of = figures(found, right)
    assert of.precision == 2 / 10
    assert of.possible == 2 / (3 + 1)
    assert of.sure == 1 / 3
    assert of.nothing == ("dog",)


def test_more_right_photos_than_places_are_no_loss() -> None:
    photos = tuple("abcdefgh")
    right = {"dog": dict.fromkeys(photos, True)}
    assert figures({"dog": Found(photos, 5)}, right).possible == 1


def test_a_shown_photo_without_a_judgement_is_an_error() -> None:
    right = {"cat": {"b": True}}
    with pytest.raises(KeyError):
        figures({"cat": Found(("a",), 1)}, right)


def test_only_queries_with_an_answer_are_judged() -> None:
    sheets = [("cat", "1", "a"), ("cat", "2", "b"), ("dog", "1", "a"), ("car", "1", "c")]
    answers = [("cat", "2"), ("dog", "")]
    expected = {"cat": {"a": False, "b": True}, "dog": {"a": False}}
    assert take_over(sheets, answers) == expected


def test_a_number_that_no_page_shows_is_an_error() -> None:
    with pytest.raises(ValueError, match="cat: there is no photo 3"):
        take_over([("cat", "1", "a")], [("cat", "1 3")])


def test_candidates_are_first_photos_fitting_captions_and_in_the_second_round_deep_ones() -> None:
    query = Query("dog in the water", True, (("dog",), ("water", "lake")))
    deep = tuple("abcdefgh")
    captions = {
        "x": [{"dog", "lake"}, {"cat"}],
        "y": [{"dog"}, {"lake"}],  # never both in one caption
    }
    found = [Found(deep, 2)]
    assert candidates(query, found, captions, deep=False) == {*"abcde", "x"}
    assert candidates(query, found, captions, deep=True) == {*deep, "x"}
