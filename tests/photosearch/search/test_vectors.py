"""Vectors: near to what floats would give, and only of photos that can be compared."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from captioner.describe.quantise import RANGE, dequantise, quantise, scale
from photosearch.search.vectors import Vectors, best, load
from photosearch.store import database
from photosearch.store.photos import set_missing


def random_units(seed: int, count: int, dimension: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def vectors_of(matrix: np.ndarray) -> Vectors:
    return Vectors(np.arange(len(matrix)), matrix, np.zeros(len(matrix), np.float32))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = database.open_for_writing(str(tmp_path / "library.db"))
    with connection:
        connection.execute("INSERT INTO runs (started_at) VALUES ('')")
        connection.executemany(
            "INSERT INTO models VALUES (?, 'fake', ?, '', 'vectors')", [(1, "old"), (2, "new")]
        )
    yield connection
    connection.close()


def add(library: sqlite3.Connection, photo: int, model: int, vector: np.ndarray) -> None:
    with library:
        library.execute(
            """INSERT INTO photos (id, path, display, size, mtime_ns, inode, format, width,
               height, run_id) VALUES (?, ?, '', 1, 1, 1, 'PNG', 1, 1, 1)""",
            (photo, f"/{photo}".encode()),
        )
        raw = quantise(vector).tobytes()
        library.execute("INSERT INTO vectors VALUES (?, ?, ?, ?)", (photo, model, raw, photo / 8))


def test_only_vectors_of_this_model_and_of_photos_that_are_there(
    library: sqlite3.Connection,
) -> None:
    vectors = random_units(1, 9, 16)
    for photo in (5, 3, 8, 1, 2, 7, 4, 6):
        add(library, photo, 1 if photo in (2, 7) else 2, vectors[photo])
    set_missing(library, ["/4", "/7"])
    for fingerprint, photos in [("new", [1, 3, 5, 6, 8]), ("old", [2]), ("none", [])]:
        loaded = load(library, fingerprint, 16)
        assert loaded.photos.tolist() == photos
        assert loaded.matrix.dtype == np.int8
        assert loaded.matrix.tolist() == quantise(vectors[photos]).tolist()
        assert len(loaded.cosines(vectors[0])) == len(photos)
        assert loaded.hubness.tolist() == [photo / 8 for photo in photos]
    with library:
        library.execute("UPDATE photos SET missing_since = NULL")
    assert load(library, "new", 16).photos.tolist() == [1, 3, 4, 5, 6, 8]


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 100])
def test_all_bytes_come_back_whatever_the_pieces(library: sqlite3.Connection, piece: int) -> None:
    chance = np.random.default_rng(4)
    matrix = chance.integers(-128, 128, (7, 512), np.int8)
    matrix[3] = 0  # SQLite's text ends at a zero
    for photo, row in enumerate(matrix):
        add(library, photo, 2, np.zeros(512))
        with library:
            query = "UPDATE vectors SET vector = ?, hubness = ? WHERE photo_id = ?"
            library.execute(query, (row.tobytes(), float(np.float32(chance.normal())), photo))
    loaded = load(library, "new", 512, piece)
    assert loaded.photos.tolist() == list(range(7))
    assert (loaded.matrix == matrix).all()
    stored = library.execute("SELECT hubness FROM vectors ORDER BY photo_id").fetchall()
    assert loaded.hubness.tolist() == [hubness for (hubness,) in stored]


def test_a_vector_of_another_length_is_left_out(library: sqlite3.Connection) -> None:
    vectors = random_units(5, 3, 16)
    for photo, vector in enumerate(vectors):
        add(library, photo, 2, vector)
    with library:
        query = "UPDATE vectors SET vector = substr(vector, 1, 7) WHERE photo_id = 1"
        library.execute(query)
    loaded = load(library, "new", 16)
    assert loaded.photos.tolist() == [0, 2]
    assert loaded.matrix.tolist() == quantise(vectors[[0, 2]]).tolist()


def test_an_empty_library_has_no_vectors(library: sqlite3.Connection) -> None:
    loaded = load(library, "new", 16)
    assert loaded.photos.shape == (0,)
    assert loaded.cosines(random_units(1, 1, 16)[0]).shape == (0,)
    assert loaded.rows(np.array([1, 2])).tolist() == [-1, -1]
    assert loaded.rows(np.array([], np.int64)).tolist() == []


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    count=st.integers(1, 40),
    dimension=st.sampled_from([16, 31, 64, 256, 384]),
)
def test_cosines_are_nearly_those_of_floats(seed: int, count: int, dimension: int) -> None:
    vectors = random_units(seed, count + 1, dimension)
    query, vectors = vectors[0], vectors[1:]
    vectors[0] = query  # as near as can be, or the cosines would all be about 0
    assume(abs(vectors).max() * scale(dimension) < 128)  # nothing is clipped
    found = vectors_of(quantise(vectors)).cosines(query)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, vectors @ query, atol=0.01 if dimension > 100 else 0.05)
    exact = quantise(vectors).astype(np.int64) @ quantise(query).astype(np.int64)
    assert np.argsort(-found, kind="stable").tolist() == np.argsort(-exact, kind="stable").tolist()


def test_the_products_of_the_largest_numbers_do_not_overflow() -> None:
    dimension = 4096
    query = np.full(dimension, 1.0, np.float32)  # clipped to the ends of the range
    matrix = np.stack([np.full(dimension, 127, np.int8), np.full(dimension, -127, np.int8)])
    found = vectors_of(matrix).cosines(query)
    assert found.tolist() == pytest.approx([16.0, -16.0])


@given(seed=st.integers(0, 2**32), dimension=st.sampled_from([64, 384]))
def test_a_vector_comes_back_from_its_bytes(seed: int, dimension: int) -> None:
    vectors = random_units(seed, 3, dimension)
    back = dequantise(quantise(vectors))
    np.testing.assert_allclose(np.linalg.norm(back, axis=1), 1, rtol=1e-5)
    kept = np.clip(vectors, *(np.array([-RANGE, RANGE]) / np.sqrt(dimension)))  # nearly all
    kept /= np.linalg.norm(kept, axis=1, keepdims=True)
    assert float((back * kept).sum(axis=1).min()) > 0.9995


@given(
    photos=st.lists(st.integers(0, 30), unique=True, max_size=15).map(sorted),
    asked=st.lists(st.integers(-2, 35), max_size=10),
)
def test_rows_are_where_the_photos_stand(photos: list[int], asked: list[int]) -> None:
    count = len(photos)
    vectors = Vectors(np.array(photos, np.int64), np.zeros((count, 4), np.int8), np.zeros(count))
    expected = [photos.index(photo) if photo in photos else -1 for photo in asked]
    assert vectors.rows(np.array(asked, np.int64)).tolist() == expected


few_values = st.sampled_from([-1.0, 0.0, 0.5, 0.25, 1.0])


@given(
    scores=arrays.arrays(np.float64, st.integers(0, 30), elements=few_values | st.floats(-1, 1)),
    count=st.integers(1, 35),
)
def test_the_best_are_the_first_of_a_full_sort(scores: np.ndarray, count: int) -> None:
    expected = sorted(range(len(scores)), key=lambda place: (-scores[place], place))[:count]
    assert best(scores, count).tolist() == expected


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_ties_come_in_their_order(count: int) -> None:
    assert best(np.array([0.5, 1.0, 0.5, 0.5]), count).tolist() == [1, 0, 2, 3][:count]


def test_the_best_none_are_none() -> None:
    assert best(np.array([0.5, 1.0]), 0).tolist() == []
