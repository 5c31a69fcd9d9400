"""Spellings: other ways to write words, the same for a photo's words and a query's."""

import sqlite3
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from photosearch.search.stems import TOKENIZER
from photosearch.store.spellings import (
    MARK,
    form,
    is_unspaced,
    joined_words,
    marked,
    named,
    pairs,
    phrase,
    places_of,
    runs,
    spellings,
    words_of,
)
from photosearch.store.stop_words import STOP_WORDS

TEXTS = st.lists(
    st.text(max_size=8)
    | st.sampled_from(
        "Straße Müller O'Brien AC/DC BeachHoliday DSC01234 東京旅行 ไทย हिन्दी 🎂 🇺🇸 İ ﬁ ﾊﾟ".split()
    ),
    max_size=6,
).map(" ".join)


@pytest.mark.parametrize(
    ("word", "keys"),
    [
        ("Straße", "strasse"), ("STRASSE", "strasse"), ("Łódź", "lodz"), ("Ærø", "aero aeroe"),
        ("Müller", "muller mueller"), ("Åse", "ase aase"), ("Đà", "da"), ("Bjørn", "bjorn bjoern"),
        ("œuvre", "oeuvre"), ("Αθήνα", "αθηνα"), ("ΑΘΗΝΑΣ", "αθηνασ"), ("Αθήνας", "αθηνασ"),
        ("Ёлка", "елка"), ("İSTANBUL", "istanbul"), ("ıspanak", "ispanak"), ("Ｂｅａｃｈ", "beach"),
        ("ﾊﾟﾊﾟ", "パパ"), ("ﬁsh", "fish"), ("がっこう", "がっこう"), ("🎂", "u1f382"),
        ("مكة", "مکه"), ("سَلام", "سلام"), ("Þór", "thor"), ("x²", "x2"),
    ],
)  # fmt: skip
def test_letters_are_folded(word: str, keys: str) -> None:
    assert form(word).keys == {*keys.split()}
    assert form(unicodedata.normalize("NFC", word.lower())).keys <= {*keys.split()}


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("BeachHoliday", "beach holiday"), ("NYCTrip", "nyc trip"), ("DSC01234", "dsc 01234 1234"),
        ("IMG20190704", "img 20190704"), ("iPhone", "phone"), ("0042", "42"), ("007", ""),
        ("1st", ""), ("2019", ""), ("Beach", ""), ("BEACH", ""), ("beach", ""),
        ("東京Tower", "tower"),
        ("StraßeÄrger", "strasse arger"), ("x1", ""), ("", ""),
    ],
)  # fmt: skip
def test_parts_of_words(word: str, parts: str) -> None:
    assert form(word).parts == {*parts.split()}


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("Pat O'Brien", ["obrien"]), ("O’Brien's dog", ["obrien", "obriens"]),
        ("the dog's ball", ["dogs"]),
        ("iPhone 12, F-16, IMG 4712", ["iphone12", "f16"]), ("J. R. Ewing", ["jr"]),
        ("u.s.a.", ["usa"]), ("Hawaiʻi", ["hawaii"]), ("צה״ל", ["צהל"]),
        ("Jean-Luc", ["jeanluc"]), ("AC/DC, R.E.M. live", ["acdc", "rem"]), ("2019/07", []),
        ("DCIM/IMG", []), ("rock 'n' roll", []), ("A/B testing", ["ab"]),
    ],
)  # fmt: skip
def test_words_that_are_also_written_in_one(text: str, whole: list[str]) -> None:
    assert [each for _, _, each, _ in joined_words(text)] == whole


@pytest.mark.parametrize(
    ("field", "text", "names"),
    [
        ("people", "Will\nAn Nguyen", "will an"), ("people", "will", "will"),
        ("people", "Ana and Eva", ""), ("keywords", "US\nflag", "us"), ("keywords", "it", "it"),
        ("keywords", "day at the beach", ""), ("title", "It", "it"), ("title", "It was fun", ""),
        ("title", "Trip to the US", "us"), ("title", "A TRIP TO THE US", ""), ("title", "A", ""),
        ("description", "Will and Ana", "will"), ("description", "we will go", ""),
        ("folder", "Photos/US 2019", "us"), ("folder", "Photos/All pictures", ""),
        ("folder", "2019/Can's birthday", "can"), ("title", "It's us", ""),
        ("title", "The U.S. flag", "us"), ("filename", "IMG_1234", ""),
    ],
)  # fmt: skip
def test_stop_words_that_are_names(field: str, text: str, names: str) -> None:
    assert named(field, text) == {*names.split()}


def test_the_column_holds_each_spelling_once() -> None:
    texts = {"people": "Eva Straßer\nEva", "title": "in the 東京旅行", "filename": "DSC01234"}
    found = spellings(texts).split()
    whole = [f"{word}{MARK}" for word in ("eva", "strasser")]
    assert found == [
        *whole,
        "東京",
        "京旅",
        "旅行",
        "行",
        f"dsc01234{MARK}",
        "01234",
        "1234",
        "dsc",
    ]
    assert spellings({}) == spellings({"title": "", "keywords": "the of"}) == ""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    path: Path = tmp_path_factory.mktemp("spellings") / "index.db"
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE VIRTUAL TABLE t USING fts5 (text, tokenize = '{TOKENIZER}')")
    return connection


@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
@example("ก็ हिन्दी が ﾊﾟﾊﾟ")
def test_a_word_is_found_by_its_spellings(index: sqlite3.Connection, text: str) -> None:
    """In the index, by each of its keys, and by each run of letters without blanks."""
    text = unicodedata.normalize("NFC", text.replace("\0", " "))
    held = spellings({"title": text})
    row = index.execute("INSERT INTO t VALUES (?)", (held,)).lastrowid

    def is_found(expression: str) -> bool:
        query = "SELECT 1 FROM t WHERE t MATCH ? AND rowid = ?"
        return index.execute(query, (expression, row)).fetchone() is not None

    try:
        for word in words_of(text):
            for run in runs(word.lower()):
                if is_unspaced(run) and form(run).folded:
                    assert is_found(phrase(run) or "")
            if word.isalpha() and word.isascii() and word.lower() not in STOP_WORDS:
                assert all(is_found(f'"{marked(key)}"') for key in form(word).keys)
    finally:
        index.rollback()


@given(text=st.text())
def test_forms_don_t_depend_on_capitals_or_composition(text: str) -> None:
    for word in words_of(unicodedata.normalize("NFC", text)):
        assert form(word).keys
        assert all(key == key.lower() for key in form(word).keys)
        if len(word.upper().lower()) == len(word) and word.isascii():
            assert form(word.upper()).keys == form(word).keys


@given(text=TEXTS)
def test_places_are_those_of_the_words(text: str) -> None:
    places = [text[start:end] for start, end in places_of(text)]
    words = words_of(text)
    assert places[: len(words)] == words
    assert len(places) == len(words) + len([*joined_words(text)])


@given(st.text("東京旅行のカナ", min_size=1, max_size=8), st.data())
def test_pairs_find_every_part(run: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(run) - 1))
    end = data.draw(st.integers(start + 1, len(run)))
    *asked, last = pairs(run[start:end])
    held = pairs(run)
    if asked:
        assert held[start : start + len(asked)] == asked
    else:
        assert held[start].startswith(last)
