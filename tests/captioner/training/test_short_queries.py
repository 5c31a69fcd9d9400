"""Short queries: words of a caption, and which photos show them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from captioner.training.short_queries import MOST, holding, short_query, words_of
from captioner.training.tokenizer import tokenize

NUMBERS = {"dog": 0, "dogs": 0, "red": 1, "shirt": 2, "beach": 3, "runs": 4, "running": 4}
SPELLINGS = st.sampled_from([*NUMBERS, "a", "the", "on", "in", "unicorn"])
CAPTIONS = st.lists(SPELLINGS, max_size=9).map(" ".join)


@given(caption=CAPTIONS, seed=st.integers(0, 999))
def test_a_short_query_holds_words_of_its_caption_in_their_order(caption: str, seed: int) -> None:
    query, words = short_query(caption, NUMBERS, np.random.default_rng(seed))
    known = [word for word in caption.split() if word in NUMBERS]
    assert bool(query) == bool(known) and len(words) <= MOST
    assert words == [NUMBERS[word] for word in query.split()]
    rest = iter(known)
    assert all(word in rest for word in query.split())


def test_queries_have_one_to_three_words_and_half_of_them_are_neighbours() -> None:
    chance = np.random.default_rng(0)
    caption = "dog red shirt beach running"
    drawn = [short_query(caption, NUMBERS, chance)[0] for _ in range(3000)]
    shares = np.bincount([len(query.split()) for query in drawn]) / len(drawn)
    np.testing.assert_allclose(shares, [0, 1 / 3, 1 / 3, 1 / 3], atol=0.05)
    pairs = [query for query in drawn if len(query.split()) == 2]
    # All of one half, and 4 of the 10 pairs of the other half.
    assert abs(np.mean([query in caption for query in pairs]) - 0.7) < 0.06


@given(st.lists(st.lists(CAPTIONS, min_size=1, max_size=3), min_size=1, max_size=5))
def test_a_photo_shows_the_words_of_all_its_captions(captions: list[list[str]]) -> None:
    shown = words_of(captions, NUMBERS)
    assert shown.shape == (len(captions), 5)
    for row, texts in zip(shown, captions, strict=True):
        said = {NUMBERS[word] for text in texts for word in tokenize(text) if word in NUMBERS}
        assert set(np.flatnonzero(row)) == said


@given(
    queries=st.lists(st.lists(st.integers(0, 6), max_size=3), max_size=5),
    seed=st.integers(0, 999),
)
def test_photos_hold_a_query_if_they_show_all_its_words(
    queries: list[list[int]], seed: int
) -> None:
    shown = np.random.default_rng(seed).random((8, 7)) < 0.6
    found = holding(queries, shown)
    assert found.shape == (len(queries), 8)
    for row, words in zip(found, queries, strict=True):
        naive = [bool(words) and all(photo[word] for word in words) for photo in shown]
        assert row.tolist() == naive
