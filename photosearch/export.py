"""Export: alt text and metadata as a CSV file."""

from __future__ import annotations

import contextlib
import csv
import itertools
import json
import os
import re
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from photosearch.errors import UsageError
from photosearch.files.names import is_photo_name
from photosearch.store.database import ENDINGS
from photosearch.store.search_rows import CaptionSource
from photosearch.text import display
from photosearch.wording import PERHAPS, Confidence, wording

COLUMNS = (
    "path", "filename", "alt_text", "caption", "confidence", "taken_at", "camera",
    "latitude", "longitude", "place", "width", "height", "model",
    "title", "keywords", "rating", "taken_from", "people", "notes",
)  # fmt: skip

_QUERY = """
    SELECT photos.path, search.caption, search.caption_source, captions.text AS generated,
           captions.confidence, captions.word_confidences, models.name AS model,
           (SELECT json_group_array(text) FROM (
                SELECT text FROM tags WHERE photo_id = photos.id AND shown ORDER BY rank)) AS tags,
           photos.taken_at, photos.taken_from, photos.camera, photos.latitude, photos.longitude,
           search.place, photos.width, photos.height, user_metadata.title, user_metadata.keywords,
           user_metadata.rating, user_metadata.people, user_metadata.notes
    FROM search JOIN photos ON photos.id = search.photo_id
    JOIN captions ON captions.photo_id = photos.id AND captions.rank = 0
    JOIN models ON models.id = captions.model_id
    LEFT JOIN user_metadata ON user_metadata.photo_id = photos.id"""
# A caption from these sources describes the photo. A title may not: "Summer 1999".
_DESCRIBING = (CaptionSource.EDIT, CaptionSource.ALT_TEXT, CaptionSource.DESCRIPTION)

# Left out, because a screen reader says "image" by itself; a doubt before it stays.
_OPENING = re.compile(
    rf"^(?P<doubt>{PERHAPS})?(?:(?:an?|the)? *(?:close ?up |black and white )*"
    r"(?:image|photo|photograph|picture)s? (?:of|showing) +)+",
    re.IGNORECASE,
)


def refuse_target(file: str, library: str) -> None:
    """Refuse to write a CSV over a photo or the library's files.

    Raises:
        UsageError: the name is a photo's, or the file is one of the library's.
    """
    target = os.path.realpath(file)
    library_files = [os.path.realpath(library) + ending for ending in ENDINGS]
    if target in library_files or is_photo_name(target):
        raise UsageError(f"{file} is a photo or the library: name a CSV file")


def alt_text(caption: str) -> str:
    """Return a caption as a sentence: capital, full stop, no "image of"."""
    text = _OPENING.sub(r"\g<doubt>", caption.strip()).strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


def defuse(text: str) -> str:
    """Return text that a spreadsheet doesn't run as a formula.

    A text that starts like a formula, or with an apostrophe, gets an apostrophe in front. So
    the text comes back if one leading apostrophe is taken away.
    """
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "'")) else text


def export(
    connection: sqlite3.Connection,
    file: str,
    photos: Sequence[str] | None = None,
    limit: int | None = None,
    gps: bool = True,
) -> int:
    """Write a CSV file (RFC 4180, UTF-8) of the photos that are not missing.

    The file appears whole or not at all: a temporary file beside it is written and then renamed.

    Args:
        connection: to a library.
        file: the file to write; "-" is standard output.
        photos: paths, in this order; None: all photos, in the order of paths.
        limit: photos at most.
        gps: write coordinates and place.

    Returns:
        How many photos were written.

    Raises:
        OSError: the file can't be written.
    """
    rows = _rows(connection, photos, limit, gps)
    if file == "-":
        sys.stdout.flush()
        with open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False) as out:
            return _write(out, rows)
    file = os.path.realpath(file)  # so a link stays a link: its target is replaced
    if os.path.exists(file) and not os.path.isfile(file) and not os.path.isdir(file):
        # A pipe or a device is written to; it must not be replaced by a file.
        with open(file, "w", encoding="utf-8", newline="") as out:
            return _write(out, rows)
    with _whole_file(file) as out:
        return _write(out, rows)


def _write(out: IO[str], rows: Iterable[Sequence[object]]) -> int:
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    count = 0
    for row in rows:
        writer.writerow([defuse(cell) if isinstance(cell, str) else cell for cell in row])
        count += 1
    return count


def _rows(
    connection: sqlite3.Connection, photos: Sequence[str] | None, limit: int | None, gps: bool
) -> Iterator[list[object]]:
    """Yield the cells of each photo, in the order of `COLUMNS`."""
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    if photos is None:
        limited = f"{_QUERY} ORDER BY photos.path LIMIT ?"
        found: Iterable[sqlite3.Row] = cursor.execute(limited, (-1 if limit is None else limit,))
    else:
        single = f"{_QUERY} WHERE photos.path = ?"
        rows = (cursor.execute(single, (os.fsencode(path),)).fetchone() for path in photos)
        found = itertools.islice((row for row in rows if row is not None), limit)
    for row in found:
        cells = _cells(row, gps)
        yield [cells[column] for column in COLUMNS]


def _cells(row: sqlite3.Row, gps: bool) -> dict[str, object]:
    """Return the values of a photo's row, by column."""
    path = display(os.fsdecode(row["path"]))
    generated = row["caption_source"] == CaptionSource.GENERATED
    confidence = Confidence.read(row["confidence"], row["word_confidences"])
    # A person's words are not changed.
    describes = row["caption_source"] in _DESCRIBING
    said = wording(row["generated"], confidence, json.loads(row["tags"]))
    taken_over = (
        "taken_at", "taken_from", "camera", "width", "height", "title", "rating",
    )  # fmt: skip
    return {
        **{name: row[name] for name in taken_over},
        **{name: row[name] if gps else None for name in ("latitude", "longitude")},
        **{name: _list(row[name]) for name in ("keywords", "people", "notes")},
        "place": _list(row["place"]) if gps else None,
        "path": path,
        "filename": os.path.basename(path),
        "alt_text": row["caption"] if describes else alt_text(said),
        "caption": row["caption"],
        "confidence": confidence.caption if generated and confidence else None,
        "model": row["model"] if generated else None,
    }


def _list(lines: str | None) -> str | None:
    """Return lines as one cell: people know the semicolon from Windows' keywords."""
    return (lines or "").replace("\n", "; ") or None


@contextlib.contextmanager
def _whole_file(file: str) -> Iterator[IO[str]]:
    """Open a temporary file that takes the place of `file` when it is written whole."""
    folder = os.path.dirname(os.path.abspath(file))
    number, temporary = tempfile.mkstemp(".tmp", ".photosearch-", folder)
    try:
        with open(number, "w", encoding="utf-8", newline="") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        with contextlib.suppress(OSError):
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(temporary, 0o666 & ~mask)  # mkstemp lets only the owner read
        os.replace(temporary, file)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
