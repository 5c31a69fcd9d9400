"""Synonyms: everyday words find each other, the surer the nearer their meanings are."""

import pytest

from photosearch.search.query import Query, Ranker
from photosearch.search.stems import Stemmer
from photosearch.search.synonyms import FORM, GENERAL, KIND, SAME, TABLE, synonyms

LINES = [line for line in TABLE.read_text("utf-8").splitlines() if line and line[0] != "#"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("kid", "child"), ("kids", "children"), ("sofa", "couch"), ("bike", "bicycle"),
        ("bikes", "bicycle"), ("tv", "television"), ("lorry", "truck"), ("mum", "mother"),
    ],
)  # fmt: skip
def test_words_of_one_meaning_find_each_other(one: str, other: str) -> None:
    """As the text index has them: by their stems."""
    for word, wanted in ((one, other), (other, one)):
        assert stems(wanted) & stems(*synonyms(word))


@pytest.mark.parametrize(
    ("singular", "plural"),
    [
        ("goose", "geese"), ("child", "children"), ("mouse", "mice"), ("man", "men"),
        ("woman", "women"), ("person", "people"), ("foot", "feet"), ("knife", "knives"),
        ("leaf", "leaves"), ("wolf", "wolves"), ("calf", "calves"), ("ox", "oxen"),
        ("policeman", "policemen"), ("shelf", "shelves"),
    ],
)  # fmt: skip
def test_irregular_plurals_are_the_word_itself(singular: str, plural: str) -> None:
    assert stems(singular) != stems(plural)  # the stemmer doesn't know them
    assert synonyms(singular)[plural] == synonyms(plural)[singular] == FORM


def test_a_kind_is_nearer_to_what_is_asked_for_than_the_other_way() -> None:
    assert synonyms("dog")["puppy"] == KIND > synonyms("puppy")["dog"] == GENERAL
    assert synonyms("flowers")["rose"] == KIND
    assert synonyms("rose") == {}
    assert "kitten" not in synonyms("puppy")
    assert 1 >= FORM > SAME > KIND > GENERAL > 0


def test_other_words_have_none() -> None:
    for word in ("", "s", "es", "kunigunde", "glass", "2019", "#", ":", ">", "/", "zzz", "in"):
        assert synonyms(word) == {}


def test_every_line_of_the_table_is_sound() -> None:
    """Lower case letters, no word twice in a line; who types a word on the left finds the rest."""
    assert len({*LINES}) == len(LINES)
    for line in LINES:
        sides = line.replace(">", ":").split(":")
        words = line.replace(">", " ").replace(":", " ").replace("/", " ").split()
        assert len(sides) <= 2 and len(words) > 1, line
        assert len({*words}) == len(words), line
        assert all(word.isalpha() and word == word.lower() for word in words), line
        for word in sides[0].replace("/", " ").split():
            assert {*synonyms(word)} >= {*words} - {word}, line
            assert all(0 < weight <= 1 for weight in synonyms(word).values())


def test_a_query_has_them_but_for_the_ranker_of_the_text_index() -> None:
    asked = Query("Two kids on a SOFA")
    assert asked.words == (*asked.synonyms,) == ("two", "kids", "sofa")
    assert asked.synonyms["sofa"] == {"couch": SAME, "settee": SAME}
    assert asked.terms[:3] == asked.words
    assert {"child", "children", "couch"} < {*asked.terms}
    assert len({*asked.terms}) == len(asked.terms)
    plain = Query("kids", ranker=Ranker.FTS5)
    assert (plain.terms, plain.synonyms) == (("kids",), {})


def stems(*words: str) -> set[str]:
    return {stem for cut in Stemmer().stems(words) for stem in cut}
