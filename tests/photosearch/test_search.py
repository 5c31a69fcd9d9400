"""Searching: BM25 as others compute it, with evidence that points at the right words."""

import itertools
import math
import random
import re
import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from photosearch import database, store
from photosearch.metadata import Metadata
from photosearch.search import WEIGHTS, Result, find
from photosearch.walk import File

K1, B = 1.2, 0.75  # fixed in FTS5

# Words that the Porter stemmer leaves as they are; a test below makes sure of it.
VOCABULARY = (
    "dog cat red boat snow road hill bird lamp fox pond wolf corn dust frog moon "
    "drum fish goat hand king leaf milk nest owl park rain salt tent wind"
).split()
EVEN = [name for name, weight in WEIGHTS.items() if weight == 1.0]

Document = dict[str, list[str]]  # words by column


@dataclass(frozen=True)
class Says:
    """A caption."""

    text: str
    log_probability: float = -1.0
    tokens: int = 3


@dataclass
class Shelf:
    """A library to write test photos into."""

    connection: sqlite3.Connection
    run: int
    model: int

    def add(
        self, path: str, *captions: str, root: str = "/home/photos", camera: str | None = None
    ) -> None:
        file = File(path, 1, 1, 1)
        says = [Says(text) for text in captions]
        photo = store.Photo(file, root, "JPEG", 4, 3, Metadata(camera=camera), says)
        store.write_batch(self.connection, self.run, self.model, [photo], [])

    def fill(self, documents: Sequence[Document]) -> None:
        """Replace all photos by one for each document, numbered from 0 by their paths."""
        with self.connection:
            self.connection.execute("DELETE FROM photos")
        photos = [
            store.Photo(File(f"/{number}", 1, 1, 1), "/", "PNG", 1, 1, Metadata(), [Says("")])
            for number in range(len(documents))
        ]
        store.write_batch(self.connection, self.run, self.model, photos, [])
        columns = ", ".join(f"{name} = ?" for name in WEIGHTS)
        query = f"""UPDATE search SET {columns}
                    WHERE photo_id = (SELECT id FROM photos WHERE path = ?)"""
        with self.connection:
            for number, document in enumerate(documents):
                texts = [" ".join(document.get(name, [])) for name in WEIGHTS]
                self.connection.execute(query, (*texts, f"/{number}".encode()))


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    connection = database.open_for_writing(str(tmp_path / "library.db"))
    run = store.start_run(connection)
    yield Shelf(connection, run, store.use_model(connection, run, "fake", "f1"))
    connection.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """One library for all examples of a property: its rows come and go, as in real life."""
    path = tmp_path_factory.mktemp("search") / "library.db"
    connection = database.open_for_writing(str(path))
    connection.execute("PRAGMA synchronous = OFF")
    run = store.start_run(connection)
    yield Shelf(connection, run, store.use_model(connection, run, "fake", "f1"))
    connection.close()


def paths(results: Sequence[Result]) -> list[str]:
    return [result.path for result in results]


def bm25(documents: Sequence[Document], terms: Sequence[str]) -> list[float]:
    """Score documents by the formula in FTS5's documentation; 0 is no match."""
    length = [sum(len(column) for column in document.values()) for document in documents]
    average = sum(length) / len(documents)
    scores = [0.0] * len(documents)
    for term in dict.fromkeys(terms):
        frequency = [
            sum(WEIGHTS[name] * column.count(term) for name, column in document.items())
            for document in documents
        ]
        hits = sum(count > 0 for count in frequency)
        # A word in half of the rows or more is worth next to nothing, not less than it.
        rarity = math.log((len(documents) - hits + 0.5) / (hits + 0.5))
        rarity = rarity if rarity > 0 else 1e-6
        for number, count in enumerate(frequency):
            norm = 1 - B + B * length[number] / average
            scores[number] += rarity * count * (K1 + 1) / (count + K1 * norm)
    return scores


def random_documents(dice: random.Random, columns: Sequence[str]) -> list[Document]:
    """Some hundred documents, of words that are common and words that are rare."""
    weights = [1 / (rank + 1) for rank in range(len(VOCABULARY))]
    return [
        {
            name: dice.choices(VOCABULARY, weights, k=dice.randrange(6))
            for name in dice.sample(columns, dice.randint(1, len(columns)))
        }
        for _ in range(dice.randint(80, 160))
    ]


def assert_ranked(results: Sequence[Result], expected: Sequence[float]) -> None:
    """Results are the documents that score, with their scores, the best first."""
    numbers = [int(path[1:]) for path in paths(results)]
    assert sorted(numbers) == [n for n, score in enumerate(expected) if score > 0]
    for number, result in zip(numbers, results, strict=True):
        assert result.score == pytest.approx(expected[number], rel=1e-6, abs=1e-9)
    for first, second in itertools.pairwise(numbers):
        assert expected[first] >= expected[second] - 1e-9
    scores = [result.score for result in results]
    assert scores == sorted(scores, reverse=True)


def test_the_stemmer_leaves_the_test_words_alone(shelf: Shelf) -> None:
    shelf.add("/x", " ".join(VOCABULARY), root="/")
    shelf.connection.execute("CREATE VIRTUAL TABLE temp.t USING fts5vocab(main, search_fts, row)")
    terms = {term for (term,) in shelf.connection.execute("SELECT term FROM temp.t")}
    assert set(VOCABULARY) <= terms


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_scores_are_those_of_rank_bm25(shared: Shelf, seed: int) -> None:
    dice = random.Random(seed)
    documents = random_documents(dice, EVEN)
    shared.fill(documents)
    bags = [list(itertools.chain(*document.values())) for document in documents]
    rows = Counter(word for bag in bags for word in set(bag))
    rare = [word for word in VOCABULARY if 0 < rows[word] < len(documents) / 2]
    reference = BM25Okapi(bags, k1=K1, b=B)
    for count in (1, 2, 4):
        terms = dice.sample(rare, count)
        assert_ranked(find(shared.connection, " ".join(terms), None), reference.get_scores(terms))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_columns_weigh_what_they_should(shared: Shelf, seed: int) -> None:
    dice = random.Random(seed)
    documents = random_documents(dice, list(WEIGHTS))
    shared.fill(documents)
    for count in (1, 2, 5):
        terms = dice.choices(VOCABULARY, k=count)  # with repetitions, which count once
        assert_ranked(find(shared.connection, " ".join(terms), None), bm25(documents, terms))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_hidden_photos_are_as_if_they_were_not_there(shared: Shelf, seed: int) -> None:
    dice = random.Random(seed)
    documents = random_documents(dice, ["caption"])
    shared.fill([{**document, "filename": [str(n)]} for n, document in enumerate(documents)])
    # A photo that comes back gets its row from its captions again.
    with shared.connection:
        query = """UPDATE captions SET text = (SELECT caption FROM search
                   WHERE search.photo_id = captions.photo_id)"""
        shared.connection.execute(query)
        shared.connection.execute("UPDATE search SET folder = '.'")
    term = dice.choice(VOCABULARY)
    before = find(shared.connection, term, None)
    hidden = dice.sample(range(len(documents)), len(documents) // 3)
    assert store.set_missing(shared.connection, [f"/{n}" for n in hidden]) == len(hidden)
    left = [
        {} if number in hidden else {**document, "filename": [str(number)]}
        for number, document in enumerate(documents)
    ]
    kept = [document for document in left if document]
    scores = iter(bm25(kept, [term]))
    assert_ranked(
        find(shared.connection, term, None),
        [next(scores) if document else 0.0 for document in left],
    )
    store.set_found(shared.connection, [f"/{n}" for n in hidden], "/")
    assert find(shared.connection, term, None) == before


@settings(max_examples=100, deadline=None)
@given(
    start=st.sampled_from(["", "🐶", "(", "É "]),
    caption=st.lists(
        st.tuples(
            st.sampled_from(VOCABULARY) | st.sampled_from(VOCABULARY).map(str.upper),
            st.sampled_from([" ", ", ", ".", " - ", "🐶", "'", " É ", "\n", "_"]),
        ),
        max_size=8,
    ),
    terms=st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=4),
)
def test_marks_point_at_the_words(
    shared: Shelf, start: str, caption: list[tuple[str, str]], terms: list[str]
) -> None:
    text = start + "".join(word + after for word, after in caption)
    shared.fill([])
    shared.add("/x", text, root="/")
    expected = [m.span() for m in re.finditer(r"[^\W_]+", text) if m[0].lower() in terms]
    results = find(shared.connection, " ".join(terms))
    assert [result.marks for result in results] == ([expected] if expected else [])
    assert all(result.caption == text for result in results)


def test_limit_takes_the_best(shared: Shelf) -> None:
    shared.fill(random_documents(random.Random(1), list(WEIGHTS)))
    everything = find(shared.connection, "dog cat", None)
    assert len(everything) > 30
    for limit in (1, 2, 20, len(everything), 10_000):
        assert find(shared.connection, "dog cat", limit) == everything[:limit]
    assert find(shared.connection, "dog cat") == everything[:20]
    assert find(shared.connection, "dog cat", 0) == find(shared.connection, "dog cat", -1) == []


def test_ties_come_in_the_order_of_indexing(shelf: Shelf) -> None:
    order = random.Random(2).sample(range(50), 50)
    for number in order:
        shelf.add(f"/home/photos/{number:02}.jpg", "a dog")
    shelf.add(f"/home/photos/{order[0]:02}.jpg", "a dog")  # indexed again, it keeps its place
    expected = [f"/home/photos/{number:02}.jpg" for number in order]
    assert paths(find(shelf.connection, "dog", None)) == expected
    assert paths(find(shelf.connection, "dog", 7)) == expected[:7]


@pytest.mark.parametrize("query", ["", "the", "?!", "🐶", "zebra", "dogma"])
def test_no_match_is_an_empty_list(shelf: Shelf, query: str) -> None:
    assert find(shelf.connection, query) == []
    shelf.add("/home/photos/x.jpg", "two dogs")
    assert find(shelf.connection, query) == []


def test_a_single_photo_is_found(shelf: Shelf) -> None:
    shelf.add("/home/photos/x.jpg", "a dog on a beach")
    (result,) = find(shelf.connection, "dog")
    assert result.path == "/home/photos/x.jpg"
    assert result.score > 0


@pytest.mark.parametrize(
    ("caption", "query", "marked"),
    [
        ("a dog runs", "dogs", "dog"),
        ("two dogs run", "dog", "dogs"),
        ("a man running", "runs", "running"),
        ("a dog's ball", "dog", "dog"),
        ("a DOG", "dog", "DOG"),
        ("at the café", "cafe", "café"),
        ("at the cafe", "café", "cafe"),
        ("at the cafe", "cafe\u0301", "cafe"),
        ("Ærø über Straße", "uber", "über"),
        ("🐶🐶 dog", "dog", "dog"),
        ("hot dog, cold dog", "dog", "dog dog"),
        ("dog dogs dog's", "dogs", "dog dogs dog"),
    ],
)
def test_stems_accents_and_case(shelf: Shelf, caption: str, query: str, marked: str) -> None:
    shelf.add("/home/photos/x.jpg", caption)
    shelf.add("/home/photos/y.jpg", "nothing of the kind")
    (result,) = find(shelf.connection, query)
    assert result.caption == caption
    assert " ".join(caption[start:end] for start, end in result.marks) == marked
    assert result.matches == {"caption": list(dict.fromkeys(marked.lower().split()))}


def test_matches_tell_the_column(shelf: Shelf) -> None:
    shelf.add(
        "/home/photos/Beach 2019/dog-1.jpg",
        "a dog on sand",
        "two Dogs play",
        "a beach",
        camera="Canon EOS",
    )
    (result,) = find(shelf.connection, "dog beach canon photos 2019 home")
    assert result.matches == {
        "caption": ["dog"],
        "alternatives": ["dogs", "beach"],
        "camera": ["canon"],
        "folder": ["beach", "2019"],  # "photos" is a stop word, "home" lies above the root
        "filename": ["dog"],
    }
    assert result.marks == [(2, 5)]
    (elsewhere,) = find(shelf.connection, "canon")
    assert elsewhere.caption == "a dog on sand"
    assert (elsewhere.marks, elsewhere.matches) == ([], {"camera": ["canon"]})


@pytest.mark.parametrize(
    "name", ["café", "Việt", "Май", "Йога", "Ελλάδα", "がっこう", "고양이", "ÅNGSTRÖM"]
)
@pytest.mark.parametrize("stored", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
def test_names_are_found_composed_or_not(shelf: Shelf, name: str, stored: Any, typed: Any) -> None:
    """Macs name files in decomposed letters, keyboards type composed ones."""
    path = unicodedata.normalize(stored, f"/home/photos/{name}/x.jpg")
    shelf.add(path, "a boat")
    (result,) = find(shelf.connection, unicodedata.normalize(typed, name))
    assert result.path == path
    assert list(result.matches) == ["folder"]


def test_control_characters_in_a_name_are_no_marks(shelf: Shelf) -> None:
    shelf.add("/home/photos/\x02a\x03 \x03dog\x02.jpg", "a boat")
    (result,) = find(shelf.connection, "dog")
    assert result.matches == {"filename": ["dog"]}


class Meddling(sqlite3.Connection):
    """A connection in whose first search somebody else writes, just after the ranking."""

    def execute(self, *args: Any) -> sqlite3.Cursor:
        cursor = super().execute(*args)
        (_, _, file) = super().execute("PRAGMA database_list").fetchone()
        if "MATCH" in args[0]:
            other = database.open_for_writing(file)
            store.set_missing(other, ["/home/photos/1.jpg"])
            other.close()
        return cursor


def test_a_photo_may_vanish_while_it_is_found(shelf: Shelf, tmp_path: Path) -> None:
    for number in range(3):
        shelf.add(f"/home/photos/{number}.jpg", "a dog")
    connection = sqlite3.connect(tmp_path / "library.db", factory=Meddling)
    try:
        found = paths(find(connection, "dog"))
    finally:
        connection.close()
    assert [path for path in found if "1" not in path] == [
        "/home/photos/0.jpg",
        "/home/photos/2.jpg",
    ]
