"""Google Takeout's JSON files: what people wrote about their photos in Google Photos.

Google documents no format: these are the fields that exports have had since 2019. `title` is the
file's name, so it is no title. `favorited` is no rating: people gave no stars.
"""

from __future__ import annotations

import datetime
import html
import json
import math
import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any

from photosearch.files.names import is_photo_name
from photosearch.photo.dates import DateSource, iso_date
from photosearch.photo.user_metadata import NOTHING, UserMetadata, cleaned

MAX_BYTES = 1 << 20
"""Longer files are not read."""

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)

# Takeout's files have at least one of these objects.
_OBJECTS = ("photoTakenTime", "creationTime", "photoLastModifiedTime", "geoData", "geoDataExif")

# Local time differs from UTC by whole quarters of an hour, from 12 hours less to 14 hours more.
_QUARTER = 900  # seconds
_WEST, _EAST = -12 * 3600, 14 * 3600
_ROUNDED = 2  # seconds: cameras and Google round fractions in different ways

# The sources that know local time, the most reliable first.
_LOCAL = (DateSource.EXIF, DateSource.CREATED, DateSource.NAME)


def read_sidecar(path: str) -> tuple[UserMetadata, str]:
    """Read a JSON file of Takeout; of another program's JSON file the result is empty.

    The date is UTC: see `local_dates`.

    Returns:
        What the file says, and an empty text: its damage, because JSON is whole or unreadable.

    Raises:
        OSError: the file can't be opened or read.
        ValueError: the file is no JSON, or longer than `MAX_BYTES`; the text is for people.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):  # opening a FIFO would wait for a writer
        raise ValueError("not a regular file")
    with open(path, "rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise ValueError("it has more than a megabyte")
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is no JSON, or damaged") from error
    return _metadata(said) if isinstance(said, dict) and _is_takeout(said) else NOTHING, ""


def local_dates(
    dates: Mapping[DateSource, str], others: Mapping[DateSource, str]
) -> Mapping[DateSource, str]:
    """Return Takeout's dates in local time, if the photo's file knows it.

    People remember the local day. Takeout tells UTC, without the place's offset: a photo of New
    Year's Eve in New York has next year's date there. So if the file has a date that is the same
    moment in some zone's local time, it counts. If EXIF has it, Takeout's date is left out. If no
    date agrees, a person has corrected the date in Google Photos, and Takeout's date counts.

    Args:
        dates: of Takeout.
        others: of the file and of its name, by source.
    """
    utc = dates.get(DateSource.SIDECAR)
    if utc is None:
        return dates
    for source in _LOCAL:
        local = others.get(source)
        if local is not None and _is_same_moment(local, utc):
            agreed = {**dates, DateSource.SIDECAR: local}
            if source is DateSource.EXIF:
                del agreed[DateSource.SIDECAR]
            return agreed
    return dates


def _is_same_moment(local: str, utc: str) -> bool:
    """Return whether a local time is a moment given in UTC, in any zone's time; both ISO 8601."""
    if "T" not in local:
        return False
    try:
        moment = datetime.datetime.fromisoformat(local).replace(tzinfo=datetime.UTC)
    except ValueError:
        return False
    seconds = (moment - datetime.datetime.fromisoformat(utc)).total_seconds()
    rest = abs(seconds - _QUARTER * round(seconds / _QUARTER))
    return _WEST - _ROUNDED <= seconds <= _EAST + _ROUNDED and rest <= _ROUNDED


def _is_takeout(said: dict[str, Any]) -> bool:
    title = said.get("title")
    is_named = isinstance(title, str) and is_photo_name(title)
    return is_named or any(isinstance(said.get(name), dict) for name in _OBJECTS)


def _metadata(said: dict[str, Any]) -> UserMetadata:
    taken = _date(_object(said, "photoTakenTime").get("timestamp"))
    positions = (_position(_object(said, name)) for name in ("geoData", "geoDataExif"))
    return cleaned(
        UserMetadata(
            description=_text(said.get("description")),
            people=tuple(_texts(said, "people", "name")),
            notes=tuple(_texts(said, "comments", "text")),
            position=next((position for position in positions if position), None),
            dates={DateSource.SIDECAR: taken} if taken else {},
        )
    )


def _object(said: dict[str, Any], name: str) -> dict[str, Any]:
    value = said.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """Return a text; some exports have it as in HTML: Tom &amp; Ann."""
    return html.unescape(value) if isinstance(value, str) else ""


def _texts(said: dict[str, Any], name: str, key: str) -> Iterator[str]:
    """Yield a text of each object in a list."""
    values = said.get(name)
    for value in values if isinstance(values, list) else ():
        if isinstance(value, dict):
            yield _text(value.get(key))


def _date(timestamp: object) -> str | None:
    """Return seconds since 1970, a number or its digits, as ISO 8601; 0 is no date."""
    if not isinstance(timestamp, str | int) or isinstance(timestamp, bool):
        return None
    try:
        seconds = int(timestamp)
        moment = _EPOCH + datetime.timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return None
    return iso_date(moment.isoformat()) if seconds else None


def _position(place: dict[str, Any]) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees; both 0: nobody knows the place."""
    try:
        latitude, longitude = float(place["latitude"]), float(place["longitude"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    is_there = math.isfinite(latitude) and abs(latitude) <= 90 and abs(longitude) <= 180
    return (latitude, longitude) if is_there and (latitude or longitude) else None
