"""benchmarks/side_by_side.py tells nobody which caption is whose before the key is opened."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from benchmarks.side_by_side import PHOTOS, open_key, sides, table, unhedged


def test_a_hundred_photos_each_once() -> None:
    rows = PHOTOS.read_text(encoding="utf-8").splitlines()[1:]
    assert len(rows) == len(set(rows)) == 100


def test_each_system_stands_above_about_as_often_as_below() -> None:
    drawn = sides(range(100), ["new", "old"], random.Random(1))
    above = Counter(upper for upper, _ in drawn.values())
    assert all(set(pair) == {"new", "old"} for pair in drawn.values())
    assert 35 <= above["new"] <= 65


def test_who_knows_an_older_key_does_not_know_the_sides() -> None:
    dice = random.Random(1)
    assert sides(range(100), ["new", "old"], dice) != sides(range(100), ["new", "old"], dice)


def test_pages_do_not_show_which_caption_is_hedged() -> None:
    assert unhedged("May show: a dog.") == unhedged("A dog.") == "A dog."
    assert unhedged("may show: snow, animal") == "Snow, animal"
    assert unhedged("May shower.") == "May shower."
    assert unhedged("") == ""


def test_the_key_gives_each_rating_to_its_system() -> None:
    key = [("1", "old", "new"), ("2", "new", "old")]
    rated = open_key(key, [("2", "u", "e"), ("1", "w", "p")])
    assert rated == {
        (1, "old"): "wrong",
        (1, "new"): "partly",
        (2, "new"): "useful",
        (2, "old"): "embarrassing",
    }
    assert table(rated)[2:] == ["| new | 1 | 1 | 0 | 0 |", "| old | 0 | 0 | 1 | 1 |"]
    by_number = table(rated, lambda number, system: str(number))
    assert by_number[2:] == ["| 1 | 0 | 1 | 1 | 0 |", "| 2 | 1 | 0 | 0 | 1 |"]


@pytest.mark.parametrize("ratings", [[], [("1", "u")], [("1", "u", "x")], [("1", "u", "u")] * 2])
def test_ratings_must_be_complete(ratings: list[tuple[str, ...]]) -> None:
    with pytest.raises(ValueError, match="photo 1"):
        open_key([("1", "old", "new")], ratings)
