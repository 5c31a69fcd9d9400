"""Stems: cut as the library's own index cuts them, whatever the text."""

import re
import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from photosearch.migrations.migrations import INITIAL

from photosearch.search.stems import TOKENIZER, Stemmer

SPACES = " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\u200b\0"
ODD = (
    "é É ß İ ı Å ǆ ﬁ Ω ̈ ́ ͅ ⃝ ª ² Ⅷ ① 犬 がく が 🐶 👩‍🚀 ' ’ _ - ٣ ไ ू 한 \ue000 \U0010ffff \x80"
).split(" ")
WORDS = ["running", "dogs", "dog's", "ponies", "Straße", "café", "cafe\u0301", "e-mail", "a" * 70]

texts = st.lists(st.text(max_size=6) | st.sampled_from([*SPACES, *ODD, *WORDS]), max_size=10).map(
    "".join
)


def tokenizer() -> str:
    found = re.search(r"tokenize = '(.*)'", INITIAL)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    """A real full-text table with the schema's tokenizer."""
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE VIRTUAL TABLE t USING fts5 (text, tokenize = '{tokenizer()}')")
    connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab (t, instance)")
    yield connection
    connection.close()


def indexed(index: sqlite3.Connection, text: str) -> list[str]:
    """Return the stems that the table has of one text."""
    index.execute("DELETE FROM t")
    index.execute("INSERT INTO t VALUES (?)", (text,))
    return [stem for (stem,) in index.execute("SELECT term FROM v ORDER BY doc, offset")]


def test_the_tokenizer_is_the_schemas() -> None:
    assert tokenizer() == TOKENIZER


@settings(max_examples=300, deadline=None)
@given(texts)
@example("a\0b c\0")
@example("dog\u0301s a\u200bb ́x")
def test_stems_are_those_of_the_index(index: sqlite3.Connection, text: str) -> None:
    assert Stemmer().stems([text]) == [indexed(index, text)]


@settings(max_examples=50, deadline=None)
@given(st.lists(texts, max_size=5), st.lists(texts, max_size=5))
def test_what_was_cut_before_changes_nothing(
    index: sqlite3.Connection, first: list[str], second: list[str]
) -> None:
    stemmer = Stemmer()
    for given_texts in (first, second, first):
        assert stemmer.stems(given_texts) == [indexed(index, text) for text in given_texts]


def test_words_are_cut_by_porter_without_accents_or_case() -> None:
    text = "Two DOGS, running; a café's ponies!"
    expected = "two dog run a cafe s poni".split()
    assert Stemmer().stems([text, "", "?! 🐶", text]) == [expected, [], [], expected]


def test_text_that_cannot_be_cut_costs_no_other() -> None:
    stemmer = Stemmer()
    with pytest.raises(UnicodeEncodeError):
        stemmer.stems(["\udcff"])
    assert stemmer.stems(["dogs"]) == [["dog"]]
