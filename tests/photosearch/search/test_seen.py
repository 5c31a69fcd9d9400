"""Seen: the likeliest words of photos, compared as a naive version compares them."""

import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.describe.description import PARTS, Caption, Description
from captioner.describe.labels import Label
from captioner.describe.quantise import quantise
from captioner.describe.sentence_encoder import SentenceEncoder
from captioner.describe.words import KEPT, Words, decode, sparse, unpack
from photosearch.files.file import File
from photosearch.photo.exif import Exif
from photosearch.search import meaning, seen
from photosearch.search.query import Query, Ranker
from photosearch.search.results import Hits
from photosearch.search.searcher import Searcher
from photosearch.search.seen import LEAST, Likeliest
from photosearch.search.wording import PARTLY
from photosearch.store import database
from photosearch.store.descriptions import Models, use_models
from photosearch.store.photos import Photo, set_missing, write_batch
from photosearch.store.runs import start_run
from photosearch.store.search_fields import NAME

HEAD = (
    "dog",
    "child",
    "church",
    "umbrella",
    "red",
    "sofa",
    "couch",
    *(f"w{number}" for number in range(70)),
)
FORMS = {"dog": ("dog", "dogs"), "child": ("child", "children", "kid")}


def words_of(rows: np.ndarray) -> Likeliest:
    """Return the likeliest words of photos, of probabilities, (N, words)."""
    return Likeliest(*unpack(sparse(rows)))


def chances(seed: int, photos: int) -> np.ndarray:
    """Return probabilities as a word head gives them: few words are likely."""
    drawn = np.random.default_rng(seed).uniform(size=(photos, len(HEAD)))
    return np.asarray(drawn**12, np.float32)


@dataclass
class Encoder:
    """A text tower that finds all sentences alike, with a word head."""

    fingerprint: str = "vectors 1"
    words_fingerprint: str = "tags 1"
    background: np.ndarray = field(default_factory=lambda: units(0, 300))
    background_hubness: np.ndarray = field(default_factory=lambda: np.zeros(300, np.float32))
    ranking: Mapping[str, float] = field(default_factory=dict)
    background_words: tuple[np.ndarray, np.ndarray] | None = field(
        default_factory=lambda: unpack(sparse(chances(0, 300)))
    )

    def words(self) -> Words:
        return Words([Label(word, forms=FORMS.get(word, (word,))) for word in HEAD])

    def pieces(self, word: str) -> int:
        return 1

    def listed(self) -> frozenset[str]:
        return frozenset(HEAD)

    def encode(self, sentences: Sequence[str]) -> np.ndarray:
        return np.full((len(sentences), 8), 8**-0.5, np.float32)


def units(seed: int, count: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, 8))
    return quantise(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def sentence_encoder(**values: object) -> SentenceEncoder:
    return cast(SentenceEncoder, Encoder(**values))  # type: ignore[arg-type]


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    photos=st.integers(0, 30),
    asked=st.lists(
        st.dictionaries(st.integers(0, len(HEAD) - 1), st.sampled_from([1.0, 0.8]), max_size=4),
        max_size=4,
    ),
)
def test_log_probabilities_are_those_of_the_likeliest_word(
    seed: int, photos: int, asked: list[dict[int, float]]
) -> None:
    found = words_of(chances(seed, photos))
    values = found.log_probabilities(asked)
    assert values.shape == (photos,) and values.dtype == np.float32
    for value, ids, codes in zip(values.tolist(), found.ids, found.codes, strict=True):
        held = dict(zip(ids.tolist(), decode(codes).tolist(), strict=True))
        expected = 0.0
        for alike in asked:
            likely = [math.log(held[w] * weight) for w, weight in alike.items() if w in held]
            expected += max([*likely, LEAST])
        assert value == pytest.approx(expected, abs=1e-3)
    assert math.exp(LEAST) == pytest.approx(float(decode(np.array([255], np.uint8))[0]))


def test_a_model_with_fewer_words_than_are_kept() -> None:
    found = words_of(np.array([[0.5, 0.25]], np.float32))
    assert found.ids.shape == (1, KEPT)
    assert found.log_probabilities([{1: 1.0}])[0] == pytest.approx(math.log(0.25), abs=0.03)


@dataclass
class Shelf:
    """A library of photos that only their likeliest words tell apart."""

    connection: sqlite3.Connection
    run: int
    models: Models

    def add(self, number: int, row: np.ndarray | None) -> None:
        blob = None if row is None else sparse(row[None])[0]
        said = Description([Caption("a thing", -1.0, 3)], (), units(1, 1).tobytes(), 0.0, blob)
        photo = Photo(File(f"/p/{number}.jpg", 1, 1, number), "/p", "JPEG", 4, 3, Exif(), said)
        write_batch(self.connection, self.run, self.models, [photo], [])

    def find(self, text: str, ranker: Ranker = Ranker.FUSED, **values: object) -> Hits:
        encoder = sentence_encoder(**values)
        searcher = Searcher(self.connection, lambda: meaning.load(self.connection, encoder))
        return searcher.find(Query(text, None, ranker, min_score=0.0))


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    connection = database.open_for_writing(str(tmp_path / "library.db"))
    run = start_run(connection)
    models = use_models(connection, run, "fake", {part: f"{part} 1" for part in PARTS})
    yield Shelf(connection, run, models)
    connection.close()


def row(**words: float) -> np.ndarray:
    """Return the probabilities of the head's words."""
    return np.array([words.get(word, 0.001) for word in HEAD], np.float32)


def numbers(hits: Hits) -> list[int]:
    return [int(Path(result.path).stem) for result in hits]


def test_the_surest_photo_comes_first(shelf: Shelf) -> None:
    for number, chance in enumerate((0.001, 0.9, 0.02, 0.5), 1):
        shelf.add(number, row(dog=chance, red=0.3))
    for text in ("dog", "dogs", "red dog", "doggy", "a dog that w1 zzz"):
        assert numbers(shelf.find(text)) == [2, 4, 3, 1]
    # No other ranker asks, and no query that the head doesn't know.
    assert numbers(shelf.find("dog", Ranker.MEANING)) == [1, 2, 3, 4]
    assert set(shelf.find("zzz")[0].parts) == {"meaning", "words", "own"}


def test_an_everyday_synonym_stands_for_a_word_of_the_head(shelf: Shelf) -> None:
    shelf.add(1, row())
    shelf.add(2, row(child=0.5, umbrella=0.2))
    for text in ("youngster", "youngsters", "parasol"):
        first, second = shelf.find(text)
        assert first.path == "/p/2.jpg"
        assert first.parts["seen"].value > second.parts["seen"].value
    assert "seen" not in shelf.find("cathedral")[0].parts  # "church" is more than a cathedral


@pytest.mark.parametrize("text", ["dog", "red dog", "dog w1 w2 unknown"])
def test_values_are_log_probabilities_above_those_of_photos_of_all_kinds(
    shelf: Shelf, text: str
) -> None:
    rows = chances(3, 6)
    for number, each in enumerate(rows):
        shelf.add(number, each)
    words = text.split()
    asked = [{HEAD.index(word): 1.0} for word in words if word in HEAD]
    others, own = (
        np.sum([words_of(each).log_probabilities([word]) for word in asked], axis=0)
        for each in (chances(0, 300), rows)
    )
    for result in shelf.find(text):
        part = result.parts["seen"]
        more = float(own[int(Path(result.path).stem)] - others.mean())
        assert part.value == pytest.approx(more / len(words) ** 1.5, abs=1e-3)
        best = float(np.sort(others)[-3:].mean() - others.mean())
        assert part.baseline == pytest.approx(best / len(words) ** 1.5, abs=1e-3)


def test_of_two_words_of_one_meaning_the_likelier_counts(shelf: Shelf) -> None:
    """The head may know both: then photos of sofas are told from photos of couches by chance."""
    shelf.add(1, row(sofa=0.3, couch=0.01))
    shelf.add(2, row(sofa=0.01, couch=0.9))
    shelf.add(3, row(sofa=0.01, couch=0.01))
    assert numbers(shelf.find("sofa")) == numbers(shelf.find("couch")) == [2, 1, 3]


def test_a_visible_word_of_a_folder_counts_less_than_a_name(shelf: Shelf) -> None:
    """The folder says "red": the head sees whether a photo is red. It sees no Kunigunde."""
    shelf.add(1, row())
    shelf.add(2, row(dog=0.9))
    own = []
    for folder in ("red", "kunigunde"):
        with shelf.connection:
            query = "UPDATE search SET folder = ? WHERE photo_id = 1"
            shelf.connection.execute(query, (f"p/{folder}",))
        parts = {hit.path: hit.parts["own"].value for hit in shelf.find(f"{folder} dog")}
        assert parts["/p/2.jpg"] == 0
        own.append(parts["/p/1.jpg"])
        (whole, *_) = shelf.find(folder)
        assert whole.path == "/p/1.jpg" and whole.parts["own"].value == pytest.approx(NAME)
    assert own[0] == pytest.approx(PARTLY * own[1])
    assert own[0] > 0


def test_photos_without_words_of_this_model_are_at_the_baseline(shelf: Shelf) -> None:
    shelf.add(1, row(dog=0.9))
    shelf.add(2, None)
    shelf.add(3, row(dog=0.001))
    shelf.add(4, row(dog=0.9))
    set_missing(shelf.connection, ["/p/4.jpg"])
    hits = shelf.find("dog")
    assert sorted(numbers(hits)) == [1, 2, 3]
    (unknown,) = [result for result in hits if result.path == "/p/2.jpg"]
    part = unknown.parts["seen"]
    assert part.value == pytest.approx(part.baseline)
    for result in shelf.find("dog", words_fingerprint="tags 2"):
        assert result.parts["seen"].value == pytest.approx(result.parts["seen"].baseline)
    assert "seen" not in shelf.find("dog", background_words=None)[0].parts


@pytest.mark.parametrize("piece", [1, 2, 5, 100])
def test_words_are_read_whatever_the_pieces(shelf: Shelf, piece: int) -> None:
    rows = chances(4, 9)
    for number, each in enumerate(rows, 1):
        shelf.add(number, each)
    photos = np.array([1, 2, 4, 7, 9])
    loaded = seen.load(shelf.connection, sentence_encoder(), photos, piece)
    assert loaded is not None
    expected = words_of(rows[photos - 1])
    assert (loaded.photos.ids == expected.ids).all()
    assert (loaded.photos.codes == expected.codes).all()
    assert loaded.there.all()
