"""BM25+: as its papers have it, over the statistics that the library's own index keeps."""

import itertools
import math
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from photosearch.migrations.migrations import migrations
from rank_bm25 import BM25Plus
from sqlite_utils import Database

from photosearch.search.bm25 import (
    DELTA,
    K1,
    B,
    Statistics,
    idf,
    normalised_scores,
    read_statistics,
)

WORDS = "dog cat red boat snow road hill bird".split()  # which Porter leaves as they are
COLUMNS = (
    *("caption", "alternatives", "tags", "title", "description", "keywords"),
    *("place", "camera", "folder", "filename"),
)

some_words = st.lists(st.sampled_from(WORDS), max_size=12)
documents = st.lists(some_words, min_size=1, max_size=12)
queries = st.lists(st.sampled_from([*WORDS, "unseen"]), min_size=1, max_size=4, unique=True)


def statistics_of(texts: Sequence[Sequence[str]]) -> Statistics:
    frequencies = Counter(word for text in texts for word in set(text))
    return Statistics(len(texts), sum(map(len, texts)) / len(texts), frequencies)


def naive(texts: Sequence[Sequence[str]], query: Sequence[str], delta: float) -> list[float]:
    """Score by the formula of Lv and Zhai (2011): delta is for words that are there.

    As a share of the most that a document can have.
    """
    average = max(sum(map(len, texts)) / len(texts), 1)
    rarity = {
        word: math.log(
            1
            + (len(texts) - sum(word in text for text in texts) + 0.5)
            / (sum(word in text for text in texts) + 0.5)
        )
        for word in query
    }
    scores = []
    for text in texts:
        norm = K1 * (1 - B + B * len(text) / average)
        counts = {word: text.count(word) for word in query}
        scores.append(
            sum(
                rarity[word] * (count * (K1 + 1) / (count + norm) + delta)
                for word, count in counts.items()
                if count
            )
        )
    most = sum(rarity.values()) * (K1 + 1 + DELTA)
    return [score / most for score in scores]


@settings(max_examples=100, deadline=None)
@given(texts=documents, query=queries)
def test_shares_are_those_of_the_formula(texts: list[list[str]], query: list[str]) -> None:
    found = normalised_scores(texts, query, statistics_of(texts))
    assert found.dtype == np.float32
    assert found.tolist() == pytest.approx(naive(texts, query, DELTA), abs=1e-6)


def test_a_text_of_the_word_alone_has_nearly_the_whole_share() -> None:
    texts = [["dog"] * 5000, ["cat"] * 5000]
    assert float(normalised_scores(texts, ["dog"], statistics_of(texts))[0]) > 0.99


def test_a_word_in_a_very_long_text_still_counts() -> None:
    texts = [["dog"] + ["cat"] * 10_000, *[["cat"]] * 10]
    least = DELTA / (K1 + 1 + DELTA)
    assert float(normalised_scores(texts, ["dog"], statistics_of(texts))[0]) > 0.99 * least


@settings(max_examples=100, deadline=None)
@given(texts=documents, query=queries)
def test_documents_rank_as_by_rank_bm25_over_the_whole_library(
    texts: list[list[str]], query: list[str]
) -> None:
    """With this idf in place of the package's own, which it takes from its few documents."""
    statistics = statistics_of(texts)
    model = BM25Plus([*texts, ["unseen"]], k1=K1, b=B, delta=0)
    model.idf = {word: idf(statistics, word) for word in query if word != "unseen"}
    model.avgdl = max(statistics.length, 1)
    reference = model.get_scores(query)[:-1]
    found = normalised_scores(texts, query, statistics)
    for one, other in itertools.permutations(range(len(texts)), 2):
        if sorted(set(texts[one]) & set(query)) == sorted(set(texts[other]) & set(query)):
            # The same words: delta has no say.
            assert (found[one] - found[other]) * (reference[one] - reference[other]) >= -1e-6


@given(texts=documents, query=queries)
def test_a_share_is_between_nothing_and_all(texts: list[list[str]], query: list[str]) -> None:
    found = normalised_scores(texts, query, statistics_of(texts))
    for text, share in zip(texts, found.tolist(), strict=True):
        assert 0 <= share <= 1
        assert (share > 1e-6) == bool(set(text) & set(query))


@given(texts=documents, query=queries, dice=st.randoms())
def test_a_share_depends_on_the_document_alone(
    texts: list[list[str]], query: list[str], dice: random.Random
) -> None:
    """Not on which others are scored with it, as the idf of rank_bm25 would."""
    statistics = statistics_of(texts)
    together = normalised_scores(texts, query, statistics)
    for number in dice.sample(range(len(texts)), min(3, len(texts))):
        (alone,) = normalised_scores([texts[number]], query, statistics)
        assert float(alone) == pytest.approx(float(together[number]), abs=1e-6)


@given(texts=documents, query=queries)
def test_a_word_that_no_photo_has_lessens_all_alike(
    texts: list[list[str]], query: list[str]
) -> None:
    known = [word for word in query if word != "unseen"] or ["dog"]
    statistics = statistics_of(texts)
    without, with_it = (
        normalised_scores(texts, known, statistics),
        normalised_scores(texts, [*known, "never"], statistics),
    )
    assert ((with_it < without) | (without == 0)).all()
    assert np.argsort(-without, kind="stable").tolist() == np.argsort(
        -with_it.round(6), kind="stable"
    ).tolist() or len(set(without.round(5).tolist())) < len(texts)


@pytest.mark.parametrize("count", [1, 2, 3, 10, 1000])
def test_a_word_in_every_document_is_worth_something(count: int) -> None:
    statistics = Statistics(count, 3.0, {"dog": count, "cat": 1})
    assert 0 < idf(statistics, "dog") <= idf(statistics, "cat") < idf(statistics, "never")
    found = normalised_scores([["dog", "red"], ["cat"]], ["dog"], statistics)
    assert found[0] > 0 == found[1]


def test_rarer_words_tell_more() -> None:
    values = [idf(Statistics(100, 3.0, {"dog": n}), "dog") for n in range(101)]
    assert values == sorted(values, reverse=True)
    assert values[-1] > 0
    assert idf(Statistics(3, 1.0, {"dog": 5}), "dog") == 0  # written between two reads


def test_nothing_to_score() -> None:
    nothing = Statistics(0, 0.0, {})
    assert normalised_scores([], ["dog"], nothing).shape == (0,)
    assert normalised_scores([["dog"], []], [], Statistics(2, 0.5, {})).tolist() == [0, 0]
    assert normalised_scores([[], []], ["dog"], Statistics(2, 0.0, {})).tolist() == [0, 0]


def test_a_library_of_ten_photos_ranks_sensibly() -> None:
    """FTS5's own bm25 takes words in half of the photos for worthless."""
    texts = [
        text.split()
        for text in (
            "a dog on a beach", "a dog on a road", "a dog on a bed", "a dog in snow",
            "two dog play", "a big dog", "a beach at night", "a beach with boat",
            "a car on a road", "a tree",
        )
    ]  # fmt: skip
    found = normalised_scores(texts, ["dog", "beach"], statistics_of(texts)).tolist()
    assert max(found) == found[0]
    assert min(found[6:8]) > max(found[1:6])  # "beach" is the rarer word
    assert min(found[1:8]) > 0
    assert found[8:] == [0, 0]


# What the index knows


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    migrations.apply(Database(connection))
    yield connection
    connection.close()


@pytest.fixture
def index(connection: sqlite3.Connection) -> sqlite3.Connection:
    """A library whose search rows stand for themselves."""
    connection.execute("DELETE FROM search")
    return connection


def write(index: sqlite3.Connection, photo: int, texts: Sequence[Sequence[str]]) -> None:
    values = dict(zip(COLUMNS, map(" ".join, texts), strict=True)) | {"photo_id": photo}
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    updates = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS)
    index.execute(
        f"""INSERT INTO search ({names}) VALUES ({marks})
            ON CONFLICT (photo_id) DO UPDATE SET {updates}""",
        values,
    )


def assert_counted(index: sqlite3.Connection, held: dict[int, list[list[str]]]) -> None:
    """The statistics are those that counting gives."""
    bags = [[word for column in texts for word in column] for texts in held.values()]
    statistics = read_statistics(index, [*WORDS, "unseen"])
    assert statistics.documents == len(bags)
    assert statistics.length == pytest.approx(sum(map(len, bags)) / max(len(bags), 1))
    assert statistics.frequencies == {
        word: sum(word in bag for bag in bags) for word in [*WORDS, "unseen"]
    }


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_statistics_are_those_that_counting_gives(
    connection: sqlite3.Connection, data: st.DataObject
) -> None:
    """After any writes, updates and deletes, merged segments included."""
    connection.execute("DELETE FROM search")
    held: dict[int, list[list[str]]] = {}
    columns = st.lists(some_words, min_size=len(COLUMNS), max_size=len(COLUMNS))
    for _ in range(data.draw(st.integers(0, 8))):
        photo = data.draw(st.integers(1, 5))
        step = data.draw(st.sampled_from(["write", "write", "delete", "optimize", "commit"]))
        if step == "write":
            held[photo] = data.draw(columns)
            write(connection, photo, held[photo])
        elif step == "delete":
            connection.execute("DELETE FROM search WHERE photo_id = ?", (photo,))
            held.pop(photo, None)
        elif step == "optimize":
            connection.execute("INSERT INTO search_fts (search_fts) VALUES ('optimize')")
        else:
            connection.commit()
    connection.commit()
    assert_counted(connection, held)


@pytest.mark.parametrize("count", [127, 128, 300, 20_000])
def test_numbers_of_several_bytes(index: sqlite3.Connection, count: int) -> None:
    """SQLite keeps them as varints: seven bits a byte."""
    texts: list[list[str]] = [["dog"] * count, ["cat"] * (count // 2), *[[] for _ in COLUMNS[2:]]]
    write(index, 1, texts)
    index.commit()
    assert_counted(index, {1: texts})


def test_statistics_of_many_rows(index: sqlite3.Connection) -> None:
    held = {}
    for photo in range(1, 400):
        held[photo] = [[WORDS[photo % 8]], *[["red"] * (photo % 3) for _ in COLUMNS[1:]]]
        write(index, photo, held[photo])
    index.commit()
    assert_counted(index, held)


def test_an_empty_library_knows_nothing(index: sqlite3.Connection) -> None:
    index.commit()
    assert_counted(index, {})
    fresh = sqlite3.connect(":memory:")
    migrations.apply(Database(fresh))
    assert read_statistics(fresh, ["dog"]) == Statistics(0, 0.0, {"dog": 0})
    fresh.close()
