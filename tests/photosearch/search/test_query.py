"""Queries: whatever is typed becomes words that FTS5 takes, and that find what they should."""

import sqlite3
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from photosearch.search.query import Query, match_expression, words
from photosearch.store.stop_words import STOP_WORDS

TOKENIZE = "porter unicode61 remove_diacritics 2"

# What means something to FTS5, to SQL or to nobody.
AWKWARD = st.sampled_from([
    '"', '""', "'", "*", "^", "-x", "+", "AND", "OR", "NOT", "NEAR(", "NEAR(a b, 2)", "col:x",
    "caption:dog", "{a b}:c", "(", ")", ";", "--", "/*", "%", "_", "\\", "\0", "\x1b[31m",
    "\ud800", "\udcff", "\ud83d\ude00", "🐶", "👨‍👩‍👧", "İ", "ß", "ﬁ", "²", "①", "ⅷ", "e\u0301",
    "\u0301", "\u200d", "\u202e", "ก็", "नमस्ते", "日本語", "한국어", "\ue000", "\U000e0041",
])  # fmt: skip
ANYTHING = st.lists(AWKWARD | st.text(st.characters()), max_size=8).map("".join)

# Letters and digits of which Python and FTS5 have the same idea, and what separates words.
LETTERS = "".join(
    char
    for char in map(chr, [*range(0x20, 0x250), *range(0x386, 0x3FF), *range(0x400, 0x482)])
    if unicodedata.category(char)[0] in "LN" or char < "\x80"
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A full-text table that tokenizes as a library's does."""
    connection = sqlite3.connect(tmp_path_factory.mktemp("query") / "table.db")
    connection.execute(f"CREATE VIRTUAL TABLE texts USING fts5 (col, tokenize = '{TOKENIZE}')")
    connection.execute("INSERT INTO texts VALUES ('a dog AND a cat NEAR x')")
    connection.commit()
    yield connection
    connection.close()


def matching(table: sqlite3.Connection, text: str) -> list[int]:
    """Numbers of the rows that match a query, as a search asks for them."""
    found = words(text)
    if not found:
        return []
    query = "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rowid"
    return [row for (row,) in table.execute(query, (match_expression(found),))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \t\n", []),
        ("?!... -- ''", []),
        ("dog", ["dog"]),
        ("a dog on the beach", ["dog", "beach"]),
        ("Pictures of dogs", ["dogs"]),
        ("show me photos of my cat", ["cat"]),
        ("two dogs, one cat; no bird", ["two", "dogs", "one", "cat", "no", "bird"]),
        ("dog Dog DOG", ["dog"]),
        ("zebra apple zebra", ["zebra", "apple"]),
        ("IMG_1234.JPG", ["img", "1234", "jpg"]),
        ("x-ray", ["x", "ray"]),
        ('"a dog" AND (cat*) NEAR/2 col:x -bird', "dog cat near 2 col x bird".split()),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize("text", ["the", "of the", "a photo of", "Pictures", "what is it"])
def test_stop_words_stay_when_there_is_nothing_else(text: str) -> None:
    assert words(text) == text.lower().split()
    assert set(words(text)) <= STOP_WORDS


@pytest.mark.parametrize("apostrophe", ["'", "’", "ʼ"])
def test_clitics_are_dropped(apostrophe: str) -> None:
    text = "the dog's ball, kids don't, we've seen, THEY'LL run, I'm old"
    expected = "dog ball kids don seen run old".split()
    assert words(text.replace("'", apostrophe)) == expected


@pytest.mark.parametrize("apostrophe", ["'", "’"])
def test_other_apostrophes_separate(apostrophe: str) -> None:
    text = "the dogs' ball, rock 'n' roll, l'eau"
    assert words(text.replace("'", apostrophe)) == "dogs ball rock n roll l eau".split()


@pytest.mark.parametrize(
    "text", ["dog\0cat", "dog\ud800cat", "dog\udcffcat", "dog🐶cat", "dog\u200bcat", "dog_cat"]
)
def test_what_is_no_letter_separates(text: str) -> None:
    assert words(text) == ["dog", "cat"]


def test_emoji_alone_is_no_word() -> None:
    assert words("🐶 👨‍👩‍👧 ❤️") == []


@given(st.text())
@example("Cafe\u0301 e\u0301te\u0301")
def test_composed_and_decomposed_letters_are_the_same(text: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert words(composed) == words(decomposed) == words(text)


@given(ANYTHING)
def test_words_can_be_bound_and_come_once(text: str) -> None:
    found = words(text)
    assert len(set(found)) == len(found)
    assert all(word == word.lower() and '"' not in word and "\0" not in word for word in found)
    "".join(found).encode("utf-8")  # raises for halves of surrogate pairs


@settings(max_examples=300, deadline=None)
@given(text=ANYTHING)
def test_nothing_typed_upsets_fts5(table: sqlite3.Connection, text: str) -> None:
    matching(table, text)


@pytest.mark.parametrize("text", [
    '"', '"dog', 'dog"', "AND", "dog AND", "*", "dog*", "-x", "-dog", "NEAR(", "NEAR(dog cat, 5)",
    "col:x", "col : x", "^dog", "{col}: x", "dog + cat", "x'; DROP TABLE texts; --", "\0", "((",
])  # fmt: skip
def test_syntax_is_only_text(table: sqlite3.Connection, text: str) -> None:
    expected = {"dog", "cat", "x", "near"} & set(words(text)) or words(text) == ["and"]
    assert matching(table, text) == ([1] if expected else [])


def test_operators_are_words(table: sqlite3.Connection) -> None:
    assert matching(table, "AND") == [1]  # the row has one
    assert matching(table, "OR") == []
    assert matching(table, "NOT dog") == [1]


@settings(max_examples=200, deadline=None)
@given(text=st.text(LETTERS, min_size=1))
def test_a_text_is_found_by_itself(table: sqlite3.Connection, text: str) -> None:
    text = unicodedata.normalize("NFC", text)
    row = table.execute("INSERT INTO texts VALUES (?)", (text,)).lastrowid
    try:
        assert not words(text) or row in matching(table, text)
    finally:
        table.rollback()


def test_a_query_may_be_long(table: sqlite3.Connection) -> None:
    assert matching(table, " ".join(f"w{number}" for number in range(5000)) + " dog") == [1]
    assert matching(table, "x" * 100_000) == []


def test_stop_words_alone_say_nothing() -> None:
    assert not Query("the of").says_something
    assert Query("the dog").says_something
    assert Query("the", like="a.jpg").says_something


@pytest.mark.timeout(20)
def test_a_query_of_many_words_takes_time_for_each_word_only() -> None:
    query = Query(" ".join(f"w{number}x" for number in range(20_000)))
    assert len(query.terms) == 20_000
