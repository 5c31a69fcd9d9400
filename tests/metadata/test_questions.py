"""Each question of the table: the right photos are found, in the right order."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PIL import Image

import captioner
from captioner.describe.description import Caption, Description
from captioner.describe.sentence_encoder import SentenceEncoder
from photosearch.indexing.config import IndexOptions
from photosearch.indexing.run import index
from photosearch.search.fusion import Weights
from photosearch.search.meaning import Meaning
from photosearch.search.query import Query
from photosearch.search.searcher import Searcher
from photosearch.search.vectors import Vectors
from photosearch.store import database
from tests.fakes import FakeDescriber
from tests.metadata.pictures import xmp_option
from tests.metadata.questions import Question
from tests.metadata.table import QUESTIONS

_STEP = 16  # between the shades of two photos
_CONFIG = Path(captioner.__file__).parent / "models" / "default" / "config.json"
_IDS = "SELECT id FROM photos ORDER BY id"
_SIZE, _OTHERS = 8, 100  # of vectors; photos of all kinds


def _indexed(asked: Question, home: Path) -> Path:
    """Make the photos, each in a shade of its own, and index them; return the library."""
    folder = home / "photos"
    for number, (name, photo) in enumerate(asked.photos.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shade = Image.new("L", (8, 8), number * _STEP)
        shade.save(path, **xmp_option("png", photo.xmp()))
    captions = [photo.seen for photo in asked.photos.values()]

    def see(pixels: np.ndarray) -> Description:
        return Description([Caption(captions[int(pixels.mean()) // _STEP], -1.0, 4)], [], b"")

    library = home / "library.db"
    describer = FakeDescriber(see)
    with contextlib.closing(database.open_for_writing(str(library))) as connection:
        index(connection, [str(folder)], lambda: describer, IndexOptions(workers=0))
    return library


@pytest.fixture(scope="module")
def library_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Question], Path]:
    """Return the library of a question; both ways of asking share it."""
    made: dict[str, Path] = {}

    def library(asked: Question) -> Path:
        if asked.name not in made:
            made[asked.name] = _indexed(asked, tmp_path_factory.mktemp("asked"))
        return made[asked.name]

    return library


class Blind:
    """A text tower that knows all words of the Latin alphabet, and sees nothing in any photo."""

    fingerprint = "blind"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return the same unit vector for every text, float32 (n, D)."""
        return np.eye(1, _SIZE, dtype=np.float32).repeat(len(texts), axis=0)

    def pieces(self, word: str) -> int:
        """Read every word in one piece."""
        return 1

    def listed(self) -> Collection[str]:
        """Have no words of its own."""
        return ()


def _blind(connection: sqlite3.Connection) -> Meaning:
    """Return vectors of a library's photos that are as far from a sentence as any photo."""
    photos = np.array([photo for (photo,) in connection.execute(_IDS)])
    others = np.zeros((_OTHERS, _SIZE), np.int8)
    others[:, 0] = np.arange(_OTHERS)  # nearer and nearer to any sentence
    usual = np.tile(others[_OTHERS // 2], (len(photos), 1))
    return Meaning(
        cast(SentenceEncoder, Blind()),
        Vectors(photos, usual, np.zeros(len(photos), np.float32)),
        Vectors(np.arange(_OTHERS), others, np.zeros(_OTHERS, np.float32)),
        Weights(**json.loads(_CONFIG.read_text())["ranking"]),
        None,
    )


def _answer(asked: Question, library: Path, *, fused: bool) -> tuple[list[str], set[str]]:
    """Return the names of the photos that are found, the best first, and those that are sure."""
    with contextlib.closing(database.open_for_reading(str(library))) as connection:
        query = Query(asked.query, limit=None, fields=asked.fields)
        meaning = _blind(connection) if fused else None
        hits = Searcher(connection, lambda: meaning).find(query)
    folder = library.parent / "photos"
    names = {hit.path: str(Path(hit.path).relative_to(folder)) for hit in hits}
    return list(names.values()), {names[hit.path] for hit in hits.sure}


_ASKED = [
    pytest.param(each, how == "fused", id=f"{kind}/{how}/{each.name}")
    for kind, questions in QUESTIONS.items()
    for each in questions
    for how in ("words", "fused")
]


@pytest.mark.parametrize(("asked", "fused"), _ASKED)
def test_the_right_photos_are_found(
    asked: Question, fused: bool, library_of: Callable[[Question], Path]
) -> None:
    names, sure = _answer(asked, library_of(asked), fused=fused)
    told = f"{asked.query!r} finds {names}, sure of {sorted(sure)}"
    # With vectors, some of the nearest photos may always be shown; they aren't sure.
    shown = sure if fused else set(names)
    if asked.first is not None:
        assert names[:1] == [asked.first], f"{told}; first must be {asked.first}"
    if asked.only is not None:
        assert shown == asked.only, f"{told}; only {sorted(asked.only)} must be found"
    assert asked.found <= set(names), f"{told}; {sorted(asked.found)} must be found"
    assert asked.missing.isdisjoint(shown), f"{told}; {sorted(asked.missing)} must not be found"
    if fused:  # by words alone, every result is sure
        assert asked.unsure.isdisjoint(sure), f"{told}; {sorted(asked.unsure)} must not be sure"


def test_no_two_questions_have_one_name() -> None:
    names = [each.name for questions in QUESTIONS.values() for each in questions]
    assert len(set(names)) == len(names)
