"""Dates: what is stored of them, and what follows when names, rules and sidecars change."""

import json
import os
import sqlite3
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.describe.description import Caption, Description
from photosearch.files.file import File
from photosearch.photo.dates import RULE, DateSource, when_taken
from photosearch.photo.exif import Exif
from photosearch.photo.user_metadata import UserMetadata
from photosearch.store.dates import follow_rule, read_dates, stored_dates
from photosearch.store.descriptions import Models
from photosearch.store.edits import write_edit
from photosearch.store.failures import Failure, Stage
from photosearch.store.moves import copy_photo, move_photos, relocate, touch_photo
from photosearch.store.photos import Photo, set_missing, write_batch
from photosearch.store.roots import add_roots
from photosearch.store.settings import read_setting, write_setting

Start = Callable[[sqlite3.Connection], tuple[int, Models]]
CHANGED = 10**18  # nanoseconds; in 2001
UNREAD = Failure("/p/a.xmp", "damaged", None, 5, Stage.SIDECAR)

claims = st.dictionaries(st.sampled_from(DateSource), st.dates().map(lambda day: day.isoformat()))


def row(connection: sqlite3.Connection, photo_id: int = 1) -> tuple[str | None, str | None]:
    query = "SELECT taken_at, taken_from FROM photos WHERE id = ?"
    taken_at, taken_from = connection.execute(query, (photo_id,)).fetchone()
    return taken_at, taken_from


def write(
    connection: sqlite3.Connection,
    start: Start,
    path: str,
    exif: Exif,
    said: UserMetadata | None = None,
    unread: Failure | None = None,
    content: bytes = b"content",
    mtime_ns: int = CHANGED,
) -> None:
    """Write a photo whose metadata alone were read."""
    run, _ = start(connection)
    file = File(path, 7, mtime_ns, 1)
    failures = () if unread is None else (unread,)
    photo = Photo(file, "/p", None, None, None, exif, None, said, content, failures)
    write_batch(connection, run, None, [photo], [])


@given(claims)
def test_dates_are_stored_by_source_the_most_reliable_first(dates: dict[DateSource, str]) -> None:
    text = stored_dates(dates)
    assert read_dates(text) == dates
    assert list(json.loads(text)) == [source.value for source in DateSource if source in dates]


@pytest.mark.parametrize("text", [None, "", "[]", "{", '{"exif": 5, "x": "2019"}', "1" * 9999])
def test_damaged_dates_are_none(text: str | None) -> None:
    assert read_dates(text) == {}


@given(claims, st.integers(0, 4 * 10**18))
def test_a_photo_is_dated_by_the_rule(dates: dict[DateSource, str], mtime_ns: int) -> None:
    kept = read_dates(stored_dates(dates))
    path = "/2019/IMG_20190704_123456.jpg"
    assert when_taken(kept, path, mtime_ns) == when_taken(dates, path, mtime_ns)


def test_a_photo_may_have_no_date(library: sqlite3.Connection, start: Start) -> None:
    write(library, start, "/p/a.jpg", Exif(), mtime_ns=0)
    assert row(library) == (None, None)
    with library:
        move_photos(library, {1: ("/p", File("/p/2019/b.jpg", 7, 0, 1))})
    assert row(library) == ("2019", "folder")
    with library:
        copy_photo(library, 1, "/p", File("/p/c.jpg", 7, 0, 2))
        touch_photo(library, 1, "/p", File("/p/d.jpg", 7, 0, 1))
    assert row(library) == row(library, 2) == (None, None)


def test_a_new_name_is_a_new_date_if_nothing_better_is_known(
    library: sqlite3.Connection, start: Start
) -> None:
    write(library, start, "/p/a.jpg", Exif({DateSource.MODIFIED: "2023-01-01"}))
    write(library, start, "/p/b.jpg", Exif({DateSource.EXIF: "1999-09-09"}))
    assert (row(library), row(library, 2)) == (("2023-01-01", "modified"), ("1999-09-09", "exif"))
    named = "/p/2018/IMG_20190704_123456.jpg"
    with library:
        move_photos(library, {1: ("/p", File(named, 7, CHANGED, 1))})
        copy_photo(library, 2, "/p", File("/p/IMG_20200101.jpg", 7, CHANGED, 1))
    assert row(library) == ("2019-07-04T12:34:56", "name")
    assert row(library, 3) == ("1999-09-09", "exif")
    with library:
        move_photos(library, {1: ("/p", File("/p/2018/c.jpg", 7, CHANGED, 1))})
    assert row(library) == ("2018", "folder")
    add_roots(library, ["/p"])
    relocate(library, "/p/2018", "/p/2017-05 Rome")
    assert row(library) == ("2017-05", "folder")
    relocate(library, "/p/2017-05 Rome", "/p/Rome")
    assert row(library) == ("2023-01-01", "modified")


def test_a_sidecars_date_goes_before_exif_and_stays_while_it_cannot_be_read(
    library: sqlite3.Connection, start: Start
) -> None:
    exif = Exif({DateSource.EXIF: "2000-01-01T00:00:00"}, latitude=1.0, longitude=2.0)
    dates = {DateSource.SIDECAR: "2017-10-23", DateSource.DIGITISED: "2018"}
    write(library, start, "/p/a.jpg", exif, UserMetadata(position=(5.0, 6.0), dates=dates))
    places = "SELECT latitude, longitude FROM photos"
    assert row(library) == ("2017-10-23", "sidecar")
    assert library.execute(places).fetchone() == (5.0, 6.0)
    write(library, start, "/p/a.jpg", exif, unread=UNREAD)
    assert row(library) == ("2017-10-23", "sidecar")
    assert library.execute(places).fetchone() == (5.0, 6.0)
    (stored,) = library.execute("SELECT dates FROM photos").fetchone()
    assert read_dates(stored) == {**exif.dates, **dates}
    # Another file lies there now: of the old one's own dates nothing stays.
    write(library, start, "/p/a.jpg", Exif(), unread=UNREAD, content=b"other")
    (stored,) = library.execute("SELECT dates FROM photos").fetchone()
    assert read_dates(stored) == {DateSource.SIDECAR: "2017-10-23"}
    write(library, start, "/p/a.jpg", exif)  # the sidecar is gone
    assert row(library) == ("2000-01-01T00:00:00", "exif")
    assert library.execute(places).fetchone() == (1.0, 2.0)


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ("2019-07-04T12:34:56.12+02:00", "2019-07-04T12:34:56", True),  # worked on meanwhile
        ("2019-07-04T12:34:56", "2019-07-04T12:34:57", False),
        ("2019", "2019", False),  # too little to know
        (None, None, False),
    ],
)
def test_a_photo_in_the_place_of_one_that_was_gone_is_it_by_exif_whatever_the_sidecar_says(
    library: sqlite3.Connection,
    start: Start,
    before: str | None,
    after: str | None,
    is_same: bool,
) -> None:
    run, models = start(library)
    said = UserMetadata(dates={DateSource.SIDECAR: "1931"})
    for date, content in ((before, b"one"), (after, b"other")):
        exif = Exif({DateSource.EXIF: date} if date else {})
        file = File("/p/a.jpg", 7, CHANGED, 1)
        description = Description([Caption("a dog", -1.0, 2)])
        photo = Photo(file, "/p", "JPEG", 4, 3, exif, description, said, content)
        write_batch(library, run, models, [photo], [])
        if content == b"one":
            write_edit(library, "/p/a.jpg", "Rex")
            set_missing(library, ["/p/a.jpg"])
    count = library.execute("SELECT count(*) FROM photos").fetchone()
    assert count == (1 if is_same else 2,)


def test_metadata_alone_leave_what_is_known_of_the_picture(
    library: sqlite3.Connection, start: Start, photo: Callable[..., Photo]
) -> None:
    run, models = start(library)
    write_batch(library, run, models, [photo("/p/a.jpg", "a dog")], [])
    query = "SELECT format, width, height FROM photos"
    before = library.execute(query).fetchone()
    write(library, start, "/p/a.jpg", Exif(camera="Canon"))
    assert library.execute(query).fetchone() == before
    assert library.execute("SELECT camera, metadata_unread FROM photos").fetchone() == ("Canon", 0)
    assert library.execute("SELECT text FROM captions").fetchall() == [("a dog",)]


def test_another_rule_dates_all_photos_anew_without_a_file(
    library: sqlite3.Connection, start: Start
) -> None:
    paths = ["/p/IMG_20190704_123456.jpg", "/p/2018/a.jpg", "/p/b.jpg"]
    for path in paths:
        write(library, start, path, Exif({DateSource.MODIFIED: "2023"}))
    expected = [row(library, photo_id) for photo_id in (1, 2, 3)]
    assert [source for _, source in expected] == ["name", "folder", "modified"]
    assert (follow_rule(library), read_setting(library, "dates_rule")) == (0, RULE)
    with library:
        library.execute("UPDATE photos SET taken_at = '1900', taken_from = 'exif' WHERE id < 3")
    assert follow_rule(library) == 0  # the same rule
    write_setting(library, "dates_rule", "0")
    assert follow_rule(library) == 2
    assert [row(library, photo_id) for photo_id in (1, 2, 3)] == expected
    assert not any(map(os.path.exists, paths))


def test_a_photo_of_which_only_the_path_is_known_is_dated_by_it(
    library: sqlite3.Connection, start: Start
) -> None:
    run, _ = start(library)
    with library:
        query = "INSERT INTO photos (path, display, run_id) VALUES (?, ?, ?)"
        for path in (b"/p/2019/\xff.jpg", b"/p/\xff.jpg"):
            library.execute(query, (path, "?", run))
    assert follow_rule(library) == 1
    assert (row(library), row(library, 2)) == (("2019", "folder"), (None, None))


def test_many_photos_are_dated_anew_in_seconds(library: sqlite3.Connection, start: Start) -> None:
    run, _ = start(library)
    dates = stored_dates({DateSource.DIGITISED: "2019-07-04T12:00:00", DateSource.MODIFIED: "2023"})
    with library:
        query = """INSERT INTO photos (path, display, mtime_ns, dates, run_id)
                   VALUES (?, '', ?, ?, ?)"""
        named = (f"/p/{number // 500}/IMG_{number:06}.jpg".encode() for number in range(20_000))
        library.executemany(query, ((path, CHANGED, dates, run) for path in named))
    started = time.process_time()
    assert follow_rule(library) == 20_000
    assert time.process_time() - started < 5


@pytest.mark.parametrize("stored", ["'{bad'", "'[1]'", "CAST(x'7bff7d' AS TEXT)"])
def test_damaged_dates_stop_nothing(library: sqlite3.Connection, start: Start, stored: str) -> None:
    write(library, start, "/p/a.jpg", Exif(dates={DateSource.EXIF: "2001-02-03"}))
    library.execute(f"UPDATE photos SET dates = {stored}")
    write_setting(library, "dates_rule", None)
    follow_rule(library)
    assert row(library)[1] == "file"
    write(library, start, "/p/a.jpg", Exif(dates={DateSource.EXIF: "2001-02-03"}), unread=UNREAD)
    assert row(library) == ("2001-02-03", "exif")
