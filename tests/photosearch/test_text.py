"""Text that a terminal, a file, a statement and a person can take."""

import os
import re
import sqlite3
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photosearch.text import EMOJI, bindable, counted, display, one_line, searchable

anything = st.text(st.characters(codec=None, categories=None), max_size=40)


@given(st.binary(max_size=30))
def test_a_displayed_path_is_text(raw: bytes) -> None:
    shown = display(os.fsdecode(raw))
    assert shown == raw.decode("utf-8", "replace")
    shown.encode("utf-8")


@given(anything)
def test_any_text_can_be_bound(text: str) -> None:
    (back,) = sqlite3.connect(":memory:").execute("SELECT ?", (bindable(text),)).fetchone()
    assert back == bindable(text) and "\0" not in back
    assert len(back) == len(text)


@given(st.binary(max_size=30))
def test_searched_text_is_composed_and_has_no_controls(raw: bytes) -> None:
    text = searchable(os.fsdecode(raw))
    assert unicodedata.is_normalized("NFC", text)
    assert not any(unicodedata.category(char) == "Cc" for char in text)


@given(anything, st.integers(1, 20))
def test_one_line_is_one_printable_line(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit and line.isprintable()
    assert line == " ".join(line.split())
    assert line == "" or re.search(rf"\w|{EMOJI}", line)


@pytest.mark.parametrize(
    ("text", "kept"),
    [("🎂", "🎂"), ("🇳🇴", "🇳🇴"), ("👨‍👩‍👧", "👨👩👧"), ("❤️", "❤️"), ("⭐", "⭐"), ("☀ ", "☀"),
     ("---", ""), ("©", ""), ("\ufffd\ufffd", ""), ("…!?", ""), ("→", ""), ("■", "")],
)  # fmt: skip
def test_one_line_keeps_emoji_and_drops_mere_punctuation(text: str, kept: str) -> None:
    assert one_line(text, 9) == kept


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 photos"), (1, "1 photo"), (7000, "7,000 photos")]
)
def test_counted(number: int, text: str) -> None:
    assert counted(number, "photo") == text
    assert counted(2, "copy", "copies") == "2 copies"
