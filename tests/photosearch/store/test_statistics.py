"""Statistics: how much a library holds."""

import sqlite3
from collections.abc import Callable

from captioner.describe.description import PARTS
from photosearch.store.descriptions import Models, use_models
from photosearch.store.photos import Photo, write_batch
from photosearch.store.statistics import stats

MakePhoto = Callable[..., Photo]
Start = Callable[[sqlite3.Connection], tuple[int, Models]]


def fingerprints(number: int = 1) -> dict[str, str]:
    return {part: f"{part} {number}" for part in PARTS}


def test_stats_count_each_model_by_its_name(
    library: sqlite3.Connection, photo: MakePhoto, start: Start
) -> None:
    """A model trained again has the same name and another fingerprint."""
    run, first = start(library)
    second = use_models(library, run, "fake", fingerprints(2))
    other = use_models(library, run, "other", fingerprints(3))
    assert len({first, second, other}) == 3
    assert use_models(library, run, "fake", fingerprints()) == first
    for models, names in [(first, "abc"), (second, "de"), (other, "f")]:
        photos = [photo(f"/p/{name}.jpg", "a dog", "a cat") for name in names]
        write_batch(library, run, models, photos, [])
    assert stats(library)["models"] == {"fake": 5, "other": 1}
