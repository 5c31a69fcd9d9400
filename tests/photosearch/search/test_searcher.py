"""Searching: ranked as others compute it, with evidence that points at the right words."""

import itertools
import math
import random
import re
import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from captioner.describe.description import PARTS, Caption, Description, Tag
from captioner.describe.quantise import dequantise, quantise
from captioner.describe.sentence_encoder import SentenceEncoder
from photosearch.errors import UsageError
from photosearch.files.file import File
from photosearch.photo.exif import Exif
from photosearch.search import bm25, meaning
from photosearch.search.fusion import Weights
from photosearch.search.matching import PART
from photosearch.search.query import Query, Ranker
from photosearch.search.results import Hits, Nothing, Result
from photosearch.search.searcher import NEAREST, Searcher
from photosearch.search.stems import Stemmer
from photosearch.search.synonyms import SAME as SAME_WEIGHT
from photosearch.search.synonyms import synonyms
from photosearch.search.vectors import Vectors
from photosearch.store import database
from photosearch.store.descriptions import Models, use_models
from photosearch.store.edits import write_edit
from photosearch.store.photos import Photo, set_found, set_missing, write_batch
from photosearch.store.runs import start_run
from photosearch.store.search_fields import SEARCH_FIELDS

K1, B = 1.2, 0.75  # fixed in FTS5

# Words that the Porter stemmer leaves as they are; a test below makes sure of it.
VOCABULARY = (
    "dog cat red boat snow road hill bird lamp fox pond wolf corn dust frog moon "
    "drum fish goat hand king leaf milk nest owl park rain salt tent wind"
).split()
# What a person or a camera wrote.
OWN = (
    "title", "description", "keywords", "people", "place", "notes", "camera", "folder", "filename"
)  # fmt: skip
WEIGHTS = {each.name: each.weight for each in SEARCH_FIELDS}
TRUSTS = {each.name: each.trust for each in SEARCH_FIELDS}
EVEN = [name for name, weight in WEIGHTS.items() if weight == 1.0]

Document = dict[str, list[str]]  # words by column


@dataclass
class Shelf:
    """A library to write test photos into."""

    connection: sqlite3.Connection
    run: int
    models: Models

    def add(
        self,
        path: str,
        *captions: str,
        root: str = "/home/photos",
        camera: str | None = None,
        tags: Sequence[Tag] = (),
        vector: np.ndarray | None = None,
    ) -> None:
        seen = Description(
            [Caption(text, -1.0, 3) for text in captions],
            tags,
            None if vector is None else quantise(vector).tobytes(),
        )
        photo = Photo(File(path, 1, 1, 1), root, "JPEG", 4, 3, Exif(camera=camera), seen)
        write_batch(self.connection, self.run, self.models, [photo], [])

    def fill(self, documents: Sequence[Document]) -> None:
        """Replace all photos by one for each document, numbered from 0 by their paths."""
        with self.connection:
            self.connection.execute("DELETE FROM photos")
        nothing = Description([Caption("", -1.0, 3)])
        photos = [
            Photo(File(f"/{number}", 1, 1, 1), "/", "PNG", 1, 1, Exif(), nothing)
            for number in range(len(documents))
        ]
        write_batch(self.connection, self.run, self.models, photos, [])
        columns = ", ".join(f"{name} = ?" for name in WEIGHTS)
        query = f"""UPDATE search SET {columns}
                    WHERE photo_id = (SELECT id FROM photos WHERE path = ?)"""
        with self.connection:
            for number, document in enumerate(documents):
                texts = [" ".join(document.get(name, [])) for name in WEIGHTS]
                self.connection.execute(query, (*texts, f"/{number}".encode()))

    def see(self, vectors: Mapping[int, np.ndarray], model: int | None = None) -> None:
        """Give photos that `fill` made vectors."""
        query = "INSERT INTO vectors SELECT id, ?, ?, ? FROM photos WHERE path = ?"
        model = model or self.models.vectors
        with self.connection:
            for number, vector in vectors.items():
                raw = quantise(vector).tobytes()
                self.connection.execute(query, (model, raw, hubness(number), f"/{number}".encode()))


def hubness(number: int) -> float:
    return number % 7 / 20


def open_shelf(path: Path) -> Shelf:
    connection = database.open_for_writing(str(path))
    connection.execute("PRAGMA synchronous = OFF")
    run = start_run(connection)
    fingerprints = {part: f"{part} 1" for part in PARTS}
    return Shelf(connection, run, use_models(connection, run, "fake", fingerprints))


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = open_shelf(tmp_path / "library.db")
    yield shelf
    shelf.connection.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """One library for all examples of a property: its rows come and go, as in real life."""
    shelf = open_shelf(tmp_path_factory.mktemp("search") / "library.db")
    yield shelf
    shelf.connection.close()


def find(
    connection: sqlite3.Connection, query: str, limit: int | None = 20, ranker: str = "fused"
) -> Hits:
    """Search by words: there are no vectors, so the fused ranker is BM25+."""
    return Searcher(connection, lambda: None).find(Query(query, limit, Ranker.named(ranker)))


def paths(results: Sequence[Result]) -> list[str]:
    return [result.path for result in results]


def fts5_scores(documents: Sequence[Document], terms: Sequence[str]) -> list[float]:
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
        found = find(shared.connection, " ".join(terms), None, "fts5")
        assert_ranked(found, reference.get_scores(terms))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_columns_weigh_what_they_should(shared: Shelf, seed: int) -> None:
    dice = random.Random(seed)
    documents = random_documents(dice, list(WEIGHTS))
    shared.fill(documents)
    for count in (1, 2, 5):
        terms = dice.choices(VOCABULARY, k=count)  # with repetitions, which count once
        found = find(shared.connection, " ".join(terms), None, "fts5")
        assert_ranked(found, fts5_scores(documents, terms))


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
    before = [find(shared.connection, term, None, ranker) for ranker in ("fts5", "bm25+")]
    hidden = dice.sample(range(len(documents)), len(documents) // 3)
    assert set_missing(shared.connection, [f"/{n}" for n in hidden]) == len(hidden)
    left = [
        {} if number in hidden else {**document, "filename": [str(number)]}
        for number, document in enumerate(documents)
    ]
    kept = [document for document in left if document]
    scores = iter(fts5_scores(kept, [term]))
    assert_ranked(
        find(shared.connection, term, None, "fts5"),
        [next(scores) if document else 0.0 for document in left],
    )
    set_found(shared.connection, [f"/{n}" for n in hidden], "/")
    after = [find(shared.connection, term, None, ranker) for ranker in ("fts5", "bm25+")]
    assert after == before


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
    wanted = {*terms, *itertools.chain(*map(synonyms, terms))}
    expected = [m.span() for m in re.finditer(r"[^\W_]+", text) if m[0].lower() in wanted]
    results = find(shared.connection, " ".join(terms))
    assert [result.marks for result in results] == ([expected] if expected else [])
    assert all(result.caption == text for result in results)


@pytest.mark.parametrize("ranker", ["fts5", "bm25+"])
def test_limit_takes_the_best(shared: Shelf, ranker: str) -> None:
    shared.fill(random_documents(random.Random(1), list(WEIGHTS)))
    everything = find(shared.connection, "dog cat", None, ranker)
    assert len(everything) > 30
    for limit in (1, 2, 20, len(everything), 10_000):
        assert find(shared.connection, "dog cat", limit, ranker) == everything[:limit]
    for limit in (0, -1):
        assert find(shared.connection, "dog cat", limit, ranker) == []
    assert Query().limit == 20


@pytest.mark.parametrize("ranker", ["fts5", "bm25+"])
def test_ties_come_in_the_order_of_indexing(shelf: Shelf, ranker: str) -> None:
    order = random.Random(2).sample(range(50), 50)
    for number in order:
        shelf.add(f"/home/photos/{number:02}.jpg", "a dog")
    shelf.add(f"/home/photos/{order[0]:02}.jpg", "a dog")  # indexed again, it keeps its place
    expected = [f"/home/photos/{number:02}.jpg" for number in order]
    assert paths(find(shelf.connection, "dog", None, ranker)) == expected
    assert paths(find(shelf.connection, "dog", 7, ranker)) == expected[:7]


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


def test_a_photo_without_a_path_is_left_out(shelf: Shelf) -> None:
    """A damaged row may be searchable, though its photo is set aside."""
    for name in ("1", "2"):
        shelf.add(f"/home/photos/{name}.jpg", "a dog")
    query = "UPDATE photos SET former_path = path, path = NULL WHERE path = ?"
    with shelf.connection:
        shelf.connection.execute(query, (b"/home/photos/1.jpg",))
    assert paths(find(shelf.connection, "dog")) == ["/home/photos/2.jpg"]


class Meddling(sqlite3.Connection):
    """A connection in whose first search somebody else writes, just after the ranking."""

    def execute(self, *args: Any) -> sqlite3.Cursor:
        cursor = super().execute(*args)
        (_, _, file) = super().execute("PRAGMA database_list").fetchone()
        if "MATCH" in args[0]:
            other = database.open_for_writing(file)
            set_missing(other, ["/home/photos/1.jpg"])
            other.close()
        return cursor


@pytest.mark.parametrize("ranker", ["fts5", "bm25+"])
def test_a_photo_may_vanish_while_it_is_found(shelf: Shelf, tmp_path: Path, ranker: str) -> None:
    for number in range(3):
        shelf.add(f"/home/photos/{number}.jpg", "a dog")
    connection = sqlite3.connect(tmp_path / "library.db", factory=Meddling)
    try:
        found = paths(find(connection, "dog", ranker=ranker))
    finally:
        connection.close()
    assert [path for path in found if "1" not in path] == [
        "/home/photos/0.jpg",
        "/home/photos/2.jpg",
    ]


# Meaning

CONCEPTS = ["dog", "beach", "car", "snow", "party", "food", "tree", "boat"]
FRAGMENTS = ("zzzqqq", "grelbs", "sloths")  # words that the encoder reads in pieces of a letter
LISTED = ("sloth", "dogs")  # words in the model's own lists
SAME = {
    "puppy": "dog",
    "mutt": "dog",
    "hound": "dog",
    "seaside": "beach",
    "winter": "snow",
    "ship": "boat",
}
DIMENSION = 32
AXES = np.linalg.qr(np.random.default_rng(3).normal(size=(DIMENSION, DIMENSION)))[0]


def unit(*concepts: str) -> np.ndarray:
    """Return the direction of concepts; of none, one that has to do with nothing."""
    rows = [CONCEPTS.index(concept) for concept in concepts] or [-1]
    vector = AXES[rows].sum(axis=0)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def random_units(seed: int, count: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, DIMENSION))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@dataclass
class Encoder:
    """A sentence encoder that knows a few words, and the words that mean the same."""

    fingerprint: str = "vectors 1"
    background: np.ndarray = field(default_factory=lambda: quantise(random_units(0, 500)))
    background_hubness: np.ndarray = field(
        default_factory=lambda: np.random.default_rng(1).uniform(0, 0.3, 500).astype(np.float32)
    )
    ranking: Mapping[str, float] = field(default_factory=dict)
    background_words: None = None  # no word head, see test_seen.py

    def pieces(self, word: str) -> int:
        return 5 if word in FRAGMENTS else 1

    def listed(self) -> Collection[str]:
        return LISTED

    def encode(self, sentences: Sequence[str]) -> np.ndarray:
        return np.stack([self._encode(sentence.split()) for sentence in sentences])

    def _encode(self, words: Sequence[str]) -> np.ndarray:
        known = {SAME.get(word, word) for word in words}
        return unit(*(concept for concept in CONCEPTS if concept in known))


def searcher(connection: sqlite3.Connection, **values: Any) -> Searcher:
    encoder = cast(SentenceEncoder, Encoder(**values))
    return Searcher(connection, lambda: meaning.load(connection, encoder))


OUTSIDE = "/elsewhere/x.jpg"  # the path of a photo that the library doesn't have


def seek(shelf: Shelf, text: str = "", outside: np.ndarray | None = None, **asked: Any) -> Hits:
    """Search by words and meaning; `outside` is the vector of a photo that it is to be like."""
    if outside is not None:
        asked["like"] = OUTSIDE
    asked["ranker"] = Ranker.named(asked.get("ranker", "fused"))
    return searcher(shelf.connection).find(Query(text, **asked), lambda path: handed(outside))


def handed(vector: np.ndarray | None) -> np.ndarray:
    assert vector is not None, "nothing is to be described"
    return vector


def unneeded() -> meaning.Meaning:
    raise AssertionError("words alone rank")


def others_near(encoder: Encoder, vector: np.ndarray) -> np.ndarray:
    """Return the cosines of photos of all kinds."""
    background, hubness = encoder.background, encoder.background_hubness
    return Vectors(np.arange(len(background)), background, hubness).cosines(vector)


def best_of(others: np.ndarray) -> float:
    """Return the mean of the three best in standard deviations above the mean."""
    return float(sum(sorted((others - others.mean()) / others.std())[-3:]) / 3)


def sigmoid(odds: float) -> float:
    return 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0


def test_a_photo_is_found_by_what_it_shows(shelf: Shelf) -> None:
    shelf.add("/home/photos/1.jpg", "a brown animal", vector=unit("dog"))
    shelf.add("/home/photos/2.jpg", "a vehicle", vector=unit("car"))
    assert find(shelf.connection, "puppy") == []
    for ranker in ("fused", "meaning"):
        (result,) = seek(shelf, "puppy", ranker=ranker)
        assert (result.path, result.caption) == ("/home/photos/1.jpg", "a brown animal")
        assert (result.matches, result.marks) == ({}, [])
        assert 0.5 < result.score <= 1


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 60))
def test_meaning_ranks_by_the_cosine_less_half_the_hubness(
    shared: Shelf, seed: int, count: int
) -> None:
    shared.fill([{"caption": ["dog"]} for _ in range(count)])
    vectors = random_units(seed, count)
    shared.see(dict(enumerate(vectors)))
    encoder = Encoder()
    query = encoder.encode(["dog beach"])[0]
    others = others_near(encoder, query) - 0.5 * encoder.background_hubness
    weights = Weights()
    results = seek(shared, "dog beach", ranker="meaning", limit=None, min_score=0.0)
    assert len(results) == count
    for result in results:
        number = int(result.path[1:])
        score = float(vectors[number] @ query) - 0.5 * hubness(number)
        part = result.parts["meaning"]
        expected = (score - others.mean()) / others.std()
        assert part.value == pytest.approx(expected, abs=0.03 / float(others.std()))
        odds = weights.bias + weights.meaning * (part.value - best_of(others))
        odds -= weights.size * math.log10(max(count, 100) / 1000)
        assert result.score == pytest.approx(sigmoid(odds), rel=1e-3)
    values = [result.parts["meaning"].value for result in results]
    assert values == sorted(values, reverse=True)


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    ranking=st.fixed_dictionaries(
        {name: st.just(0.0) | st.floats(0.01, 10) for name in ("meaning", "like", "words", "own")}
        | {"bias": st.floats(-5, 5), "min_score": st.floats(0, 1), "sure": st.floats(0, 1)}
    ),
    terms=st.lists(st.sampled_from([*CONCEPTS, *SAME, *VOCABULARY]), max_size=4),
    like=st.booleans(),
)
def test_scores_can_be_recomputed_from_their_parts(
    shared: Shelf, seed: int, ranking: dict[str, float], terms: list[str], like: bool
) -> None:
    """Against a naive version that looks at every photo."""
    dice = random.Random(seed)
    documents = random_documents(dice, list(WEIGHTS))
    shared.fill(documents)
    vectors = random_units(seed, len(documents))
    seen = [number for number in range(len(documents)) if dice.random() < 0.8]
    shared.see({number: vectors[number] for number in seen})
    wanted = random_units(seed + 1, 1)[0] if like else None
    query = Query(" ".join(terms), None, min_score=0.0, like=OUTSIDE if like else None)
    results = searcher(shared.connection, ranking=ranking).find(query, lambda path: handed(wanted))
    found = {int(result.path[1:]): result for result in results}
    bags = [set(itertools.chain(*document.values())) for document in documents]
    wanted_words = {*terms, *itertools.chain(*map(synonyms, terms))}
    matching = {number for number, bag in enumerate(bags) if bag & wanted_words}
    assert set(found) == (({*seen} | matching) if terms or like else set())
    expected = word_scores(shared, documents, terms)
    encoder, bar = Encoder(), 0.0
    if terms:
        cosines = others_near(encoder, encoder.encode([query.text])[0])
        bar += ranking["meaning"] * best_of(cosines - 0.5 * encoder.background_hubness)
    if wanted is not None:
        bar += ranking["like"] * Weights().like_bar
    for number, result in found.items():
        parts = result.parts
        asked = {"meaning", "words", "own"} if terms else set()
        assert set(parts) == (asked | {"like"} if like else asked)
        for name in {"meaning", "like"} & set(parts):
            at_the_bar = parts[name].value == pytest.approx(parts[name].baseline)
            assert at_the_bar == (number not in seen)
        if terms:
            assert (parts["words"].value, parts["own"].value) == pytest.approx(expected[number])
        added = {name: ranking[name] * part.value for name, part in parts.items()}
        odds = ranking["bias"] + sum(added.values()) - bar
        odds -= Weights().size * math.log10(max(len(seen), 100) / 1000)
        assert result.score == pytest.approx(sigmoid(odds), rel=1e-3, abs=1e-6)
        positive = sum(value for value in added.values() if value > 0)
        for name, part in parts.items():
            share = max(added[name], 0) / positive if positive else 0
            assert part.fraction == pytest.approx(share, abs=1e-6)
        assert sum(part.fraction for part in parts.values()) == pytest.approx(1 if positive else 0)
    order = [(-result.score, int(result.path[1:])) for result in results]
    assert order == sorted(order)  # ties in the order of indexing
    passed = [result for result in results if result.score >= ranking["min_score"]]
    least = replace(query, min_score=None)
    hits = searcher(shared.connection, ranking=ranking).find(least, lambda path: handed(wanted))
    assert hits == (passed or results[: NEAREST + like])
    assert hits.threshold == (ranking["min_score"] if query.asks else 0)
    assert hits.below_threshold == len(results) - len(hits)
    assert hits.sure == tuple(result for result in hits if result.score >= ranking["sure"])
    assert [*hits.sure, *hits.perhaps] == list(hits)


def word_scores(
    shelf: Shelf, documents: Sequence[Document], terms: Sequence[str]
) -> list[tuple[float, float]]:
    """Return the BM25+ score, and how much of the words a person wrote, of all documents."""
    stemmer = Stemmer()
    alike: dict[str, dict[str, float]] = {}  # by stem of the query: each stem that stands for it
    for term in terms:
        others = synonyms(term)
        weights = {stemmer.stems([other])[0][0]: weight for other, weight in others.items()}
        alike[stemmer.stems([term])[0][0]] = weights | {stemmer.stems([term])[0][0]: 1.0}
    every = list(itertools.chain(*alike.values()))
    statistics = bm25.read_statistics(shelf.connection, every)
    # A name of a person is no kind of a thing, so it is another word.
    kinds = {each for weights in alike.values() for each in weights if weights[each] < SAME_WEIGHT}
    texts = [
        [
            f"named {stem}" if name == "people" and stem in kinds else stem
            for name, some in doc.items()
            for stem in stemmer.stems([" ".join(some)])[0]
        ]
        for doc in documents
    ]
    rarity = {
        stem: min(
            math.log(1 + (statistics.documents - n + 0.5) / (n + 0.5))
            for n in map(statistics.frequencies.__getitem__, others)
        )
        for stem, others in alike.items()
    }
    total = sum(rarity.values()) or 1
    own = []
    for document in documents:
        written = {name: {*stemmer.stems([" ".join(document.get(name, []))])[0]} for name in OWN}
        near = {  # by field, for each word of the query
            name: {
                stem: max(
                    [
                        weight
                        for one, weight in others.items()
                        if one in written[name] and (name != "people" or weight >= SAME_WEIGHT)
                    ],
                    default=0.0,
                )
                for stem, others in alike.items()
            }
            for name in OWN
        }
        held, covered, people = 0.0, 0.0, 0.0
        for stem in alike:
            share = rarity[stem] / total
            held += share * max(TRUSTS[name] * near[name][stem] for name in OWN)
            covered += share * max(near[name][stem] for name in OWN)
            named = near["people"][stem]
            assert not 0 < named < SAME_WEIGHT
            people += share * named if named >= PART else 0.0
        own.append(max(held * covered, people))
    named_too = {
        stem: weights | {f"named {one}": w for one, w in weights.items() if w >= SAME_WEIGHT}
        for stem, weights in alike.items()
    }
    scores = bm25.normalised_scores(texts, list(alike), statistics, named_too)
    return list(zip(scores.tolist(), own, strict=True))


def test_a_word_of_a_tag_finds_what_the_caption_lacks(shelf: Shelf) -> None:
    shelf.add(
        "/home/photos/1.jpg",
        "a man in a room",
        tags=[Tag("accordion", 0.75, True, ("squeezebox",)), Tag("stage", 0.4, False)],
        vector=unit(),
    )
    for number in range(2, 12):
        shelf.add(f"/home/photos/{number}.jpg", "a man in a room", vector=unit())
    for query in ("accordion", "squeezebox", "stage", "accordions"):
        (result, *rest) = seek(shelf, query, min_score=0.0)
        assert result.path == "/home/photos/1.jpg"
        assert list(result.matches) == ["tags"]
        assert result.score > max(other.score for other in rest)
        assert result.tags == ["accordion"]
        assert result.parts["words"].value > 0 == result.parts["own"].value
    assert all(result.tags == [] for result in rest)


def test_words_and_meaning_together_outrank_either(shelf: Shelf) -> None:
    shelf.add("/home/photos/words.jpg", "a dog", vector=unit("car"))
    shelf.add("/home/photos/meaning.jpg", "an animal", vector=unit("dog"))
    shelf.add("/home/photos/neither.jpg", "a tree", vector=unit("tree"))
    shelf.add("/home/photos/both.jpg", "a dog", vector=unit("dog"))
    ranked = [Path(path).stem for path in paths(seek(shelf, "dog", min_score=0.0))]
    assert ranked == ["both", "meaning", "words", "neither"]


@pytest.mark.parametrize("written", ["folder", "filename", "camera", "edit"])
def test_own_words_outrank_what_the_model_says(shelf: Shelf, written: str) -> None:
    sure = 0.6 * unit("boat") + 0.8 * unit()  # three standard deviations, as real ones have
    for number in range(20):
        name = f"/home/photos/{number:02}.jpg"
        shelf.add(name, "a boat", "two boats", tags=[Tag("boat", 0.75, True)], vector=sure)
    path = {
        "folder": "/home/photos/Boat Trip/x.jpg", "filename": "/home/photos/boat.jpg"
    }.get(written, "/home/photos/x.jpg")  # fmt: skip
    camera = "Boat X100" if written == "camera" else None
    shelf.add(path, "a tree", camera=camera, vector=unit("tree"))
    if written == "edit":
        assert write_edit(shelf.connection, path, "our boat")
    first, second, *_ = seek(shelf, "boat", min_score=0.0)
    assert first.path == path
    trust = 1.0 if written == "edit" else TRUSTS[written]
    assert first.parts["own"].value == pytest.approx(trust)
    assert second.parts["own"].value == 0.0
    assert first.score > second.score


def test_where_nothing_passes_the_threshold_the_nearest_photos_are_shown(shelf: Shelf) -> None:
    for number in range(NEAREST + 2):
        shelf.add(f"/home/photos/{number}.jpg", "a car", vector=unit("car"))
    for request in ({}, {"ranker": "meaning"}, {"limit": None}):
        hits = seek(shelf, "snow", **request)
        assert hits.threshold == Weights().min_score > hits[0].score
        assert (len(hits.sure), len(hits.perhaps), hits.below_threshold) == (0, NEAREST, 2)
        assert list(hits) == seek(shelf, "snow", **request | {"min_score": 0.0})[:NEAREST]
    assert len(seek(shelf, "snow", limit=2)) == 2


def test_what_is_like_no_photo_still_has_nearest_photos(shelf: Shelf) -> None:
    for number, concept in enumerate(CONCEPTS[:3]):
        shelf.add(f"/home/photos/{number}.jpg", "a picture", vector=unit(concept))
    hits = seek(shelf, like="/home/photos/0.jpg")
    assert sorted(paths(hits)) == ["/home/photos/1.jpg", "/home/photos/2.jpg"]
    assert hits.sure == ()


def test_words_that_mean_nothing_find_what_has_them_in_its_text_and_no_other(shelf: Shelf) -> None:
    shelf.add("/home/photos/1.jpg", "a tree", vector=unit())
    shelf.add("/home/photos/2.jpg", "a car", vector=unit("car"))
    for ranker in ("fused", "meaning"):
        for text in ("zzzqqq", "zzzqqq grelbs", "the zzzqqq"):
            hits = seek(shelf, text, ranker=ranker)
            assert not hits and hits.nothing is Nothing.UNKNOWN_WORDS
        # A word that is known, a form of a listed word, or a threshold set by hand asks the model.
        for text, least in (("zzzqqq car", None), ("sloths", None), ("zzzqqq", 0.0)):
            assert len(seek(shelf, text, ranker=ranker, min_score=least)) > 0
    shelf.add("/home/photos/Zzzqqq/3.jpg", "a boat", vector=unit("boat"))
    (result,) = seek(shelf, "zzzqqq")
    assert (result.path, result.sure) == ("/home/photos/Zzzqqq/3.jpg", True)
    assert result.matches == {"folder": ["zzzqqq"]} and set(result.parts) == {"words", "own"}
    assert seek(shelf, "zzzqqq", ranker="meaning").nothing is Nothing.UNKNOWN_WORDS
    # What looks like a photo is found, whatever the words are.
    hits = seek(shelf, "grelbs", like="/home/photos/2.jpg")
    assert hits and set(hits[0].parts) == {"like", "words", "own"}


def test_a_threshold_by_hand_leaves_out_what_is_below_it(shelf: Shelf) -> None:
    shelf.add("/home/photos/1.jpg", "a tree", vector=unit("tree"))
    shelf.add("/home/photos/2.jpg", "a car", vector=unit("car"))
    hits = seek(shelf, "snow", min_score=0.5)
    assert not hits and hits.nothing is Nothing.BELOW_THRESHOLD
    assert (hits.threshold, hits.below_threshold) == (0.5, 2)
    everything = seek(shelf, "tree", min_score=0.0)
    assert len(everything) == 2
    for least in (0.1, 0.5, everything[0].score, 0.9999, 1.0, 1.1):
        expected = [result for result in everything if result.score >= least]
        assert seek(shelf, "tree", min_score=least) == expected
    assert find(shelf.connection, "tree") != []
    for ranker in ("bm25+", "fts5"):
        assert seek(shelf, "tree", ranker=ranker, min_score=1e6) == []


def test_what_is_like_a_photo_is_not_the_photo_itself(shelf: Shelf) -> None:
    for number, concepts in enumerate([("dog",), ("dog", "beach"), ("car",), ("dog",)]):
        shelf.add(f"/home/photos/{number}.jpg", "a picture", vector=unit(*concepts))
    asked: dict[str, Any] = {"like": "/home/photos/0.jpg"}
    assert paths(seek(shelf, **asked)) == ["/home/photos/3.jpg", "/home/photos/1.jpg"]
    (result, *_) = seek(shelf, **asked)
    assert set(result.parts) == {"like"}
    assert (result.matches, result.caption) == ({}, "a picture")
    assert len(seek(shelf, outside=unit("dog"))) == 3
    # With a sentence, both count.
    (result, *_) = seek(shelf, "beach", **asked)
    assert result.path == "/home/photos/1.jpg"
    assert set(result.parts) == {"like", "meaning", "words", "own"}


def test_photos_of_another_model_are_found_by_their_words(shelf: Shelf) -> None:
    shelf.add("/home/photos/new.jpg", "a dog", vector=unit("dog"))
    shelf.add("/home/photos/none.jpg", "a dog")
    older = {part: f"{part} 0" for part in PARTS}
    shelf.models = use_models(shelf.connection, shelf.run, "older", older)
    shelf.add("/home/photos/old.jpg", "a dog", vector=unit("car"))
    results = seek(shelf, "dog")
    assert paths(results) == [f"/home/photos/{name}.jpg" for name in ("new", "none", "old")]
    for result in results[1:]:
        part = result.parts["meaning"]
        assert part.value == pytest.approx(part.baseline)
    assert paths(seek(shelf, "mutt", min_score=0.0)) == ["/home/photos/new.jpg"]
    assert paths(seek(shelf, "dog", ranker="meaning", min_score=0.0)) == ["/home/photos/new.jpg"]
    for fingerprint in ("vectors 0", "vectors 9"):
        found = searcher(shelf.connection, fingerprint=fingerprint).find(Query("dog"))
        assert len(found) == 3


def test_results_change_when_another_writes(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add("/home/photos/1.jpg", "a picture", vector=unit("dog"))
    reader = database.open_for_reading(str(tmp_path / "library.db"))
    loads: list[int] = []

    def load() -> meaning.Meaning:
        loads.append(1)
        return meaning.load(reader, cast(SentenceEncoder, Encoder()))

    searches = Searcher(reader, load)
    for _ in range(3):
        assert paths(searches.find(Query("puppy"))) == ["/home/photos/1.jpg"]
    assert len(loads) == 1
    shelf.add("/home/photos/2.jpg", "a picture", vector=unit("dog"))
    found = paths(searches.find(Query("puppy")))
    assert found == ["/home/photos/1.jpg", "/home/photos/2.jpg"]
    set_missing(shelf.connection, ["/home/photos/1.jpg"])
    assert paths(searches.find(Query("puppy"))) == ["/home/photos/2.jpg"]
    assert paths(searches.find(Query("puppy"))) == ["/home/photos/2.jpg"]
    assert len(loads) == 3
    reader.close()


@pytest.mark.parametrize("ranker", ["fused", "bm25+", "fts5"])
@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (None, "1234"), (["caption"], "1"), (["alternatives"], "2"), (["tags"], "3"),
        (["folder"], "4"), (["place", "camera"], ""), (["caption", "tags"], "13"), ([], "1234"),
    ],
)  # fmt: skip
def test_fields_restrict_where_words_are_looked_for(
    shelf: Shelf, ranker: str, fields: Sequence[str] | None, found: str
) -> None:
    shelf.add("/home/photos/1.jpg", "a dog", "a wall")
    shelf.add("/home/photos/2.jpg", "a wall", "a dog")
    shelf.add("/home/photos/3.jpg", "a wall", tags=[Tag("dog", 0.75, True)])
    shelf.add("/home/photos/dog/4.jpg", "a wall")
    results = seek(shelf, "dog", ranker=ranker, fields=fields, min_score=0.0)
    assert sorted(Path(path).stem for path in paths(results)) == list(found)
    for result in results:
        if result.parts:
            assert result.parts["words"].value > 0
            own = result.path.endswith("4.jpg")
            assert result.parts["own"].value == pytest.approx(TRUSTS["folder"] if own else 0.0)


@pytest.mark.parametrize("text", ["dog", ""])
def test_unknown_rankers_and_fields_are_wrong_use(shelf: Shelf, text: str) -> None:
    for ranker in ("", "FUSED", "bm25", "words"):
        with pytest.raises(UsageError, match=r"unknown ranker.*bm25\+"):
            seek(shelf, text, ranker=ranker)
    for fields in (["captions"], ["caption", "path"], [""]):
        with pytest.raises(UsageError, match=r"unknown field.*alternatives"):
            seek(shelf, text, fields=fields)


def test_only_what_needs_vectors_reads_them(shelf: Shelf) -> None:
    shelf.add("/home/photos/1.jpg", "a dog", vector=unit("dog"))
    searches = Searcher(shelf.connection, unneeded)
    for ranker in ("bm25+", "fts5"):
        (result,) = searches.find(Query("dog", ranker=Ranker.named(ranker)))
        assert result.parts == {}
    for query in (Query(""), Query("?!"), Query("dog", -1)):
        hits = searches.find(query)
        assert not hits and hits.nothing is Nothing.NOT_ASKED


@pytest.mark.parametrize("ranker", Ranker)
def test_an_empty_library_holds_nothing(shelf: Shelf, ranker: str) -> None:
    for request in ({}, {"limit": None}, {"min_score": 0.0}):
        hits = seek(shelf, "dog", ranker=ranker, **request)
        assert not hits and hits.nothing is Nothing.EMPTY_LIBRARY
    if Ranker.named(ranker).asks_vectors:
        assert seek(shelf, "dog", unit("dog"), ranker=ranker) == []
    shelf.add("/home/photos/1.jpg", "a dog", vector=unit("dog"))
    set_missing(shelf.connection, ["/home/photos/1.jpg"])
    hits = seek(shelf, "dog", ranker=ranker, min_score=0.0)
    assert not hits and hits.nothing is Nothing.ALL_GONE


def test_a_limit_takes_the_nearest_of_many(shared: Shelf) -> None:
    """More photos than are looked at closely."""
    shared.fill([{"caption": ["wall"]} for _ in range(600)])
    shared.see(dict(enumerate(random_units(5, 600))))
    for text in ("dog", "dog wall"):
        for ranker in ("meaning", "fused"):
            request: dict[str, Any] = {"ranker": ranker, "min_score": 0.0}
            everything = seek(shared, text, limit=None, **request)
            assert len(everything) == 600
            for limit in (1, 20, 150):
                assert seek(shared, text, limit=limit, **request) == everything[:limit]


def test_vectors_are_compared_as_they_are_kept(shelf: Shelf) -> None:
    """A photo is as like itself as its int8 vector is, and nothing is more."""
    vectors = random_units(7, 50)
    for number, vector in enumerate(vectors):
        shelf.add(f"/home/photos/{number}.jpg", "x", vector=vector)
    for number in (0, 17, 49):
        kept = dequantise(quantise(vectors[number]))
        assert paths(seek(shelf, outside=kept, limit=1)) == [f"/home/photos/{number}.jpg"]
