"""Each question of the table: the right photos are found, in the right order."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from captioner.describe.description import Caption, Description
from photosearch.indexing.config import IndexOptions
from photosearch.indexing.run import index
from photosearch.search.query import Query
from photosearch.search.results import Hits
from photosearch.search.searcher import Searcher
from photosearch.store import database
from tests.fakes import FakeDescriber
from tests.metadata.pictures import xmp_option
from tests.metadata.questions import Question
from tests.metadata.table import QUESTIONS

_STEP = 16  # between the shades of two photos


def _indexed(asked: Question, home: Path) -> sqlite3.Connection:
    """Make the photos, each in a shade of its own, and index them."""
    folder = home / "photos"
    for number, (name, photo) in enumerate(asked.photos.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shade = Image.new("L", (8, 8), number * _STEP)
        shade.save(path, **xmp_option("png", photo.xmp()))
    captions = [photo.seen for photo in asked.photos.values()]

    def see(pixels: np.ndarray) -> Description:
        return Description([Caption(captions[int(pixels.mean()) // _STEP], -1.0, 4)], [], b"")

    connection = database.open_for_writing(str(home / "library.db"))
    describer = FakeDescriber(see)
    index(connection, [str(folder)], lambda: describer, IndexOptions(workers=0))
    return connection


def _asked(asked: Question, home: Path) -> Hits:
    connection = _indexed(asked, home)
    try:
        query = Query(asked.query, limit=None, fields=asked.fields)
        return Searcher(connection, lambda: None).find(query)
    finally:
        connection.close()


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(each, id=f"{kind}/search/{each.name}")
        for kind, questions in QUESTIONS.items()
        for each in questions
    ],
)
def test_the_right_photos_are_found(asked: Question, tmp_path: Path) -> None:
    hits = _asked(asked, tmp_path)
    folder = tmp_path / "photos"
    names = [str(Path(hit.path).relative_to(folder)) for hit in hits]
    sure = {str(Path(hit.path).relative_to(folder)) for hit in hits.sure}
    told = f"{asked.query!r} finds {names}, sure of {sorted(sure)}"
    if asked.first is not None:
        assert names[:1] == [asked.first], f"{told}; first must be {asked.first}"
    if asked.only is not None:
        assert set(names) == asked.only, f"{told}; only {sorted(asked.only)} must be found"
    assert asked.found <= set(names), f"{told}; {sorted(asked.found)} must be found"
    assert asked.missing.isdisjoint(names), f"{told}; {sorted(asked.missing)} must not be found"
    assert asked.unsure.isdisjoint(sure), f"{told}; {sorted(asked.unsure)} must not be sure"


@pytest.mark.parametrize("kind", QUESTIONS)
def test_no_two_questions_of_a_kind_have_one_name(kind: str) -> None:
    names = [each.name for each in QUESTIONS[kind]]
    assert len(set(names)) == len(names)
