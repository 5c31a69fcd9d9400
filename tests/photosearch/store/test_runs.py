"""Runs: when they began and ended, and how many photos they wrote."""

import sqlite3
from collections.abc import Callable

from photosearch.store.descriptions import Models
from photosearch.store.failures import Failure
from photosearch.store.photos import Photo, write_batch
from photosearch.store.runs import finish_run

MakePhoto = Callable[..., Photo]
Start = Callable[[sqlite3.Connection], tuple[int, Models]]


def test_a_run_tells_whether_it_ended(
    library: sqlite3.Connection, photo: MakePhoto, start: Start
) -> None:
    run, models = start(library)
    photos = [photo(f"/p/{number}.jpg", "a dog") for number in range(3)]
    write_batch(library, run, models, photos, [Failure("/p/x", "empty")])
    query = "SELECT captioned, failed, model_id, finished_at IS NULL FROM runs"
    assert library.execute(query).fetchall() == [(3, 1, models.captions, 1)]
    finish_run(library, run)
    assert library.execute(query).fetchall() == [(3, 1, models.captions, 0)]
