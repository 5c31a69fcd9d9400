"""A shelf: the photos of many rows, indexed in one run, and what is stored of them."""

from __future__ import annotations

import datetime
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from captioner.describe.description import Caption, Description
from photosearch.indexing.config import IndexOptions
from photosearch.indexing.run import index
from photosearch.search.query import Query
from photosearch.search.searcher import Searcher
from photosearch.store import database
from tests.fakes import FakeDescriber
from tests.metadata import exiftool
from tests.metadata.pictures import picture
from tests.metadata.row import GENERATED, MATCHERS, SUFFIXES, Content, Row

_LISTS = ("keywords", "people", "places", "notes")
_QUERY = """
    SELECT path, taken_at, taken_from, camera, lens, latitude, longitude, caption,
           caption_source AS source, coalesce(title, '') AS title, rating,
           coalesce(description, '') AS description, coalesce(alt_text, '') AS alt_text,
           coalesce(written.keywords, '') AS keywords, coalesce(written.people, '') AS people,
           coalesce(places, '') AS places, coalesce(written.notes, '') AS notes
    FROM photos JOIN (SELECT photo_id, caption, caption_source FROM search) AS searched
         ON searched.photo_id = photos.id
    LEFT JOIN user_metadata AS written ON written.photo_id = photos.id"""


def see(pixels: np.ndarray) -> Description:
    """See the same in every photo."""
    return Description([Caption(GENERATED, -1.0, 3)], [], b"vector")


@dataclass(frozen=True)
class Placed:
    """A row in a format, with its folder on the shelf."""

    row: Row
    kind: str  # a format of the table
    folder: Path
    number: int

    @property
    def photo(self) -> Path:
        """The path of the photo."""
        name = self.row.photo + (SUFFIXES[self.kind] if self.row.content is None else "")
        return self.folder / name

    def make(self) -> Iterator[tuple[Path, Sequence[str]]]:
        """Make the files, and yield what ExifTool is to write into them."""
        row, photo = self.row, self.photo
        photo.parent.mkdir(parents=True)
        is_embedded = self.kind != "sidecar"
        packet = None if row.xmp is None else _bytes(row.xmp)
        if row.content is not None:
            photo.write_bytes(_bytes(row.content))
        elif is_embedded:
            photo.write_bytes(picture(self.kind, self.number, packet))
        else:
            photo.write_bytes(picture("jpeg", self.number))
            if packet is not None:
                photo.with_suffix(".xmp").write_bytes(packet)
        for name, content in row.beside.items():
            path = self.folder / name.format(photo=photo.name, stem=photo.stem)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_bytes(content))
        if row.args:
            yield photo if is_embedded else photo.with_suffix(".xmp"), row.args

    def set_time(self) -> None:
        """Give the photo its file time; with ExifTool's writing, that would be now."""
        seconds = datetime.datetime.fromisoformat(self.row.mtime).timestamp()
        if self.photo.exists():
            os.utime(self.photo, (seconds, seconds))


class Shelf:
    """The rows of one kind, written, indexed and judged."""

    def __init__(self, rows: Sequence[Row], home: Path) -> None:
        photos = home / "shelf"
        pairs = [(row, kind) for row in rows for kind in row.formats]
        self.placed = {
            (row.name, kind): Placed(row, kind, photos / f"case{number}x", number)
            for number, (row, kind) in enumerate(pairs)
        }
        orders = [order for placed in self.placed.values() for order in placed.make()]
        self.judged = exiftool.is_here()
        self.complaints = exiftool.write(orders, home) if self.judged and orders else ""
        for placed in self.placed.values():
            placed.set_time()
        self._told = exiftool.read(photos) if self.judged else {}
        self._connection: sqlite3.Connection = database.open_for_writing(str(home / "library.db"))
        describer = FakeDescriber(see)
        options = IndexOptions(workers=0)
        index(self._connection, [str(photos)], lambda: describer, options, None, None)
        self._connection.row_factory = sqlite3.Row
        self._stored = {Path(os.fsdecode(each["path"])): each for each in self._rows()}
        self._searcher = Searcher(database.open_for_reading(str(home / "library.db")), lambda: None)

    def close(self) -> None:
        """Close the library."""
        self._connection.close()
        self._searcher.connection.close()

    def misread(self, placed: Placed) -> list[str]:
        """Return the tags that ExifTool reads otherwise than the row says."""
        tags = [each for path, each in self._told.items() if placed.folder in path.parents]
        return [
            f"{tag}: ExifTool reads {[each.get(tag) for each in tags]}, the row says {value!r}"
            for tag, value in placed.row.judge.items()
            if not exiftool.says(tags, tag, value)
        ]

    def wrong(self, placed: Placed) -> list[str]:
        """Return the fields that aren't stored as they should be."""
        wrong = []
        for field, want in placed.row.wanted.items():
            if field == "in_time":
                assert isinstance(want, tuple)
                want = tuple(name.format(photo=placed.photo.name) for name in want)
            got = self._got(placed, field, want)
            if not _fits(field, want, got):
                wrong.append(f"{field}: got {got!r}, want {want!r}")
        return wrong

    def _rows(self) -> list[sqlite3.Row]:
        return self._connection.execute(_QUERY).fetchall()

    def _got(self, placed: Placed, field: str, want: object) -> object:
        """Return a field of what is stored, in the form in which rows have it."""
        if field == "listed":
            inside = [path for path in self._stored if placed.folder in path.parents]
            return tuple(sorted(str(path.relative_to(placed.folder)) for path in inside))
        if field == "errors":
            return self._errors(placed.folder)
        if field == "in_time":
            return self._in_time(placed.folder)
        if field in ("found", "lost"):
            assert isinstance(want, tuple)
            return tuple(query for query in want if self._finds(query, placed.photo))
        stored = self._stored.get(placed.photo)
        if stored is None:
            return f"not in the library: {self._errors(placed.folder)}"
        if field == "position":
            position = stored["latitude"], stored["longitude"]
            return None if position == (None, None) else position
        value = stored[field]
        return tuple(value.splitlines()) if field in _LISTS else value

    def _in_time(self, folder: Path) -> tuple[str, ...]:
        """Return the names of a folder's photos, in the order of their dates."""
        inside = [path for path in self._stored if folder in path.parents]
        return tuple(
            path.name for path in sorted(inside, key=lambda path: self._stored[path]["taken_at"])
        )

    def _errors(self, folder: Path) -> str:
        query = "SELECT path, reason FROM failures ORDER BY path"
        found = [(os.fsdecode(path), reason) for path, reason in self._connection.execute(query)]
        return "\n".join(reason for path, reason in found if folder in Path(path).parents)

    def _finds(self, query: str, photo: Path) -> bool:
        hits = self._searcher.find(Query(query, limit=None))
        return any(result.path == str(photo) for result in hits)


def _fits(field: str, want: object, got: object) -> bool:
    """Return whether a stored value is right; the order of keywords, people and notes is free."""
    if isinstance(want, MATCHERS):
        return want.fits(got)
    if field == "lost":
        return got == ()
    if field in ("keywords", "people", "notes") and isinstance(want, tuple):
        return isinstance(got, tuple) and sorted(got) == sorted(want)
    return got == want


def _bytes(content: Content) -> bytes:
    if isinstance(content, str):
        return content.encode()
    return content if isinstance(content, bytes) else content()
