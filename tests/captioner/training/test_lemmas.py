"""Lemmas: plurals are cut, and words that only look like plurals stay."""

from collections import Counter

import pytest

from captioner.errors import DataError
from captioner.training.lemmas import choose_words, lemma, spellings


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("dogs", "dog"), ("babies", "baby"), ("churches", "church"), ("boxes", "box"),
        ("brushes", "brush"), ("tomatoes", "tomato"), ("horses", "horse"), ("houses", "house"),
        ("children", "child"), ("geese", "goose"), ("knives", "knife"), ("people", "person"),
    ],
)  # fmt: skip
def test_plurals_lose_their_ending(word: str, expected: str) -> None:
    assert lemma(word, {word: 5, expected: 5}) == expected


@pytest.mark.parametrize(
    ("word", "shorter"),
    [
        ("bus", "bu"), ("glasses", "glass"), ("glass", "glas"), ("grass", "gras"),
        ("jeans", "jean"), ("shorts", "short"), ("tennis", "tenni"), ("dress", "dres"),
        ("gas", "ga"), ("running", "run"), ("dog", "do"),
    ],
)  # fmt: skip
def test_what_is_no_plural_stays_even_if_the_shorter_word_is_seen(word: str, shorter: str) -> None:
    assert lemma(word, {word: 5, shorter: 5}) == word


def test_an_ending_is_cut_only_to_a_word_that_is_seen_and_not_much_more_seldom() -> None:
    assert lemma("rapids", {"rapids": 40}) == "rapids"
    assert lemma("rapids", {"rapids": 40, "rapid": 1}) == "rapids"
    assert lemma("rapids", {"rapids": 40, "rapid": 2}) == "rapid"
    assert lemma("ponies", {"ponies": 3, "ponie": 1, "pony": 3}) == "pony"
    assert lemma("dogs", {"dog": 9}) == "dogs"  # it is not seen itself


def test_spellings_are_counted_over_all_texts() -> None:
    found = spellings([["a dog", "The dog runs"], ["dogs"]])
    assert found == Counter({"dog": 2, "a": 1, "the": 1, "runs": 1, "dogs": 1})


def test_words_are_chosen_by_the_number_of_photos_that_show_them() -> None:
    photos = [
        ["a dog on the beach", "two dogs and a dog"],
        ["the dog with a kid", "a child"],
        ["children in the snow"],
        ["children and snow", "a view of it"],
    ]
    assert choose_words(photos, 2, 9) == ["child", "dog", "snow"]  # child: tied with kid
    assert choose_words(photos, 2, 1) == ["child"]
    assert choose_words(photos, 3, 9) == ["child"]
    assert set(choose_words(photos, 1, 9)) == {"child", "dog", "snow", "beach"}
    with pytest.raises(DataError, match="no word stands in the captions of 5 photos"):
        choose_words(photos, 5, 9)
