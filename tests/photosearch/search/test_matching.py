"""Matching: a person's word counts in full, a spelling of it nearly so, a mere stem little."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photosearch.search.matching import NUMBER, PART, STEM, Matcher, Text, Writer, text_of
from photosearch.search.query import Query
from photosearch.search.stems import Stemmer
from photosearch.search.synonyms import FORM, GENERAL, KIND, SAME, SPELLING

STEMMER = Stemmer()


def near(query: str, word: str, field: str = "keywords", source: str = "generated") -> float:
    """Return what a text of one word counts for a query of one word."""
    matcher = Matcher(Query(query), STEMMER, {"dog", "city", "photographer"}.__contains__)
    (tokens,) = matcher.tokens([text_of(field, word, source)])
    return max((matcher.weights(token).get(0, 0.0) for token in tokens if token), default=0.0)


@pytest.mark.parametrize(
    ("query", "word", "by_person", "of_people", "by_model"),
    [
        ("mary", "Mary", 1, 1, 1), ("mary", "Marie", STEM, 0, FORM),
        ("dog", "dogs", NUMBER, 0, 1), ("cities", "city", NUMBER, 0, 1),
        ("dog", "Dogs", NUMBER, 0, 1), ("jen", "Jens", STEM, 0, 1), ("jens", "Jen", STEM, 0, 1),
        ("painting", "painted", STEM, 0, 1), ("muller", "Müller", 1, 1, 1),
        ("mueller", "Müller", SPELLING, SPELLING, SPELLING), ("strasse", "STRASSE", 1, 1, 1),
        ("straße", "Strasse", SPELLING, SPELLING, SPELLING),
        ("holiday", "BeachHoliday", PART, PART, PART), ("1234", "DSC01234", PART, PART, PART),
        ("東京", "東京旅行", PART, PART, PART), ("京都", "東京旅行", 0, 0, 0),
        ("東京", "東京", 1, 1, 1),
        ("goose", "geese", 1, 1, 1), ("bus", "buses", 1, 1, 1), ("sofa", "couch", SAME, SAME, SAME),
        ("dog", "puppy", KIND, 0, KIND), ("puppy", "dog", GENERAL, 0, GENERAL),
        ("bird", "Robin", KIND, 0, KIND), ("mother", "Mum", SAME, SAME, SAME),
        ("cat", "kittens", KIND * NUMBER, 0, KIND), ("obrien", "O'Brien", 1, 1, 0),
        # The stem of a stop word says nothing, by whomever it is.
        ("andes", "and", 0, 0, 0), ("ines", "in", 0, 0, 0), ("thi", "this", 0, 0, 0),
        ("doe", "does", 0, 0, 0), ("photographer", "photograph", 0, 0, 0),
        ("photographers", "photographer", NUMBER, 0, 1), ("and", "Andes", 0, 0, 0),
        ("in", "Ines", 0, 0, 0), ("this", "Thi", 0, 0, 0),
    ],
)  # fmt: skip
def test_nearness_depends_on_the_writer(
    query: str, word: str, by_person: float, of_people: float, by_model: float
) -> None:
    assert near(query, word) == near(query, word, "folder") == pytest.approx(by_person)
    assert near(query, word, "people") == pytest.approx(of_people)
    assert near(query, word, "caption") == pytest.approx(by_model)
    assert near(query, word, "caption", "edit") == pytest.approx(by_person)


def test_nearer_is_more() -> None:
    assert 1 == FORM > SPELLING > PART >= NUMBER > SAME > 2 * STEM > 0


@pytest.mark.parametrize(
    ("query", "field", "text", "marked"),
    [
        ("goose beach", "caption", "two geese at the beach", ["geese", "beach"]),
        ("Andes", "caption", "a dog and a cat in the Andes", ["Andes"]),
        ("strasse", "place", "Lange Straße", ["Straße"]),
        ("東京", "keywords", "夏の東京旅行\n京都", ["東京"]),
        ("obrien", "people", "Pat O'Brien", ["O'Brien"]), ("brien", "people", "O'Brien", ["Brien"]),
        ("beach", "filename", "BeachHoliday.jpg", ["BeachHoliday"]),
        ("mary", "people", "Marie\nMary", ["Mary"]), ("mary", "title", "Marie", ["Marie"]),
        ("iphone", "keywords", "an iPhone 12", ["iPhone"]),
        ("iphone 12", "keywords", "an iPhone 12", ["iPhone 12"]),
        ("acdc", "keywords", "AC/DC", ["AC/DC"]), ("dog", "title", "", []),
    ],
)  # fmt: skip
def test_marks_show_what_matches(query: str, field: str, text: str, marked: list[str]) -> None:
    matcher = Matcher(Query(query), STEMMER)
    (marks,) = matcher.marks([text_of(field, text, "generated")])
    assert [text[start:end] for start, end in marks] == marked


def test_a_stop_word_matches_only_where_it_is_a_name() -> None:
    query = Query("Will birthday", names=frozenset({"will"}))
    assert query.words == ("will", "birthday")
    matcher = Matcher(query, STEMMER)
    texts = [("people", "Will"), ("folder", "2019/Will birthday"), ("title", "we will go"),
             ("caption", "will"), ("keywords", "will")]  # fmt: skip
    found = matcher.marks([text_of(field, text, "generated") for field, text in texts])
    assert found == [[(0, 4)], [(5, 9), (10, 18)], [], [], [(0, 4)]]


@given(st.lists(st.sampled_from(["Mary", "mary", "Marie", "O'Brien", "東京", "🎂", "x", "-"])))
def test_tokens_and_places_belong_together(words: list[str]) -> None:
    matcher = Matcher(Query("mary obrien 東京"), STEMMER)
    text = Text("title", " ".join(words), Writer.PERSON, 1.0)
    ((*marks,),) = matcher.marks([text])
    for start, end in marks:
        assert text.text[start:end] in {"Mary", "mary", "Marie", "O'Brien", "東京"}
    (tokens,) = matcher.tokens([text])
    alike = matcher.alike()
    assert {token for some in alike.values() for token in some} == {*tokens} - {""}
