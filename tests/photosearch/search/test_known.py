"""Known words: what the shipped model reads in fragments, and what it does not."""

from collections.abc import Collection
from dataclasses import dataclass, field

import pytest

from captioner.describe.sentence_encoder import SentenceEncoder
from photosearch.search.known import knows
from photosearch.search.stems import Stemmer


@dataclass
class Counter:
    """A reader that reads each word in a given number of pieces."""

    counts: dict[str, int]
    words: Collection[str] = ()
    asked: list[str] = field(default_factory=list)

    def pieces(self, word: str) -> int:
        return self.counts.get(word, 1)

    def listed(self) -> Collection[str]:
        self.asked.append("listed")
        return self.words


@pytest.mark.parametrize(
    ("word", "pieces", "known"),
    [
        ("abcdfg", 1, True), ("abcdfg", 3, True), ("abcdfg", 4, False), ("abcdfghj", 4, True),
        ("abcdfgh", 4, False), ("abc", 3, True), ("abcdef", 4, True), ("abcdef", 0, False),
        ("кошка", 1, False), ("ça", 1, True), ("猫", 1, False), ("2019", 1, True),
        ("brže\u0301s", 4, False),
    ],
)  # fmt: skip
def test_a_word_of_many_small_pieces_and_few_vowels_is_unknown(
    word: str, pieces: int, known: bool
) -> None:
    assert knows(Counter({word: pieces}), Stemmer(), [word]) == known


def test_one_known_word_is_enough() -> None:
    reader = Counter({"zzzqqq": 5, "qqqzzz": 5})
    assert knows(reader, Stemmer(), ["zzzqqq", "dog"])
    assert reader.asked == []  # the lists are read only if every word is in fragments
    assert not knows(reader, Stemmer(), ["zzzqqq", "qqqzzz"])


@pytest.mark.parametrize("word", ["twirls", "twirl", "twirling"])
def test_every_form_of_a_listed_word_is_known(word: str) -> None:
    assert knows(Counter({word: 9}, ["a", "twirled"]), Stemmer(), [word])
    if word != "twirling":  # it has two vowels
        assert not knows(Counter({word: 9}, ["twin"]), Stemmer(), [word])


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder.load()


def test_the_model_knows_rare_words_and_most_typos(encoder: SentenceEncoder) -> None:
    stemmer = Stemmer()
    for word in (
        "dog giraffe snowman capybara axolotl chrysanthemum ukulele gelato kayaking yak urn "
        "narwhal falafel elefant birtday brithday pengiun umbrela timbuktu saoirse "
        "schmetterling 2019"
    ).split():
        assert knows(encoder, stemmer, [word]), word


def test_the_model_does_not_know_what_is_no_word(encoder: SentenceEncoder) -> None:
    stemmer = Stemmer()
    for word in ("zzzqqq zyzzyva qwrtzx xkcdvq lkjlkj hjklfds собака 猫").split():
        assert not knows(encoder, stemmer, [word]), word
    assert not knows(encoder, stemmer, ["a" * 1000])
    assert knows(encoder, stemmer, ["zzzqqq", "dog"])
